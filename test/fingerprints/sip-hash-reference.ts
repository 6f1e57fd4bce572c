const MASK = (1n << 64n) - 1n;

/**
 * SipHash-2-4 with 128 bits of output, written down from its authors' description with the plainest arithmetic there is: what
 * the kernel is held to. https://www.aumasson.jp/siphash/siphash.pdf, and the authors' reference for the long output.
 */
export function sipHash128(key: Uint8Array, message: Uint8Array): Buffer {
  const k0 = word(key, 0);
  const k1 = word(key, 8);
  const v = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn ^ 0xeen,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ] as [bigint, bigint, bigint, bigint];
  const padded = Buffer.alloc(Math.floor(message.length / 8) * 8 + 8);
  padded.set(message);
  padded[padded.length - 1] = message.length & 0xff;
  for (let at = 0; at < padded.length; at += 8) {
    const m = word(padded, at);
    v[3] ^= m;
    rounds(v, 2);
    v[0] ^= m;
  }
  const out = Buffer.alloc(16);
  v[2] ^= 0xeen;
  rounds(v, 4);
  out.writeBigUInt64LE(v[0] ^ v[1] ^ v[2] ^ v[3], 0);
  v[1] ^= 0xddn;
  rounds(v, 4);
  out.writeBigUInt64LE(v[0] ^ v[1] ^ v[2] ^ v[3], 8);
  return out;
}

function rounds(v: [bigint, bigint, bigint, bigint], count: number): void {
  for (let i = 0; i < count; i++) {
    v[0] = (v[0] + v[1]) & MASK;
    v[1] = rotated(v[1], 13n) ^ v[0];
    v[0] = rotated(v[0], 32n);
    v[2] = (v[2] + v[3]) & MASK;
    v[3] = rotated(v[3], 16n) ^ v[2];
    v[0] = (v[0] + v[3]) & MASK;
    v[3] = rotated(v[3], 21n) ^ v[0];
    v[2] = (v[2] + v[1]) & MASK;
    v[1] = rotated(v[1], 17n) ^ v[2];
    v[2] = rotated(v[2], 32n);
  }
}

function rotated(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK;
}

function word(bytes: Uint8Array, at: number): bigint {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readBigUInt64LE(at);
}
