import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProfilePacker } from '../../src/batch/profile-packer.js';
import { changeOf, pack } from '../support/pack.js';
import { runs } from '../support/runs.js';
import { boundOf, CAPACITY, mixesOf, rng } from '../support/sizes.js';

/** Six entries, or 100 bytes with a comma for each. */
const FEW = { items: 6, bytes: 99 };
const MIXED = [4, 6, 9, 17, 2, 6, 20, 11, 2, 14, 4, 7, 12, 25, 4, 38, 26, 5, 15, 10, 4, 3, 2, 5];
const LARGE = [
  16, 19, 23, 28, 11, 19, 29, 24, 10, 26, 16, 21, 25, 31, 16, 35, 32, 18, 27, 23, 15, 13, 12, 18,
];
const some = (count: number, size: number) => new Array<number>(count).fill(size);

/** Takes requests until nothing waits. */
function rest(packer: ProfilePacker): number[][] {
  const requests: number[][] = [];
  while (packer.size > 0) requests.push(packer.take().map(({ item }) => item.length));
  return requests;
}

/** A packer in which these wait. */
function waiting(sizes: readonly number[], { capacity = FEW, lookahead = 0 } = {}): ProfilePacker {
  const packer = new ProfilePacker(capacity, lookahead);
  for (const [i, size] of sizes.entries()) packer.add(changeOf(size, i), size + 1);
  return packer;
}

describe('plans of users come to the same requests', () => {
  it('where both limits count, and what is to come is known', () => {
    expect(pack(MIXED, { capacity: FEW, lookahead: 10 }).requests).toEqual([
      [4, 6, 9, 17, 2, 6],
      [20, 11, 2, 14, 4, 7],
      [12, 25, 4, 38, 5, 10],
      [26, 15, 4, 3, 2, 5],
    ]);
  });

  it('where both limits count, and what is to come is not known', () => {
    expect(pack(MIXED, { capacity: FEW, lookahead: 10, told: false }).requests).toEqual([
      [4, 6, 9, 17, 2, 6],
      [20, 11, 14, 4, 7, 38],
      [2, 12, 25, 4, 26, 5],
      [15, 10, 4, 3, 2, 5],
    ]);
  });

  it('where bytes count', () => {
    expect(pack(LARGE, { capacity: FEW, lookahead: 10 }).requests).toEqual([
      [16, 23, 11, 29, 16],
      [19, 19, 21, 35],
      [28, 10, 26, 32],
      [24, 31, 15, 13, 12],
      [25, 27, 23, 18],
      [16, 18],
    ]);
  });
});

describe('plans of users come to as many requests', () => {
  const LESS = { items: 40, bytes: 40_000 };
  const MIXES = mixesOf(400, 60);

  // Of three plans of each mix: seeing 120 entries and told of the rest, 120 and not told, 60 and told, 60 and not told.
  // Where these change, let it be for the better.
  it.each<[string, number, number[]]>([
    ['log-uniform, 200 B to 6 KB', 55, [55, 55, 55, 55]],
    ['log-uniform, 200 B to 3 KB', 34, [34, 34, 34, 34]],
    ['80/20 of two sizes', 34, [34, 34, 34, 35]],
    ['80/20 of two ranges', 34, [34, 34, 34, 36]],
    ['80/20, both limits at once', 31, [31, 32, 31, 33]],
    ['long runs of one size', 54, [54, 54, 57, 57]],
    ['heavy tail to 60 KB', 30, [33, 33, 34, 34]],
    ['heavy tail to 150 KB', 36, [36, 36, 36, 37]],
    ['ascending ramp to 6 KB', 93, [93, 93, 96, 96]],
  ])('%s: where %i were the least', (mix, least, counts) => {
    const plans = [1, 2, 3].map((seed) => {
      const random = rng(seed);
      return Array.from({ length: 400 }, (_, i) =>
        Math.min(39_000, Math.round(MIXES[mix]?.(random, i) ?? 0)),
      );
    });
    const sum = (each: (sizes: readonly number[]) => number) =>
      plans.reduce((total, sizes) => total + each(sizes), 0);
    expect(sum((sizes) => boundOf(sizes, LESS))).toBe(least);
    expect(
      [120, 60].flatMap((lookahead) =>
        [true, false].map((told) =>
          sum((sizes) => pack(sizes, { capacity: LESS, lookahead, told }).requests.length),
        ),
      ),
    ).toEqual(counts);
  });
});

describe('what waits for a request', () => {
  it('is sent once and within the limits, whatever the sizes and limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 99 })), {
          maxLength: 40,
        }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 20 }),
        fc.boolean(),
        (sizes, items, lookahead, told) => {
          const capacity = { items, bytes: 99 };
          const { requests, waited } = pack(sizes, { capacity, lookahead, told });
          expect(requests.length).toBeGreaterThanOrEqual(boundOf(sizes, capacity));
          // More wait only while all of them fit in one request.
          expect(waited).toBeLessThanOrEqual(Math.max(lookahead, items) + 1);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it('goes in one request, in the order it came, as soon as it fits', () => {
    expect(rest(waiting([30, 10, 57]))).toEqual([[30, 10, 57]]);
    expect(rest(waiting(some(6, 1)))).toEqual([some(6, 1)]);
  });

  it('is ready when it is more than is looked at, and more than one request', () => {
    const packer = new ProfilePacker(FEW, 8);
    const ready = Array.from({ length: 10 }, (_, i) => {
      packer.add(changeOf(1, i), 2);
      return packer.ready;
    });
    expect(ready).toEqual([...some(8, 0), 1, 1].map(Boolean));
    expect([waiting(some(6, 1)).ready, waiting(some(7, 1)).ready]).toEqual([false, true]);
    expect([waiting([49, 49]).ready, waiting([49, 50]).ready]).toEqual([false, true]);
  });

  it('goes in the order it came where it is small, and no longer than that', () => {
    const sizes = Array.from({ length: 20 }, (_, i) => 1 + ((i * 7) % 14));
    expect(pack(sizes, { capacity: FEW, lookahead: 12 }).requests.flat()).toEqual(sizes);
  });

  it('leaves in every request the oldest, and the largest while there is choice', () => {
    const packer = waiting([3, 20, 4, 18, 22, 5, 90, 19, 21, 6, 17, 5]);
    expect(packer.take().map(({ key }) => key)).toEqual(expect.arrayContaining(['u0', 'u6']));
    // Where both do not fit, the largest goes first.
    expect(
      waiting([30, 20, 4, 18, 90, 5, 22])
        .take()
        .map(({ key }) => key),
    ).toContain('u4');
  });

  it('lets nothing wait for ever: the oldest goes with every request', () => {
    const packer = new ProfilePacker(CAPACITY, 100);
    const random = rng(5);
    const waiting: string[] = [];
    for (let i = 0; i < 2000; i++) {
      const size = Math.round(200 * 30 ** random());
      packer.add(changeOf(size, i), size + 1);
      waiting.push(`u${i}`);
      if (!packer.ready) continue;
      const taken = packer.take().map(({ key }) => key);
      expect(taken).toContain(waiting[0]);
      for (const key of taken) waiting.splice(waiting.indexOf(key), 1);
    }
  });

  it('makes no request of two entries where one is the limit, however large the largest', () => {
    const capacity = { items: 1, bytes: 1000 };
    expect(pack([1, 900], { capacity, lookahead: 1, told: false }).requests.length).toBe(2);
  });

  it('sends the largest with every request, and the oldest where both fit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 20, max: 40 }), fc.integer({ min: 20, max: 99 })), {
          maxLength: 30,
        }),
        (sizes) => {
          const packer = waiting(sizes);
          // By key: of two of one size either may be the largest, and only one of them is the oldest.
          const left = new Map(sizes.map((size, i) => [`u${i}`, size]));
          while (packer.size > 0) {
            const [oldest, size] = [...left][0] as [string, number];
            const largest = Math.max(...left.values());
            const taken = packer.take().map(({ key }) => key);
            expect(taken.map((key) => left.get(key))).toContain(largest);
            if (size < largest && size + largest + 2 <= 100) expect(taken).toContain(oldest);
            for (const key of taken) left.delete(key);
          }
        },
      ),
      { numRuns: runs(200), examples: [[[63, 20, 21, 21, 63]]] },
    );
    expect(
      waiting([29, 40, 41, 69, 30])
        .take()
        .map(({ key }) => key),
    ).toEqual(['u0', 'u3']);
  });

  it('is no longer to come', () => {
    const told = waiting([]);
    told.expect({ count: MIXED.length, bytes: MIXED.reduce((sum, size) => sum + size + 1, 0) });
    for (const [i, size] of MIXED.entries()) told.add(changeOf(size, i), size + 1);
    expect(rest(told)).toEqual(rest(waiting(MIXED)));
  });
});
