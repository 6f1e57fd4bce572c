import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DigestSet } from '../../../src/state/lmdb/key-set.js';

/** Digests that differ in either word, and many that begin their search at one slot. */
const anyDigest = fc.tuple(
  fc.oneof(fc.nat(7), fc.integer({ min: 0, max: 0xffffffff })),
  fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 0xffffffff })),
);

describe('a set of digests', () => {
  it('holds what a plain set would', () => {
    fc.assert(
      fc.property(fc.array(anyDigest), fc.array(anyDigest), (added, asked) => {
        const set = new DigestSet();
        const plain = new Set<string>();
        for (const [high, low] of added) {
          const name = `${high}:${low}`;
          expect(set.add(high, low)).toBe(!plain.has(name));
          plain.add(name);
        }
        for (const [high, low] of [...added, ...asked])
          expect(set.has(high, low)).toBe(plain.has(`${high}:${low}`));
      }),
    );
  });

  it('tells digests apart that share either word, or their slot', () => {
    const set = new DigestSet();
    for (const [high, low] of [
      [1, 2],
      [2, 1],
      [1, 1],
      [1, 2050],
      [2049, 2],
    ] as const) {
      expect(set.has(high, low), `${high}:${low}`).toBe(false);
      expect(set.add(high, low)).toBe(true);
      expect(set.add(high, low)).toBe(false);
      expect(set.has(high, low)).toBe(true);
    }
    expect(set.has(2, 2)).toBe(false);
    expect(set.has(2049, 1)).toBe(false);
  });

  it('goes on past its last slot at the first', () => {
    const set = new DigestSet();
    for (let i = 0; i < 4; i++) expect(set.add(1024 * i + 1022, 1)).toBe(true);
    for (let i = 0; i < 4; i++) expect(set.has(1024 * i + 1022, 1)).toBe(true);
    expect(set.has(1024 * 4 + 1022, 1)).toBe(false);
  });

  it('grows, and loses nothing by it', () => {
    const set = new DigestSet();
    const count = 20_000;
    const lowOf = (i: number) => (Math.imul(i + 1, 0x9e3779b1) | 1) >>> 0;
    const all = Array.from({ length: count }, (_, i) => i);
    expect(all.filter((i) => !set.add(i, lowOf(i)))).toEqual([]);
    expect(all.filter((i) => !set.has(i, lowOf(i)))).toEqual([]);
    expect(all.filter((i) => set.has(i + count, lowOf(i)))).toEqual([]);
  });
});
