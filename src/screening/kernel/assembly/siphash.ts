/** SipHash-2-4 with 128 bits of output, as its authors define it: a keyed function made for short texts. */

let k0: u64 = 0;
let k1: u64 = 0;

/** Sets the key of all later hashes. */
export function setKey(low: u64, high: u64): void {
  k0 = low;
  k1 = high;
}

/** Hashes `length` bytes at `text` and stores 16 bytes at `out`. Reads up to seven bytes beyond the text. */
export function sipHash(text: usize, length: usize, out: usize): void {
  let v0: u64 = k0 ^ 0x736f6d6570736575;
  let v1: u64 = k1 ^ 0x646f72616e646f6d ^ 0xee;
  let v2: u64 = k0 ^ 0x6c7967656e657261;
  let v3: u64 = k1 ^ 0x7465646279746573;
  const whole = text + (length & ~7);
  const rest = length & 7;
  let at = text;
  while (true) {
    let word: u64;
    const isLast = at === whole;
    if (isLast) {
      word = (<u64>length) << 56;
      if (rest > 0) word |= load<u64>(at) & (((<u64>1) << ((<u64>rest) << 3)) - 1);
    } else {
      word = load<u64>(at);
    }
    v3 ^= word;
    for (let round = 0; round < 2; round++) {
      v0 += v1;
      v1 = rotl<u64>(v1, 13) ^ v0;
      v0 = rotl<u64>(v0, 32);
      v2 += v3;
      v3 = rotl<u64>(v3, 16) ^ v2;
      v0 += v3;
      v3 = rotl<u64>(v3, 21) ^ v0;
      v2 += v1;
      v1 = rotl<u64>(v1, 17) ^ v2;
      v2 = rotl<u64>(v2, 32);
    }
    v0 ^= word;
    if (isLast) break;
    at += 8;
  }
  v2 ^= 0xee;
  for (let half = 0; half < 2; half++) {
    for (let round = 0; round < 4; round++) {
      v0 += v1;
      v1 = rotl<u64>(v1, 13) ^ v0;
      v0 = rotl<u64>(v0, 32);
      v2 += v3;
      v3 = rotl<u64>(v3, 16) ^ v2;
      v0 += v3;
      v3 = rotl<u64>(v3, 21) ^ v0;
      v2 += v1;
      v1 = rotl<u64>(v1, 17) ^ v2;
      v2 = rotl<u64>(v2, 32);
    }
    store<u64>(out + (half << 3), v0 ^ v1 ^ v2 ^ v3);
    v1 ^= 0xdd;
  }
}

/** Hashes joined texts. `ends` is the address of the end of each text, as an offset from `text`. */
export function sipHashEach(text: usize, ends: usize, count: u32, out: usize): void {
  let start: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const end = load<u32>(ends + (i << 2));
    sipHash(text + start, end - start, out + (i << 4));
    start = end;
  }
}
