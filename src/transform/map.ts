import { pickPlaces, withPlaces, type Chunk } from '../flow/chunk.js';
import { SourceError } from '../core/errors.js';
import type { Chunks, Operator } from '../flow/flow.js';
import { requireFunction } from '../core/check-options.js';
import { mappingOf, type MappingOf } from '../core/declared-mapping.js';
import { stageOf, type ScreenRequest } from '../screening/screening.js';
import { withoutStages } from '../flow/stage-order.js';

/**
 * Maps each record to another one. The function may return a promise; records keep their order.
 *
 * A function that returns `undefined` or `null` fails the run, so that no record disappears by mistake. Use {@link filter}
 * to leave records out.
 *
 * @example
 * const users = pipe(
 *   fromCsv('people.csv'),
 *   map((row) => ({ externalId: row.id!, profile: { userName: row.mail!, email: row.mail! } })),
 * );
 * @throws {@link OptionsError} at once if `fn` is not a function; {@link SourceError} while reading if it returns
 * `undefined` or `null`.
 */
export function map<A, B>(fn: (record: A, index: number) => B | Promise<B>): Operator<A, B> {
  requireFunction('fn', fn);
  const mapping = mappingOf(fn);
  return withoutStages((source) => stageOf(source, (chunks) => mapped(chunks, fn), addMapping(mapping)));
}

/** Adds a declared mapping to a request. Two mappings after each other cannot be declared. */
export function addMapping(mapping: MappingOf | undefined) {
  return (request: ScreenRequest): ScreenRequest | undefined =>
    mapping === undefined || request.mapping !== undefined ? undefined : { ...request, mapping };
}

async function* mapped<A, B>(
  chunks: Chunks<A>,
  fn: (record: A, index: number) => B | Promise<B>,
): AsyncGenerator<Chunk<B>, void, undefined> {
  let index = 0;
  for await (const chunk of chunks) {
    const places = chunk.places;
    const results: B[] = [];
    let failure: { readonly error: unknown } | undefined;
    try {
      for (let i = 0; i < chunk.length; i++) {
        const at = (places?.positions?.[i] ?? ++index) - 1;
        const result = fn(chunk[i] as A, at);
        // Await only promises, so that a synchronous function costs only its call.
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
    // Yield the records before the failure first.
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
