import { CHUNK_SIZE, withoutPlaces, type Chunk } from './chunk.js';

/** The records of an iterator in chunks. An early exit closes it; one that ended or failed has closed itself. */
export async function* intoChunks<T>(iterator: AsyncIterator<T>): AsyncGenerator<Chunk<T>, void, undefined> {
  let open = true;
  try {
    while (open) {
      const chunk: T[] = [];
      const end = await fill(chunk, iterator);
      if (end !== undefined) open = false;
      // What came before a failure is passed on first, as it would be record by record.
      if (chunk.length > 0) yield withoutPlaces(chunk);
      if (end?.failure !== undefined) throw end.failure.error;
    }
  } finally {
    if (open) await iterator.return?.();
  }
}

/** Why a chunk is the last. */
interface End {
  readonly failure: { readonly error: unknown } | undefined;
}

/**
 * Fills a chunk; answers how the source ended, or undefined while it has not. Records are asked for one after the other, as
 * `await` in a loop would, and each costs half of that: no function is suspended and resumed for it.
 */
function fill<T>(chunk: T[], iterator: AsyncIterator<T>): Promise<End | undefined> {
  return new Promise((resolve) => {
    const fail = (error: unknown) => resolve({ failure: { error } });
    const receive = (step: IteratorResult<T, unknown>) => {
      try {
        if (step.done === true) {
          resolve({ failure: undefined });
          return;
        }
        chunk.push(step.value);
      } catch (error) {
        // What is no result of an iterator at all.
        fail(error);
        return;
      }
      if (chunk.length === CHUNK_SIZE) resolve(undefined);
      else pull();
    };
    const pull = () => {
      try {
        // A promise stays what it is; some iterators answer without one.
        Promise.resolve(iterator.next()).then(receive, fail);
      } catch (error) {
        fail(error);
      }
    };
    pull();
  });
}
