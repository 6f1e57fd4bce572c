/** Escapes in JSON text: `\n` and the like, and `\u00e9` for a code unit that is not a surrogate. */

const UNIT: u8 = 0x75; // u

/** The length of the escape at a backslash; 0 if it is invalid, or a surrogate, which alone has no UTF-8 bytes. */
export function escapeLength(at: usize, end: usize): usize {
  if (at + 2 > end) return 0;
  const byte = load<u8>(at, 1);
  if (byte !== UNIT) return unescaped(byte) === 0 ? 0 : 2;
  if (at + 6 > end) return 0;
  const unit = codeUnit(at + 2);
  return unit < 0 || (unit & 0xf800) === 0xd800 ? 0 : 6;
}

/** The length of an escape that {@link escapeLength} accepted before. */
export function knownLength(at: usize): usize {
  return load<u8>(at, 1) === UNIT ? 6 : 2;
}

/** Writes the character of the escape at a backslash, which needs no more bytes than the escape. Returns its end. */
export function writeUnescaped(at: usize, to: usize): usize {
  const byte = load<u8>(at, 1);
  if (byte !== UNIT) {
    store<u8>(to, unescaped(byte));
    return to + 1;
  }
  const unit = <u32>codeUnit(at + 2);
  if (unit < 0x80) {
    store<u8>(to, <u8>unit);
    return to + 1;
  }
  if (unit < 0x800) {
    store<u8>(to, <u8>(0xc0 | (unit >> 6)));
    store<u8>(to, <u8>(0x80 | (unit & 0x3f)), 1);
    return to + 2;
  }
  store<u8>(to, <u8>(0xe0 | (unit >> 12)));
  store<u8>(to, <u8>(0x80 | ((unit >> 6) & 0x3f)), 1);
  store<u8>(to, <u8>(0x80 | (unit & 0x3f)), 2);
  return to + 3;
}

/** The character of an escape, by the byte after its backslash; 0 if it is invalid. */
function unescaped(byte: u8): u8 {
  if (byte === 0x22 || byte === 0x5c || byte === 0x2f) return byte; // " \ /
  if (byte === 0x6e) return 0x0a; // n
  if (byte === 0x74) return 0x09; // t
  if (byte === 0x72) return 0x0d; // r
  if (byte === 0x62) return 0x08; // b
  if (byte === 0x66) return 0x0c; // f
  return 0;
}

/** The value of four hexadecimal digits, or -1. */
function codeUnit(at: usize): i32 {
  let unit: i32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const byte = load<u8>(at + i);
    const letter = (byte | 0x20) - 0x61;
    if (<u8>(byte - 0x30) < 10) unit = (unit << 4) | (<i32>byte - 0x30);
    else if (<u8>letter < 6) unit = (unit << 4) | (<i32>letter + 10);
    else return -1;
  }
  return unit;
}
