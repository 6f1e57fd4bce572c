import { CHUNK_SIZE, pickPlaces, withPlaces, type Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, type Flow, type Operator } from '../flow/flow.js';
import { requireFunction } from '../core/check-options.js';
import { withoutStages } from '../flow/stage-order.js';

/**
 * Maps each record to any number of others, e.g. the list of groups of a person to memberships. The results have the place
 * of the original record.
 *
 * @throws {@link OptionsError} at once if `fn` is not a function.
 */
export function flatMap<A, B>(fn: (record: A, index: number) => Iterable<B>): Operator<A, B> {
  requireFunction('fn', fn);
  return withoutStages((source) => flowOf(() => flattened(source, fn), contextOf(source)));
}

async function* flattened<A, B>(
  source: Flow<A>,
  fn: (record: A, index: number) => Iterable<B>,
): AsyncGenerator<Chunk<B>, void, undefined> {
  let index = 0;
  for await (const chunk of source.chunks()) {
    const places = chunk.places;
    let results: B[] = [];
    let positions: number[] = [];
    for (let i = 0; i < chunk.length; i++) {
      for (const result of fn(chunk[i] as A, index)) {
        results.push(result);
        positions.push(i);
        // One record may have very many results, which are then passed on in several chunks.
        if (results.length === CHUNK_SIZE) {
          yield withPlaces(results, pickPlaces(places, positions));
          results = [];
          positions = [];
        }
      }
      index++;
    }
    if (results.length > 0) yield withPlaces(results, pickPlaces(places, positions));
  }
}
