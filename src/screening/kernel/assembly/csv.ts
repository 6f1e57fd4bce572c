/** Reads rows of CSV (RFC 4180, LF allowed). It stops at a row that is not well-formed, whose error the scanner reports. */
import { countLineFeeds, findByte } from './bytes';
import { DOUBLED, PLAIN, setField } from './fields';
import { digestRow } from './record';
import { addRow, endRows, nextDigest, startRows } from './rows';

const QUOTE: u8 = 0x22;
const LF: u8 = 0x0a;
const CR: u8 = 0x0d;

/** Results of `readRow`: the end of the row, the end of its text without the line end, and its number of line feeds. */
let rowEnd: usize = 0;
let textEnd: usize = 0;
let lineFeeds: u32 = 0;

const WHOLE: u32 = 0;
const CUT_OFF: u32 = 1;
const BAD: u32 = 2;

/**
 * Digests the rows of a block of CSV without its header.
 * @param last - true if the file ends with the block; otherwise the block may cut off its last row
 * @param most - the most rows that are digested
 */
export function digestCsv(
  text: usize,
  length: u32,
  last: bool,
  delimiter: u8,
  columns: u32,
  out: usize,
  most: u32,
): void {
  startRows(out, most);
  const end = text + length;
  let at = text;
  let state = WHOLE;
  for (let row: u32 = 0; row < most && at < end; row++) {
    state = readRow(at, end, last, delimiter, columns);
    if (state !== WHOLE) break;
    addRow(digestRow(at, textEnd, nextDigest()), <u32>(rowEnd - text), lineFeeds);
    at = rowEnd;
  }
  endRows(state === BAD);
}

function readRow(start: usize, end: usize, last: bool, delimiter: u8, columns: u32): u32 {
  const delimiters = i8x16.splat(<i8>delimiter);
  const feeds = i8x16.splat(<i8>LF);
  const returns = i8x16.splat(<i8>CR);
  let at = start;
  let column: u32 = 0;
  lineFeeds = 1;
  while (true) {
    if (at < end && load<u8>(at) === QUOTE) {
      let close = at + 1;
      let kind = PLAIN;
      while (true) {
        close = findByte(close, end, QUOTE);
        // The byte after a quote shows whether the quote closes the field or is one of a doubled pair.
        if (close + 1 >= end && !last) return CUT_OFF;
        if (close >= end) return BAD;
        if (close + 1 >= end || load<u8>(close + 1) !== QUOTE) break;
        kind = DOUBLED;
        close += 2;
      }
      setField(column, at + 1, close - at - 1, kind);
      lineFeeds += countLineFeeds(at + 1, close);
      at = close + 1;
    } else {
      const from = at;
      while (true) {
        if (at >= end) {
          at = end;
          break;
        }
        const block = v128.load(at);
        const stops = i8x16.bitmask(
          v128.or(i8x16.eq(block, delimiters), v128.or(i8x16.eq(block, feeds), i8x16.eq(block, returns))),
        );
        if (stops !== 0) {
          at += ctz(stops);
          if (at > end) at = end;
          break;
        }
        at += 16;
      }
      if (at === end && !last) return CUT_OFF;
      setField(column, from, at - from, PLAIN);
    }
    column++;
    if (at === end || load<u8>(at) !== delimiter) break;
    if (column === columns) return BAD;
    at++;
  }
  // A blank line is not a row with one empty field.
  if (column !== columns || at === start) return BAD;
  return endRow(at, end, last);
}

/** Reads the line end: LF, CRLF, or the end of the file. */
function endRow(at: usize, end: usize, last: bool): u32 {
  textEnd = rowEnd = at;
  if (at === end) return WHOLE;
  if (load<u8>(at) === CR) {
    at++;
    if (at === end) return last ? BAD : CUT_OFF;
  }
  if (load<u8>(at) !== LF) return BAD;
  rowEnd = at + 1;
  return WHOLE;
}

/**
 * Where the last whole row ends, as far as balanced quotes show; 0 if none does. A file is cut into blocks at this offset. The
 * block after it is used only if the rows before really end there.
 */
export function lastRowEnd(text: usize, length: u32): u32 {
  const end = text + length;
  let inside = hasOddQuotes(text, end);
  for (let at = end; at > text;) {
    const byte = load<u8>(--at);
    if (byte === QUOTE) inside = !inside;
    else if (byte === LF && !inside) return <u32>(at + 1 - text);
  }
  return 0;
}

function hasOddQuotes(at: usize, end: usize): bool {
  const quotes = i8x16.splat(<i8>QUOTE);
  let count = 0;
  for (; at + 16 <= end; at += 16) count += popcnt(i8x16.bitmask(i8x16.eq(v128.load(at), quotes)));
  const rest = i8x16.bitmask(i8x16.eq(v128.load(at), quotes));
  count += popcnt(rest & ((1 << i32(end - at)) - 1));
  return (count & 1) !== 0;
}
