import { CHUNK_SIZE, pickPlaces, withPlaces, type Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, type Flow, type Operator } from '../flow/flow.js';
import { requireFunction } from '../core/check-options.js';

/**
 * Turns each record into any number of others, e.g. a person's list of groups into memberships. The results keep
 * the place of the record they come from.
 *
 * @throws {@link OptionsError} at once when `fn` is no function.
 */
export function flatMap<A, B>(fn: (record: A, index: number) => Iterable<B>): Operator<A, B> {
  requireFunction('fn', fn);
  return (source) => flowOf(() => flattened(source, fn), contextOf(source));
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
        // One record may become very many: its results go on in chunks of their own.
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
