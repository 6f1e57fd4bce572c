import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySet } from '../../src/fingerprints/key-set.js';

/** Hashes that differ in either word, and many that begin their search at one slot. */
const anyHash = fc.tuple(
  fc.oneof(fc.nat(7), fc.integer({ min: 0, max: 0xffffffff })),
  fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 0xffffffff })),
);

describe('a set of keys', () => {
  it('holds what a plain set would', () => {
    fc.assert(
      fc.property(fc.array(anyHash), fc.array(anyHash), (added, asked) => {
        const set = new KeySet();
        const plain = new Set<string>();
        for (const [high, low] of added) {
          const name = `${high}:${low}`;
          expect(set.add({ high, low })).toBe(!plain.has(name));
          plain.add(name);
          expect(set.size).toBe(plain.size);
        }
        for (const [high, low] of [...added, ...asked])
          expect(set.has({ high, low })).toBe(plain.has(`${high}:${low}`));
      }),
    );
  });

  it('tells hashes apart that share either word, or their slot', () => {
    const set = new KeySet();
    for (const [high, low] of [
      [1, 2],
      [2, 1],
      [1, 1],
      [1, 2050],
      [2049, 2],
    ] as const) {
      expect(set.has({ high, low }), `${high}:${low}`).toBe(false);
      expect(set.add({ high, low })).toBe(true);
      expect(set.add({ high, low })).toBe(false);
      expect(set.has({ high, low })).toBe(true);
    }
    expect(set.has({ high: 2, low: 2 })).toBe(false);
    expect(set.has({ high: 2049, low: 1 })).toBe(false);
  });

  it('goes on past its last slot at the first', () => {
    const set = new KeySet();
    for (let i = 0; i < 4; i++) expect(set.add({ high: 1024 * i + 1022, low: 1 })).toBe(true);
    for (let i = 0; i < 4; i++) expect(set.has({ high: 1024 * i + 1022, low: 1 })).toBe(true);
    expect(set.has({ high: 1024 * 4 + 1022, low: 1 })).toBe(false);
  });

  it('grows, and loses nothing by it', () => {
    const set = new KeySet();
    const count = 20_000;
    const lowOf = (i: number) => (Math.imul(i + 1, 0x9e3779b1) | 1) >>> 0;
    const all = Array.from({ length: count }, (_, i) => i);
    expect(all.filter((i) => !set.add({ high: i, low: lowOf(i) }))).toEqual([]);
    expect(all.filter((i) => !set.has({ high: i, low: lowOf(i) }))).toEqual([]);
    expect(all.filter((i) => set.has({ high: i + count, low: lowOf(i) }))).toEqual([]);
  });
});
