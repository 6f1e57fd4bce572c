import { pickPlaces, placesOf, withPlaces } from '../flow/chunk.js';
import { SourceError } from '../core/errors.js';
import { contextOf, flowOf, type Operator } from '../flow/flow.js';
import { requireFunction } from '../core/check-options.js';
import { mappingOf, screenedOf, withScreened, type OpenScreened } from '../screening/screening.js';

/**
 * Turns each record into another. The function may answer a promise; records keep their order.
 *
 * A record leaves a flow only by a stage that says so: a function that answers `undefined` or `null` ends the run.
 * Use {@link filter} to leave records out.
 *
 * @example
 * map((row) => ({ externalId: row.employee_id, profile: { userName: row.email, email: row.email } }))
 * @throws {@link OptionsError} at once when `fn` is no function; {@link SourceError} while reading when it answers nothing.
 */
export function map<A, B>(fn: (record: A, index: number) => B | Promise<B>): Operator<A, B> {
  requireFunction('fn', fn);
  return (source) => {
    const mapping = mappingOf(fn);
    const open = screenedOf<A>(source);
    const screened: OpenScreened<B> = (request) => {
      // Of two functions, one after the other, no mapping is declared.
      if (mapping === undefined || request.mapping !== undefined) return undefined;
      const rows = open?.({ ...request, mapping });
      return rows && mapped(rows, fn);
    };
    return withScreened(
      flowOf(() => mapped(source.chunks(), fn), contextOf(source)),
      open && screened,
    );
  };
}

async function* mapped<A, B>(
  chunks: AsyncIterable<readonly A[]>,
  fn: (record: A, index: number) => B | Promise<B>,
): AsyncGenerator<readonly B[], void, undefined> {
  let index = 0;
  for await (const chunk of chunks) {
    const places = placesOf(chunk);
    const results: B[] = [];
    let failure: { readonly error: unknown } | undefined;
    try {
      for (let i = 0; i < chunk.length; i++) {
        const at = (places?.positions?.[i] ?? ++index) - 1;
        const result = fn(chunk[i] as A, at);
        // Awaiting only what is a promise keeps synchronous functions at the cost of the call.
        const value = isPromise(result) ? await result : result;
        if (value === undefined || value === null) {
          throw new SourceError(
            `the function of map returned ${String(value)} for record ${at + 1}; use filter to leave a record out`,
            {
              file: places?.file,
              line: places?.lines?.[i],
            },
          );
        }
        results.push(value);
      }
    } catch (error) {
      failure = { error };
    }
    // What came before a failure is handed on first, whatever the chunks.
    if (failure === undefined) yield withPlaces(results, places);
    else {
      if (results.length > 0) yield withPlaces(results, pickPlaces(places, Array.from(results.keys())));
      throw failure.error;
    }
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
