import type { Chunk } from '../flow/chunk.js';
import { contextOf, flowOf, type Chunks, type Flow } from '../flow/flow.js';
import { screenedOf, type OpenScreened } from '../screening/screening.js';

/** Sees the rows of one read of a source. */
export interface RowWatcher<T> {
  /** Rows that were read. */
  onRows(rows: readonly T[]): void;
  /** Rows that were left out, because they are certainly unchanged. */
  onUnchanged(rows: number): void;
  /** The end of the source. An error that it throws fails the read. */
  onEnd(): void;
}

/** The same rows, with a watcher for each read. */
export function watchRows<T>(rows: Flow<T>, watch: () => RowWatcher<T>): Flow<T> {
  const open = screenedOf(rows);
  const openScreened: OpenScreened<T> = (request) => {
    const watcher = watch();
    const onUnchanged = [...request.onUnchanged, (count: number) => watcher.onUnchanged(count)];
    const chunks = open?.({ ...request, onUnchanged });
    return chunks && watched(chunks, watcher);
  };
  return flowOf(() => watched(rows.chunks(), watch()), contextOf(rows), open && openScreened);
}

async function* watched<T>(
  chunks: Chunks<T>,
  watcher: RowWatcher<T>,
): AsyncGenerator<Chunk<T>, void, undefined> {
  for await (const chunk of chunks) {
    watcher.onRows(chunk);
    yield chunk;
  }
  watcher.onEnd();
}
