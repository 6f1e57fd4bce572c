/**
 * What became of the rows of a block: for each its fingerprint (16 bytes), the slot of it or -1, where the row ends, and its
 * first line.
 */

import { find } from './table';

const ROW_BYTES: usize = 32;

let out: usize = 0;
let count: u32 = 0;
/** Bytes of whole rows. */
let consumed: u32 = 0;
/** What follows is no row that can be told here. */
let stopped: bool = false;
/** The line on which the next row begins. */
let line: u32 = 0;

export function startRows(at: usize, firstLine: u32): void {
  out = at;
  count = 0;
  consumed = 0;
  stopped = false;
  line = firstLine;
}

/** The place of the next row, at which its fingerprint stands first. */
export function nextRow(): usize {
  return out + <usize>count * ROW_BYTES;
}

export function addRow(hasFingerprint: bool, end: u32, lineFeeds: u32): void {
  const row = nextRow();
  store<i32>(row, hasFingerprint ? 0 : -1, 16);
  store<u32>(row, end, 20);
  store<u32>(row, line, 24);
  count++;
  consumed = end;
  line += lineFeeds;
}

/**
 * Looks up the rows that have a fingerprint. All at once, when the block is read: each look-up waits for memory, and
 * behind one another, with nothing else between, several wait at the same time.
 */
export function findRows(): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = out + <usize>i * ROW_BYTES;
    if (load<i32>(row, 16) === 0) store<i32>(row, find(row), 16);
  }
}

export function stopRows(): void {
  stopped = true;
}

export function rowCount(): u32 {
  return count;
}

export function rowsConsumed(): u32 {
  return consumed;
}

export function rowsStopped(): bool {
  return stopped;
}

export function nextLine(): u32 {
  return line;
}
