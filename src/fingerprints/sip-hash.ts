/** Bytes of a digest. */
export const DIGEST_BYTES = 16;

/** Words of a digest. */
export const DIGEST_WORDS = 4;

/**
 * Hashes many texts with one call: SipHash-2-4 with 128 bits of output, as its authors define it. The texts are joined in
 * memory that the hasher allocates, because WebAssembly can read only its own memory.
 */
export interface Hasher {
  bytes(length: number): Buffer;
  words(length: number): Uint32Array;
  /**
   * @param texts - from {@link bytes}
   * @param ends - from {@link words}: the end of each text in `texts`
   * @param into - from {@link words}: receives four words for each text
   */
  hashEach(texts: Buffer, ends: Uint32Array, count: number, into: Uint32Array): void;
}

/**
 * A hasher in plain JavaScript.
 * @param key - 32 hexadecimal characters
 */
export function plainHasher(key: string): Hasher {
  const keyBytes = Buffer.from(key, 'hex');
  const words = Int32Array.from({ length: 4 }, (_, i) => keyBytes.readInt32LE(i * 4));
  return {
    bytes: (length) => Buffer.alloc(length),
    words: (length) => new Uint32Array(length),
    hashEach(texts, ends, count, into) {
      const view = new DataView(texts.buffer, texts.byteOffset, texts.byteLength);
      let start = 0;
      for (let i = 0; i < count; i++) {
        const end = ends[i] as number;
        sipHash(words, view, start, end, into, i * DIGEST_WORDS);
        start = end;
      }
    },
  };
}

/**
 * A hot loop: it runs for every record of the source. JavaScript has no fast 64-bit integers, so each 64-bit word is two
 * numbers of 32 bits: a low (`l`) and a high half (`h`).
 */
function sipHash(
  key: Int32Array,
  view: DataView,
  start: number,
  end: number,
  into: Uint32Array,
  at: number,
): void {
  const [k0l = 0, k0h = 0, k1l = 0, k1h = 0] = key;
  let v0l = k0l ^ 0x70736575;
  let v0h = k0h ^ 0x736f6d65;
  let v1l = k1l ^ 0x6e646f6d ^ 0xee;
  let v1h = k1h ^ 0x646f7261;
  let v2l = k0l ^ 0x6e657261;
  let v2h = k0h ^ 0x6c796765;
  let v3l = k1l ^ 0x79746573;
  let v3h = k1h ^ 0x74656462;
  const words = ((end - start) >>> 3) + 1;
  // One step of two rounds for each word of the text, then one step of four rounds for each half of the output.
  for (let step = 0; step < words + 2; step++) {
    let ml = 0;
    let mh = 0;
    let rounds = 2;
    if (step < words - 1) {
      ml = view.getInt32(start + step * 8, true);
      mh = view.getInt32(start + step * 8 + 4, true);
    } else if (step === words - 1) {
      mh = (end - start) << 24;
      for (let byte = start + step * 8, shift = 0; byte < end; byte++, shift += 8) {
        if (shift < 32) ml |= view.getUint8(byte) << shift;
        else mh |= view.getUint8(byte) << (shift - 32);
      }
    } else {
      rounds = 4;
      if (step === words) v2l ^= 0xee;
      else v1l ^= 0xdd;
    }
    v3l ^= ml;
    v3h ^= mh;
    for (let round = 0; round < rounds; round++) {
      let low = (v0l + v1l) | 0;
      v0h = (v0h + v1h + carry(low, v1l)) | 0;
      v0l = low;
      low = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
      v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h;
      v1l = low;
      low = v0h;
      v0h = v0l;
      v0l = low;

      low = (v2l + v3l) | 0;
      v2h = (v2h + v3h + carry(low, v3l)) | 0;
      v2l = low;
      low = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
      v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
      v3l = low;

      low = (v0l + v3l) | 0;
      v0h = (v0h + v3h + carry(low, v3l)) | 0;
      v0l = low;
      low = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
      v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
      v3l = low;

      low = (v2l + v1l) | 0;
      v2h = (v2h + v1h + carry(low, v1l)) | 0;
      v2l = low;
      low = ((v1l << 17) | (v1h >>> 15)) ^ v2l;
      v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h;
      v1l = low;
      low = v2h;
      v2h = v2l;
      v2l = low;
    }
    if (step < words) {
      v0l ^= ml;
      v0h ^= mh;
      continue;
    }
    const half = at + (step - words) * 2;
    into[half] = v0l ^ v1l ^ v2l ^ v3l;
    into[half + 1] = v0h ^ v1h ^ v2h ^ v3h;
  }
}

/** The carry of an addition of two 32-bit words: 1 if the sum is less than one of them. */
function carry(sum: number, summand: number): number {
  return sum >>> 0 < summand >>> 0 ? 1 : 0;
}
