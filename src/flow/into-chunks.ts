import { CHUNK_SIZE, withoutPlaces, type Chunk } from './chunk.js';

/** Reads an iterator in chunks. An early exit closes it; an iterator that ended or failed has already closed itself. */
export async function* intoChunks<T>(iterator: AsyncIterator<T>): AsyncGenerator<Chunk<T>, void, undefined> {
  let open = true;
  try {
    while (open) {
      const chunk: T[] = [];
      const end = await fill(chunk, iterator);
      if (end !== undefined) open = false;
      // Yield the records before the failure first, as if they were read one by one.
      if (chunk.length > 0) yield withoutPlaces(chunk);
      if (end?.failure !== undefined) throw end.failure.error;
    }
  } finally {
    if (open) await iterator.return?.();
  }
}

/** The end of an iterator. */
interface End {
  readonly failure: { readonly error: unknown } | undefined;
}

/**
 * Fills a chunk. Returns the end of the source, or undefined if it has not ended. Records are read one after the other, like
 * with `await` in a loop, but at half the cost, because no function is suspended and resumed.
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
        // The value is not an iterator result.
        fail(error);
        return;
      }
      if (chunk.length === CHUNK_SIZE) resolve(undefined);
      else pull();
    };
    const pull = () => {
      try {
        // Some iterators return a result without a promise.
        Promise.resolve(iterator.next()).then(receive, fail);
      } catch (error) {
        fail(error);
      }
    };
    pull();
  });
}
