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

export function equals(a: usize, b: usize, length: usize): bool {
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) if (load<u64>(a + i) !== load<u64>(b + i)) return false;
  for (; i < length; i++) if (load<u8>(a + i) !== load<u8>(b + i)) return false;
  return true;
}
