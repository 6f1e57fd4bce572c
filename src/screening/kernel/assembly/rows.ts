/**
 * Writes the result for a block, which `digested-rows.ts` reads: four words (see `endRows`), then the digests of all rows (16
 * bytes each), then the ends of all rows, then for all rows the number of line feeds before them. Each part has room for
 * `most` rows.
 */

const HEAD_BYTES: usize = 16;
const DIGEST_BYTES: usize = 16;

let head: usize = 0;
let digests: usize = 0;
let ends: usize = 0;
let lines: usize = 0;
let count: u32 = 0;
/** Bytes of the rows added so far. */
let consumed: u32 = 0;
/** Line feeds of the rows added so far. */
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

/** The address for the digest of the next row. */
export function nextDigest(): usize {
  return digests + <usize>count * DIGEST_BYTES;
}

/** Adds a row. Without a digest it gets zeros, which no table contains, so that the row is parsed as usual. */
export function addRow(hasDigest: bool, end: u32, lineFeeds: u32): void {
  if (!hasDigest) v128.store(nextDigest(), i64x2.splat(0));
  store<u32>(ends + ((<usize>count) << 2), end);
  store<u32>(lines + ((<usize>count) << 2), line);
  count++;
  consumed = end;
  line += lineFeeds;
}

/** @param stopped - true if the next row is not well-formed */
export function endRows(stopped: bool): void {
  store<u32>(head, count);
  store<u32>(head, consumed, 4);
  store<u32>(head, stopped ? 1 : 0, 8);
  store<u32>(head, line, 12);
}
