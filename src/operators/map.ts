import { placesOf, withPlaces } from '../chunk.js';
import { SourceError } from '../errors.js';
import { contextOf, flowOf, type Flow, type Operator } from '../flow.js';
import { requireFunction } from '../options.js';

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
  return (source) => flowOf(() => mapped(source, fn), contextOf(source));
}

async function* mapped<A, B>(
  source: Flow<A>,
  fn: (record: A, index: number) => B | Promise<B>,
): AsyncGenerator<readonly B[], void, undefined> {
  let index = 0;
  for await (const chunk of source.chunks()) {
    const places = placesOf(chunk);
    const results = new Array<B>(chunk.length);
    for (let i = 0; i < chunk.length; i++) {
      const result = fn(chunk[i] as A, index++);
      // Awaiting only what is a promise keeps synchronous functions at the cost of the call.
      const value = isPromise(result) ? await result : result;
      if (value === undefined || value === null) {
        throw new SourceError(
          `map answered ${String(value)} for record ${index}; use filter to leave a record out`,
          {
            file: places?.file,
            line: places?.lines?.[i],
          },
        );
      }
      results[i] = value;
    }
    yield withPlaces(results, places);
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
