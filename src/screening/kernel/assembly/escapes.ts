/** JSON's escapes in text: those of one character (`\n`), and those of a code unit that is a character (`\u00e9`). */

const UNIT: u8 = 0x75; // u

/** Bytes of the escape at a backslash; 0 when it is none, or half of a surrogate pair, which has no bytes of its own. */
export function escapeLength(at: usize, end: usize): usize {
  if (at + 2 > end) return 0;
  const byte = load<u8>(at, 1);
  if (byte !== UNIT) return unescaped(byte) === 0 ? 0 : 2;
  if (at + 6 > end) return 0;
  const unit = codeUnit(at + 2);
  return unit < 0 || (unit & 0xf800) === 0xd800 ? 0 : 6;
}

/** The same of an escape that is known to be one: its digits are not read again. */
export function knownLength(at: usize): usize {
  return load<u8>(at, 1) === UNIT ? 6 : 2;
}

/** Writes what the escape at a backslash stands for, and answers where that ends. It takes no more bytes than the escape. */
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

/** What a character behind a backslash stands for; 0 where that is none. */
function unescaped(byte: u8): u8 {
  if (byte === 0x22 || byte === 0x5c || byte === 0x2f) return byte; // " \ /
  if (byte === 0x6e) return 0x0a; // n
  if (byte === 0x74) return 0x09; // t
  if (byte === 0x72) return 0x0d; // r
  if (byte === 0x62) return 0x08; // b
  if (byte === 0x66) return 0x0c; // f
  return 0;
}

/** The number that four hexadecimal digits are, or -1. */
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
