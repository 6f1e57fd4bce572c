import type { Change } from '../../core/model.js';

const SIZES = Symbol('entry sizes');

/**
 * Attaches to a chunk of changes the bytes that each takes in a request, its comma included, and returns the chunk. Text is
 * measured once, when it enters the outbox: to measure it again costs as much as to pack it.
 */
export function withEntrySizes(chunk: Change[], sizes: readonly number[]): Change[] {
  (chunk as { [SIZES]?: readonly number[] })[SIZES] = sizes;
  return chunk;
}

/** What {@link withEntrySizes} attached. A chunk that some other stage made has none. */
export function entrySizesOf(chunk: readonly Change[]): readonly number[] | undefined {
  return (chunk as { readonly [SIZES]?: readonly number[] })[SIZES];
}

/** Bytes of a change in a request, with the comma that separates it; of a membership, without its group's frame. */
export function entryBytes(change: Change): number {
  return Buffer.byteLength(change.item) + 1;
}
