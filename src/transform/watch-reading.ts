import type { Chunk } from '../flow/chunk.js';
import type { Chunks, Flow } from '../flow/flow.js';
import { untilAborted } from '../flow/until-aborted.js';
import { stageOf } from '../screening/screening.js';

/**
 * The same flow, which ends if the signal is aborted.
 * @param onRead - called with the number of records that were read, including unchanged rows that a screen left out
 */
export function watchReading<T>(
  onRead: (records: number) => void,
  signal: AbortSignal | undefined,
): (source: Flow<T>) => Flow<T> {
  return (source) =>
    stageOf(
      source,
      (chunks) => watched(chunks, onRead, signal),
      (request) => ({ ...request, onUnchanged: [...request.onUnchanged, onRead] }),
    );
}

async function* watched<T>(
  chunks: Chunks<T>,
  onRead: (records: number) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<Chunk<T>, void, undefined> {
  for await (const chunk of untilAborted(chunks, signal)) {
    onRead(chunk.length);
    yield chunk;
  }
}
