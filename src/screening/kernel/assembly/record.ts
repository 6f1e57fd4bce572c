/**
 * Makes the digest of the record of a row: checks the limits, writes the canonical content, and hashes it. A row gets a digest
 * only if its record certainly passes `validate`; otherwise it is parsed, validated and compared as usual.
 */
import { codeUnits, copy, copyAscii, findByte, isVisible } from './bytes';
import { knownLength, writeUnescaped } from './escapes';
import { ABSENT, ESCAPED, NULL, PLAIN, fieldKind, fieldLength, fieldStart } from './fields';
import { sipHash } from './siphash';

/** The value must be present and not empty. */
const REQUIRED: u32 = 1;
const EMAIL: u32 = 2;
const NULLABLE: u32 = 4;
/** An empty cell becomes null, or is left out. Without either flag it is an empty text. */
const EMPTY_IS_NULL: u32 = 8;
const EMPTY_IS_LEFT_OUT: u32 = 16;

/** Kinds of programs. */
const PROFILE: u32 = 0;
const MEMBERSHIP: u32 = 1;

const OP_BYTES: usize = 24;

let kind: u32 = PROFILE;
let idField: u32 = 0;
let longestId: u32 = 0;
let memberField: u32 = 0;
let longestMember: u32 = 0;
let entityByte: u8 = 0;
let ops: usize = 0;
let opCount: u32 = 0;
/** The address for canonical content. */
let scratch: usize = 0;
/** The longest row whose content certainly fits into `scratch`, and into a request. Longer rows get no digest. */
let longestRow: usize = 0;
/** Bits for the hashes of changed ids: those of users, then those of groups. */
let changed: usize = 0;
let changedMask: u32 = 0;

/** Sets up rows of users or groups. `opsAt` is the address of an instruction for each attribute, sorted by name. */
export function programProfile(
  scratchAt: usize,
  longest: u32,
  entity: u8,
  id: u32,
  idLength: u32,
  opsAt: usize,
  count: u32,
): void {
  programIds(PROFILE, scratchAt, longest, id, idLength);
  entityByte = entity;
  ops = opsAt;
  opCount = count;
}

/** Sets up rows of memberships. */
export function programMembership(
  scratchAt: usize,
  longest: u32,
  group: u32,
  groupLength: u32,
  member: u32,
  memberLength: u32,
  changedAt: usize,
  bits: u32,
): void {
  programIds(MEMBERSHIP, scratchAt, longest, group, groupLength);
  memberField = member;
  longestMember = memberLength;
  changed = changedAt;
  changedMask = bits === 0 ? 0 : bits - 1;
}

/** The common part of both programs. `id` is the field of the id with which canonical content begins. */
function programIds(rows: u32, scratchAt: usize, longest: u32, id: u32, idLength: u32): void {
  kind = rows;
  scratch = scratchAt;
  longestRow = longest;
  idField = id;
  longestId = idLength;
}

/** Marks an id as changed, so that no membership of it gets a digest. `side` is 0 for users, 1 for groups. */
export function markChanged(at: usize, length: usize, side: u32): void {
  const bit = idHash(at, length) & changedMask;
  const byte = changedByte(bit, side);
  store<u8>(byte, load<u8>(byte) | bitOf(bit));
}

/** Writes the digest of a row to an address. Returns false if the row gets none. */
export function digestRow(rowStart: usize, rowEnd: usize, digest: usize): bool {
  if (rowEnd - rowStart > longestRow) return false;
  const end = kind === PROFILE ? writeProfile() : writeMembership();
  if (end === 0) return false;
  sipHash(scratch, end - scratch, digest);
  return true;
}

/** Writes canonical content. Returns its end, or 0 if the row gets no digest. */
function writeProfile(): usize {
  let to = scratch;
  store<u8>(to++, entityByte);
  to = writeValue(to, idField, 1, longestId);
  if (to === 0 || mayBeChanged(valueStart, to)) return 0;
  const attributes = to;
  for (let i: u32 = 0; i < opCount; i++) {
    const op = ops + <usize>i * OP_BYTES;
    const field = load<u32>(op);
    const flags = load<u32>(op, 20);
    const isNull = fieldKind(field) === NULL;
    const isEmpty = !isNull && fieldLength(field) === 0;
    if (isEmpty && (flags & EMPTY_IS_LEFT_OUT) !== 0) {
      if ((flags & REQUIRED) !== 0 || fieldKind(field) === ABSENT) return 0;
      continue;
    }
    const nameLength = load<u32>(op, 8);
    copy(load<u32>(op, 4), to, nameLength);
    to += nameLength;
    if (isNull || (isEmpty && (flags & EMPTY_IS_NULL) !== 0)) {
      if ((flags & REQUIRED) !== 0 || (flags & NULLABLE) === 0 || fieldKind(field) === ABSENT) return 0;
      store<u8>(to++, 0x2d); // -
      continue;
    }
    const value = writeValue(to, field, load<u32>(op, 12), load<u32>(op, 16));
    if (value === 0) return 0;
    if (isEmpty && (flags & REQUIRED) !== 0) return 0;
    if ((flags & EMAIL) !== 0 && !isEmail(valueStart, value)) return 0;
    to = value;
  }
  // A record without any attribute is rejected by `validate`.
  return to === attributes ? 0 : to;
}

function writeMembership(): usize {
  let to = scratch;
  store<u8>(to++, 0x6d); // m
  to = writeValue(to, idField, 1, longestId);
  if (to === 0 || mayBeChanged(valueStart, to) || isChanged(valueStart, to - valueStart, 1)) return 0;
  const start = to;
  to = copyValue(to, memberField);
  if (to === 0 || to === start || isChanged(start, to - start, 0)) return 0;
  if (mayBeChanged(start, to) || !isVisible(start, to)) return 0;
  const units = codeUnits(start, to);
  return units < 0 || <u32>units > longestMember ? 0 : to;
}

/** A second result of `writeValue`: the start of the text. */
let valueStart: usize = 0;

/** Writes a value after its length in UTF-16 code units. Returns its end, or 0 if the length is out of range. */
function writeValue(to: usize, field: u32, min: u32, max: u32): usize {
  // Leaves room for the digits of its length in bytes, which for ASCII is its length in code units.
  let digits = digitsOf(<u32>fieldLength(field));
  valueStart = to + digits + 1;
  const end = copyValue(valueStart, field);
  if (end === 0) return 0;
  if (!isVisible(valueStart, end)) return 0;
  const units = isAscii ? <i32>(end - valueStart) : codeUnits(valueStart, end);
  if (units < 0 || <u32>units < min || <u32>units > max) return 0;
  const length = end - valueStart;
  if (digitsOf(<u32>units) !== digits) {
    digits = digitsOf(<u32>units);
    // `copy` goes upwards, and the new address is lower, so no byte is overwritten before it is copied.
    copy(valueStart, to + digits + 1, length);
    valueStart = to + digits + 1;
  }
  let rest = <u32>units;
  for (let at = to + digits; at > to;) {
    store<u8>(--at, <u8>(0x30 + (rest % 10)));
    rest /= 10;
  }
  store<u8>(to + digits, 0x3a); // :
  return valueStart + length;
}

/** True for an id that a spreadsheet may have changed, such as `="01"` or `1.2E+11`. `validate` decides about it. */
function mayBeChanged(at: usize, end: usize): bool {
  return load<u8>(at) === 0x3d || findByte(at, end, 0x2b) !== end;
}

function digitsOf(value: u32): usize {
  return value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10_000 ? 4 : 5;
}

/** A second result of `copyValue`: true if the text is certainly ASCII. */
let isAscii = false;

/** Copies the text of a field. Returns the end of the copy, or 0 if the field has no text. */
function copyValue(to: usize, field: u32): usize {
  const kind = fieldKind(field);
  const start = fieldStart(field);
  const length = fieldLength(field);
  if (kind === ABSENT || kind === NULL) return 0;
  if (kind === PLAIN) {
    isAscii = copyAscii(start, to, length);
    return to + length;
  }
  isAscii = false;
  const end = start + length;
  if (kind === ESCAPED) {
    for (let at = start; at < end;) {
      const byte = load<u8>(at);
      if (byte === 0x5c) {
        to = writeUnescaped(at, to);
        at += knownLength(at);
      } else {
        store<u8>(to++, byte);
        at++;
      }
    }
    return to;
  }
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at);
    store<u8>(to++, byte);
    if (byte === 0x22) at++;
  }
  return to;
}

/** True for ASCII text with one `@`, not at its start or end, and no white space. */
function isEmail(start: usize, end: usize): bool {
  let signs = 0;
  for (let at = start; at < end; at += 16) {
    const block = v128.load(at);
    const over = <i32>(at + 16) - <i32>end;
    const inside = over > 0 ? 0xffff >> over : 0xffff;
    const isSpace = v128.or(
      i8x16.eq(block, i8x16.splat(0x20)),
      // 0x09 (tab) to 0x0d (carriage return).
      i8x16.le_u(i8x16.sub(block, i8x16.splat(0x09)), i8x16.splat(0x04)),
    );
    if (((i8x16.bitmask(block) | i8x16.bitmask(isSpace)) & inside) !== 0) return false;
    signs += popcnt(i8x16.bitmask(i8x16.eq(block, i8x16.splat(0x40))) & inside);
  }
  return signs === 1 && load<u8>(start) !== 0x40 && load<u8>(end - 1) !== 0x40;
}

function isChanged(at: usize, length: usize, side: u32): bool {
  if (changedMask === 0) return false;
  const bit = idHash(at, length) & changedMask;
  return (load<u8>(changedByte(bit, side)) & bitOf(bit)) !== 0;
}

function changedByte(bit: u32, side: u32): usize {
  return changed + <usize>side * ((<usize>(changedMask + 1)) >> 3) + (bit >> 3);
}

function bitOf(bit: u32): u8 {
  return <u8>((<u32>1) << (bit & 7));
}

function idHash(at: usize, length: usize): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i: usize = 0; i < length; i++) hash = (hash ^ load<u8>(at + i)) * 0x01000193;
  return hash ^ (hash >> 15);
}
