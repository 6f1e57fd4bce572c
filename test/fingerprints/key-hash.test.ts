import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyHasher, type KeyHash } from '../../src/fingerprints/key-hash.js';

const KEY = '0123456789abcdef'.repeat(2);

function hasher(fingerprintKey = KEY) {
  const hash = createKeyHasher(fingerprintKey);
  return (key: string): KeyHash => {
    const into = { high: -1, low: -1 };
    hash(key, into);
    return into;
  };
}

/** How often each of the 32 bits is set, over many hashes. */
function bitsOf(values: readonly number[]): number[] {
  return Array.from({ length: 32 }, (_, bit) => values.filter((value) => (value >>> bit) & 1).length);
}

describe('the hash of a key', () => {
  it('is two whole numbers of 32 bits, the second never 0, and the same each time', () => {
    fc.assert(
      fc.property(fc.string(), (key) => {
        const { high, low } = hasher()(key);
        for (const half of [high, low]) expect(half >>> 0).toBe(half);
        expect(low).not.toBe(0);
        expect(hasher()(key)).toEqual({ high, low });
      }),
    );
  });

  it('depends on the secret of the state', () => {
    const other = `fedcba98${KEY.slice(8)}`;
    const another = `${KEY.slice(0, 8)}fedcba98${KEY.slice(16)}`;
    const highs = [KEY, other, another].map((key) => hasher(key)('someone').high);
    const lows = [KEY, other, another].map((key) => hasher(key)('someone').low);
    expect(new Set(highs).size).toBe(3);
    expect(new Set(lows).size).toBe(3);
  });

  it.each<[string, (i: number) => string]>([
    ['numbers', (i) => `${i}`],
    ['numbers behind a name', (i) => `employee-${i}`],
    ['numbers before a name', (i) => `${i}-employee`],
    ['the same character, longer and longer', (i) => 'a'.repeat(i)],
    ['zeros, longer and longer', (i) => '\0'.repeat(i)],
    ['characters of the whole range', (i) => String.fromCharCode(i * 13)],
  ])('spreads %s over every bit, and no two meet', (_, keyOf) => {
    const hashes = Array.from({ length: 4000 }, (__, i) => hasher()(keyOf(i)));
    expect(new Set(hashes.map(({ high, low }) => `${high} ${low}`)).size).toBe(4000);
    // A few of 4,000 may meet in 32 bits by chance: 0.002 are expected.
    expect(new Set(hashes.map(({ high }) => high)).size).toBeGreaterThan(3996);
    for (const [bit, set] of bitsOf(hashes.map(({ high }) => high)).entries())
      expect(Math.abs(set - 2000), `high bit ${bit}`).toBeLessThan(250);
    // The lowest bit of the second is always set.
    for (const [bit, set] of bitsOf(hashes.map(({ low }) => low)).entries())
      if (bit > 0) expect(Math.abs(set - 2000), `low bit ${bit}`).toBeLessThan(250);
  });
});
