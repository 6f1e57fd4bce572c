/**
 * Reads lines of JSON: objects whose values are text without surrogates, `null`, numbers, `true` or `false`. Any other line
 * gets no digest, so that it is parsed as usual, and the parser reports its error.
 */
import { equals, findByte } from './bytes';
import { escapeLength } from './escapes';
import { ABSENT, ESCAPED, NULL, PLAIN, clearFields, fieldKind, setField } from './fields';
import { digestRow } from './record';
import { addRow, endRows, nextDigest, startRows } from './rows';

const LF: u8 = 0x0a;
const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

/** The address of the names of the fields: for each name its address and its length. */
let names: usize = 0;
let nameCount: u32 = 0;

export function setNames(at: usize, count: u32): void {
  names = at;
  nameCount = count;
}

/** Digests the lines of a block. See `digestCsv`. */
export function digestJsonLines(text: usize, length: u32, last: bool, out: usize, most: u32): void {
  startRows(out, most);
  const end = text + length;
  let at = text;
  for (let row: u32 = 0; row < most && at < end; row++) {
    const lineEnd = findByte(at, end, LF);
    if (lineEnd === end && !last) break;
    const hasDigest = readObject(at, lineEnd) && digestRow(at, lineEnd, nextDigest());
    at = lineEnd === end ? end : lineEnd + 1;
    addRow(hasDigest, <u32>(at - text), 1);
  }
  endRows(false);
}

/** Finds the fields of an object. Returns false for any line that must be parsed as usual. */
function readObject(start: usize, end: usize): bool {
  clearFields(nameCount);
  let at = space(start, end);
  if (at >= end || load<u8>(at) !== 0x7b) return false; // {
  let expected: u32 = 0;
  while (true) {
    at = space(at + 1, end);
    if (at >= end || load<u8>(at) !== QUOTE) return false;
    const name = at + 1;
    const nameEnd = textEnd(name, end);
    if (nameEnd === 0 || hasEscapes) return false;
    const field = fieldNamed(name, nameEnd - name, expected);
    at = space(nameEnd + 1, end);
    if (at >= end || load<u8>(at) !== 0x3a) return false; // :
    at = space(at + 1, end);
    if (at >= end) return false;
    const byte = load<u8>(at);
    let valueEnd: usize;
    if (byte === QUOTE) {
      valueEnd = textEnd(at + 1, end);
      if (valueEnd === 0) return false;
      if (field < nameCount) {
        if (fieldKind(field) !== ABSENT) return false;
        setField(field, at + 1, valueEnd - at - 1, hasEscapes ? ESCAPED : PLAIN);
      }
      valueEnd++;
    } else {
      valueEnd = scalar(at, end);
      if (valueEnd === 0) return false;
      if (field < nameCount) {
        if (byte !== 0x6e || fieldKind(field) !== ABSENT) return false;
        setField(field, at, 0, NULL);
      }
    }
    if (field < nameCount) expected = field + 1;
    at = space(valueEnd, end);
    if (at >= end) return false;
    const after = load<u8>(at);
    if (after === 0x7d) break; // }
    if (after !== 0x2c) return false; // ,
  }
  return space(at + 1, end) === end;
}

/** The field with a name, or `nameCount`. The search begins at `expected`, because rows nearly always have the same order. */
function fieldNamed(name: usize, length: usize, expected: u32): u32 {
  for (let i: u32 = 0; i < nameCount; i++) {
    const field = expected + i < nameCount ? expected + i : expected + i - nameCount;
    const entry = names + ((<usize>field) << 3);
    if (load<u32>(entry, 4) === <u32>length && equals(load<u32>(entry), name, length)) return field;
  }
  return nameCount;
}

/** A second result of `textEnd`: true if the text contains escapes. */
let hasEscapes: bool = false;

/** The closing quote of a text; 0 if it contains control characters, or escapes that `escapeLength` does not accept. */
function textEnd(at: usize, end: usize): usize {
  const quotes = i8x16.splat(<i8>QUOTE);
  const escapes = i8x16.splat(<i8>BACKSLASH);
  const spaces = i8x16.splat(0x20);
  hasEscapes = false;
  while (at < end) {
    const block = v128.load(at);
    const stops = i8x16.bitmask(
      v128.or(i8x16.eq(block, quotes), v128.or(i8x16.eq(block, escapes), i8x16.lt_u(block, spaces))),
    );
    if (stops === 0) {
      at += 16;
      continue;
    }
    at += ctz(stops);
    if (at >= end) return 0;
    const byte = load<u8>(at);
    if (byte === QUOTE) return at;
    const escape: usize = byte === BACKSLASH ? escapeLength(at, end) : 0;
    if (escape === 0) return 0;
    hasEscapes = true;
    at += escape;
  }
  return 0;
}

/** The end of `true`, `false`, `null` or a number, or 0. */
function scalar(at: usize, end: usize): usize {
  const byte = load<u8>(at);
  if (byte === 0x74) return word(at, end, 0x65757274, 4);
  if (byte === 0x6e) return word(at, end, 0x6c6c756e, 4);
  if (byte === 0x66) return at + 5 <= end && load<u8>(at + 4) === 0x65 ? word(at, end, 0x736c6166, 5) : 0;
  return number(at, end);
}

function word(at: usize, end: usize, first: u32, length: usize): usize {
  return at + length <= end && load<u32>(at) === first ? at + length : 0;
}

function number(at: usize, end: usize): usize {
  if (load<u8>(at) === 0x2d) at++; // -
  if (at < end && load<u8>(at) === 0x30) at++;
  else at = digits(at, end);
  if (at === 0) return 0;
  if (at < end && load<u8>(at) === 0x2e) at = digits(at + 1, end); // .
  if (at === 0) return 0;
  if (at < end && (load<u8>(at) | 0x20) === 0x65) {
    at++;
    if (at < end && (load<u8>(at) === 0x2b || load<u8>(at) === 0x2d)) at++;
    at = digits(at, end);
  }
  return at;
}

/** The end of one or more digits, or 0. */
function digits(at: usize, end: usize): usize {
  const start = at;
  while (at < end && <u8>(load<u8>(at) - 0x30) < 10) at++;
  return at === start ? 0 : at;
}

function space(at: usize, end: usize): usize {
  while (at < end) {
    const byte = load<u8>(at);
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) break;
    at++;
  }
  return at;
}
