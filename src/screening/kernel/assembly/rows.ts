/**
 * What is said of the rows of a block, for `digested-rows.ts` to read: four words (see `endRows`), then for each row its digest
 * of 16 bytes, then for each where it ends, then for each the line feeds before it. There is room for as many rows as
 * `most` says.
 */

const HEAD_BYTES: usize = 16;
const DIGEST_BYTES: usize = 16;

let head: usize = 0;
let digests: usize = 0;
let ends: usize = 0;
let lines: usize = 0;
let count: u32 = 0;
/** Bytes of whole rows. */
let consumed: u32 = 0;
/** Line feeds of whole rows. */
let line: u32 = 0;

export function startRows(out: usize, most: u32): void {
  head = out;
  digests = out + HEAD_BYTES;
  ends = digests + <usize>most * DIGEST_BYTES;
  lines = ends + ((<usize>most) << 2);
  count = 0;
  consumed = 0;
  line = 0;
}

/** Where the digest of the next row is to be put. */
export function nextDigest(): usize {
  return digests + <usize>count * DIGEST_BYTES;
}

/** A row without a digest gets zeros, which no table holds: it is read as ever. */
export function addRow(hasDigest: bool, end: u32, lineFeeds: u32): void {
  if (!hasDigest) v128.store(nextDigest(), i64x2.splat(0));
  store<u32>(ends + ((<usize>count) << 2), end);
  store<u32>(lines + ((<usize>count) << 2), line);
  count++;
  consumed = end;
  line += lineFeeds;
}

/** @param stopped - what follows is no row that can be read here */
export function endRows(stopped: bool): void {
  store<u32>(head, count);
  store<u32>(head, consumed, 4);
  store<u32>(head, stopped ? 1 : 0, 8);
  store<u32>(head, line, 12);
}
