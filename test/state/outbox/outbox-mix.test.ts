import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pace } from '../../../src/state/outbox/outbox-mix.js';

const STEPS = 200;
/** Golden steps leave three or four between what is due and what was given, over any run of ranks; others leave more. */
const FEW = 5;

/** The paces of stretches of so many changes, the largest first, as they are mixed. */
function pacesOf(counts: readonly number[]): Pace[] {
  let larger = 0;
  return counts.map((count) => {
    const pace = new Pace(count, larger);
    larger += count;
    return pace;
  });
}

/** How far each stretch is from its share, at every step of the whole. */
function* gapsOf(counts: readonly number[]): Generator<number[], void, undefined> {
  const paces = pacesOf(counts);
  for (let step = 0; step <= STEPS; step++) {
    const share = step / STEPS;
    yield paces.map((pace, i) => {
      pace.taken = pace.due(share);
      return pace.taken - share * (counts[i] as number);
    });
  }
}

describe('the pace of a stretch in a mix', () => {
  it('begins with nothing, never goes back, and ends with all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 100_000 })), {
          maxLength: 20,
        }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        (counts, shares) => {
          const rising = [0, ...shares.sort((a, b) => a - b), 1];
          for (const [i, pace] of pacesOf(counts).entries()) {
            for (const share of rising) {
              const due = pace.due(share);
              if (share === 0) expect(due).toBe(0);
              expect(due).toBeGreaterThanOrEqual(pace.taken);
              pace.taken = due;
            }
            expect(pace.taken).toBe(counts[i]);
          }
        },
      ),
    );
  });

  it('begins with nothing and ends with all, where many come before it', () => {
    for (const count of [1, 2, 256, 257, 5000])
      for (let larger = 0; larger < 50; larger++) {
        const pace = new Pace(count, larger);
        expect([pace.due(0), pace.due(1)]).toEqual([0, count]);
      }
  });

  it('is never more than one from its share where the stretch is long', () => {
    for (const gaps of gapsOf([300, 1000, 5000, 257, 90_000]))
      for (const gap of gaps) expect(Math.abs(gap)).toBeLessThanOrEqual(1);
  });

  // Equal counts are the hard case, most of all Fibonacci's: were each stretch spread by itself, all would be early or late at once.
  it.each([
    ['one each', 1, 3000],
    ['seven each', 7, 400],
    ['21 each', 21, 150],
    ['89 each', 89, 40],
    ['144 each', 144, 40],
  ])('neighbours in size stand together as evenly as each alone: %s', (_, count, stretches) => {
    for (const gaps of gapsOf(new Array<number>(stretches).fill(count))) {
      // The gap of a run of neighbours is the difference of two of these sums.
      let [sum, lowest, highest] = [0, 0, 0];
      for (const gap of gaps) {
        sum += gap;
        lowest = Math.min(lowest, sum);
        highest = Math.max(highest, sum);
      }
      expect(highest - lowest).toBeLessThan(FEW);
    }
  });
});
