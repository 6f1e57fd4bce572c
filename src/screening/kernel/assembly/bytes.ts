/** Functions that process sixteen bytes at a time. They may read up to sixteen bytes beyond `end`. */

/** The address of the first byte with this value, or `end`. */
export function findByte(at: usize, end: usize, byte: u8): usize {
  const wanted = i8x16.splat(<i8>byte);
  while (at < end) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), wanted));
    if (found !== 0) {
      const place = at + ctz(found);
      return place < end ? place : end;
    }
    at += 16;
  }
  return end;
}

/** The number of line feeds. */
export function countLineFeeds(at: usize, end: usize): u32 {
  let count: u32 = 0;
  for (let next = findByte(at, end, 0x0a); next < end; next = findByte(next + 1, end, 0x0a)) count++;
  return count;
}

/** Copies bytes, sixteen at a time. Up to fifteen more bytes after them are overwritten. */
export function copy(from: usize, to: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}

/** Copies bytes. Returns true if all of them are ASCII. One to sixteen more bytes after them are overwritten. */
export function copyAscii(from: usize, to: usize, length: usize): bool {
  let high = i64x2.splat(0);
  let i: usize = 0;
  for (; i + 16 <= length; i += 16) {
    const block = v128.load(from + i);
    v128.store(to + i, block);
    high = v128.or(high, block);
  }
  const rest = v128.load(from + i);
  v128.store(to + i, rest);
  return (i8x16.bitmask(high) | (i8x16.bitmask(rest) & ((1 << i32(length - i)) - 1))) === 0;
}

/** True if any of the bytes is not ASCII. */
export function hasHighBytes(at: usize, end: usize): bool {
  for (; at + 16 <= end; at += 16) if (i8x16.bitmask(v128.load(at)) !== 0) return true;
  if (at === end) return false;
  return (i8x16.bitmask(v128.load(at)) & ((1 << i32(end - at)) - 1)) !== 0;
}

/** The number of UTF-16 code units of valid UTF-8; -1 if there is a character above U+FFFF. */
export function codeUnits(at: usize, end: usize): i32 {
  if (!hasHighBytes(at, end)) return <i32>(end - at);
  let units = 0;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte >= 0xf0) return -1;
    if ((byte & 0xc0) !== 0x80) units++;
  }
  return units;
}

/** True if no character of valid UTF-8 is a control or format character, or U+FFFD. `validate` decides about these. */
export function isVisible(at: usize, end: usize): bool {
  for (let block = at; block < end; block += 16) {
    const bytes = v128.load(block);
    const isControl = v128.or(i8x16.lt_u(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(0x7f)));
    const over = <i32>(block + 16) - <i32>end;
    const inside = over > 0 ? 0xffff >> over : 0xffff;
    if ((i8x16.bitmask(isControl) & inside) !== 0) return false;
  }
  if (!hasHighBytes(at, end)) return true;
  for (; at < end; at++)
    if (load<u8>(at) >= 0xc2 && isInvisible(load<u8>(at), load<u8>(at + 1), load<u8>(at + 2))) return false;
  return true;
}

/** True for the bytes of a control or format character below U+10000, or of U+FFFD. */
function isInvisible(first: u8, second: u8, third: u8): bool {
  switch (first) {
    case 0xc2:
      return second < 0xa0 || second === 0xad;
    case 0xd8:
      return second <= 0x85 || second === 0x9c;
    case 0xdb:
      return second === 0x9d;
    case 0xdc:
      return second === 0x8f;
    case 0xe0:
      return (second === 0xa2 && third >= 0x90 && third <= 0x91) || (second === 0xa3 && third === 0xa2);
    case 0xe1:
      return second === 0xa0 && third === 0x8e;
    case 0xe2:
      return (
        (second === 0x80 && ((third >= 0x8b && third <= 0x8f) || (third >= 0xaa && third <= 0xae))) ||
        (second === 0x81 && third >= 0xa0 && third <= 0xaf)
      );
    case 0xef:
      return (
        (second === 0xbb && third === 0xbf) ||
        (second === 0xbf && third >= 0xb9 && third <= 0xbd && third !== 0xbc)
      );
    default:
      return false;
  }
}

export function equals(a: usize, b: usize, length: usize): bool {
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) if (load<u64>(a + i) !== load<u64>(b + i)) return false;
  for (; i < length; i++) if (load<u8>(a + i) !== load<u8>(b + i)) return false;
  return true;
}
