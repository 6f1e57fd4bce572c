import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  copyFingerprints,
  copyWords,
  fingerprintIn,
  FINGERPRINT_BYTES,
  HASH_WORDS_AT,
  isFreeAt,
  isUnknownAt,
  PAGE_WORDS,
  RowPage,
  ROWS_PER_PAGE,
  wordOf,
  WORDS,
  writeFingerprint,
} from '../../../src/state/lmdb/row-page.js';

const bytesOf = (min: number, max: number) =>
  fc.string({
    unit: fc.integer({ min, max }).map((n) => String.fromCharCode(n)),
    minLength: 16,
    maxLength: 16,
  });
/** As digests are: neither all zeros nor all ones. */
const anyFingerprint = fc.oneof(
  fc.constant(''),
  bytesOf(0, 255).filter((text) => !/^(\0+|\u00ff+)$/.test(text)),
  bytesOf(0, 1).filter((text) => !/^\0+$/.test(text)),
);
const anyKey = fc.string({ unit: fc.constantFrom('a', 'ä', '汉', '7'), maxLength: 6 });
const anyRow = fc.record({
  slot: fc.nat(ROWS_PER_PAGE - 1),
  key: anyKey,
  hash: fc.integer({ min: 0, max: 0xffffffff }),
  fingerprint: fc.option(anyFingerprint, { nil: undefined }),
  writes: fc.boolean(),
});

interface Row {
  readonly key: string;
  readonly hash: number;
  readonly fingerprint: string | undefined;
}
const FREE: Row = { key: '', hash: 0, fingerprint: undefined };

/** Everything that can be read of a page, by each way there is. */
function read(page: RowPage): Row[] {
  const bytes = Buffer.from(page.toBytes());
  const words = new Uint32Array(PAGE_WORDS);
  copyWords(bytes, new Uint8Array(words.buffer), false);
  const again = RowPage.over(bytes);
  const fingerprints = new Uint8Array(ROWS_PER_PAGE * FINGERPRINT_BYTES + 4);
  copyFingerprints(bytes, fingerprints, 4);
  return Array.from({ length: ROWS_PER_PAGE }, (_, slot): Row => {
    const fingerprint = again.fingerprint(slot);
    expect(page.fingerprint(slot)).toBe(fingerprint);
    expect(page.key(slot)).toBe(again.key(slot));
    expect(fingerprintIn(Buffer.from(fingerprints), 4 + slot * FINGERPRINT_BYTES)).toBe(fingerprint);
    const five = new Uint32Array(WORDS + 1);
    again.words(slot, five);
    const own = five.subarray(0, WORDS);
    expect(five[WORDS]).toBe(0);
    expect(words.subarray(slot * WORDS, (slot + 1) * WORDS)).toEqual(own);
    const written = new Uint32Array(WORDS + 2).fill(7);
    writeFingerprint(written, 1, fingerprint);
    expect([...written]).toEqual([7, ...own, 7]);
    expect(isFreeAt(words, slot * WORDS)).toBe(fingerprint === undefined);
    expect(isUnknownAt(words, slot * WORDS)).toBe(fingerprint === '');
    return { key: again.key(slot), hash: words[HASH_WORDS_AT + slot] as number, fingerprint };
  });
}

describe('a page of rows', () => {
  it('holds what was set last, before and after it is written, by every way of reading', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 30 }), (rows) => {
        let page = RowPage.empty();
        const plain = Array<Row>(ROWS_PER_PAGE).fill(FREE);
        for (const { slot, key, hash, fingerprint, writes } of rows) {
          if (fingerprint === undefined) page.free(slot);
          else {
            page.setKey(slot, key, hash);
            page.setFingerprint(slot, fingerprint);
          }
          plain[slot] = fingerprint === undefined ? FREE : { key, hash, fingerprint };
          expect(page.key(slot)).toBe(plain[slot].key);
          if (writes) page = RowPage.over(Buffer.from(page.toBytes()));
        }
        expect(read(page)).toEqual(plain);
      }),
    );
  });

  it('keeps its bytes where no key changed, and leaves nothing of a key that is gone', () => {
    const page = RowPage.empty();
    page.setKey(0, 'somebody', 1);
    page.setKey(2, 'else', 2);
    const bytes = page.toBytes();
    page.setFingerprint(0, 'f'.repeat(16));
    expect(page.toBytes()).toBe(bytes);
    page.free(0);
    const after = page.toBytes();
    expect(after).not.toBe(bytes);
    expect(after.includes('somebody')).toBe(false);
    expect(after).toHaveLength(bytes.length - 'somebody'.length);
    expect(RowPage.over(after).key(2)).toBe('else');
  });

  it('is refused where it is not what was written, whatever byte it is', () => {
    const page = RowPage.empty();
    for (let slot = 0; slot < ROWS_PER_PAGE; slot += 7) {
      page.setKey(slot, `key ${slot}`, slot);
      page.setFingerprint(slot, 'f'.repeat(16));
    }
    const bytes = page.toBytes();
    const refusal = expect.objectContaining({ code: 'ERR_ROLLCALL_STATE_CORRUPT' }) as Error;
    const words = new Uint8Array(PAGE_WORDS * 4);
    const ways = [
      (damaged: Buffer) => RowPage.over(damaged),
      (damaged: Buffer) => copyFingerprints(damaged, words, 0),
      (damaged: Buffer) => copyWords(damaged, words, false),
    ];
    for (const open of ways) {
      expect(() => open(bytes)).not.toThrow();
      for (let at = 0; at < bytes.length; at++) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] as number) ^ 0x80;
        expect(() => open(damaged), `byte ${at}`).toThrow(refusal);
      }
      for (const length of [0, 3, 4, 100, bytes.length - 1])
        expect(() => open(bytes.subarray(0, length)), `${length} bytes`).toThrow(refusal);
      // The check sum of nothing is 0.
      expect(() => open(Buffer.alloc(4))).toThrow(refusal);
    }
  });

  it('that was checked before is not checked again', () => {
    const bytes = Buffer.from(RowPage.empty().toBytes());
    bytes[0] = (bytes[0] as number) ^ 1;
    expect(() => copyWords(bytes, new Uint8Array(PAGE_WORDS * 4), true)).not.toThrow();
  });

  it('is free or unknown only where all words of it say so', () => {
    for (let word = 0; word < WORDS; word++) {
      const free = new Uint32Array(WORDS + 2);
      expect(isFreeAt(free, 1)).toBe(true);
      free[1 + word] = 1;
      expect(isFreeAt(free, 1)).toBe(false);
      const unknown = new Uint32Array(WORDS + 2).fill(0xffffffff);
      expect(isUnknownAt(unknown, 1)).toBe(true);
      unknown[1 + word] = 0;
      expect(isUnknownAt(unknown, 1)).toBe(false);
    }
  });

  it('makes words of text in the order of bytes, unsigned', () => {
    expect(wordOf('\u0001\u0002\u0003\u0004', 0)).toBe(0x04030201);
    expect(wordOf('x\u00ff\u0000\u0080\u00ff', 1)).toBe(0xff8000ff);
  });
});
