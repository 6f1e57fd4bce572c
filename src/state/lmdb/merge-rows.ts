import { RowBlock } from './row-block.js';

/** The current row of a key. Its value is undefined if the row was removed. */
export interface ChangedRow {
  readonly key: Buffer;
  readonly value: Buffer | undefined;
}

/**
 * Merges changed rows into blocks. Both are in the order of the bytes of their keys, without duplicates.
 *
 * @param merged - an empty block, which is emitted with some of the merged rows each time
 */
export function* mergeRows(
  blocks: Iterable<RowBlock>,
  changes: readonly ChangedRow[],
  merged: RowBlock,
): Generator<RowBlock, void, undefined> {
  let at = 0;
  for (const block of blocks) {
    const last = block.count - 1;
    let row = 0;
    // Keys after the last one of the block belong to a later block.
    for (; at < changes.length; at++) {
      const { key, value } = changes[at] as ChangedRow;
      if (block.compareKey(key, last) > 0) break;
      const place = firstFrom(block, row, key);
      yield* copyRows(merged, block, row, place);
      row = block.compareKey(key, place) === 0 ? place + 1 : place;
      yield* addRow(merged, key, value);
    }
    yield* copyRows(merged, block, row, block.count);
  }
  for (; at < changes.length; at++) {
    const { key, value } = changes[at] as ChangedRow;
    yield* addRow(merged, key, value);
  }
  if (merged.count > 0) yield merged;
}

function* addRow(
  merged: RowBlock,
  key: Buffer,
  value: Buffer | undefined,
): Generator<RowBlock, void, undefined> {
  if (value === undefined) return;
  merged.add(key, value);
  yield* emitFull(merged);
}

function* copyRows(
  merged: RowBlock,
  block: RowBlock,
  start: number,
  end: number,
): Generator<RowBlock, void, undefined> {
  for (let row = start; row < end;) {
    row += merged.addRows(block, row, end);
    yield* emitFull(merged);
  }
}

/** Emits the block if it is full, then clears it. */
function* emitFull(merged: RowBlock): Generator<RowBlock, void, undefined> {
  if (!merged.isFull) return;
  yield merged;
  merged.clear();
}

/** The first row from `start` on whose key is not before `key`. The key of the last row must not be before it. */
function firstFrom(block: RowBlock, start: number, key: Buffer): number {
  let low = start;
  let high = block.count - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (block.compareKey(key, middle) > 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
