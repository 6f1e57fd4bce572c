import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { positionOf, RequestFit, type Sized } from '../../src/batch/exchange-entries.js';
import { runs } from '../support/runs.js';
import { MIXES, rng, type SizeOf } from '../support/sizes.js';

const entry = (bytes: number): Sized => ({ bytes });
const rising = (a: Sized, b: Sized) => a.bytes - b.bytes;

/** What a request may hold, and what is wanted of it. */
interface Limits {
  readonly room: number;
  readonly slots: number;
  readonly weight: number;
  readonly wanted: number;
}

/** The sizes that are chosen, rising. */
function choiceOf(
  { room, slots, weight, wanted }: Limits,
  inside: readonly number[],
  outside: readonly number[],
  fixed: readonly number[] = [],
): number[] {
  const chosen = inside.map(entry);
  const fit = new RequestFit(room, slots, weight, wanted, [...chosen], outside.map(entry));
  for (const bytes of fixed) fit.fix(chosen.find((one) => one.bytes === bytes) as Sized);
  return fit
    .solve()
    .sort(rising)
    .map((one) => one.bytes);
}

describe('the choice for one request', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }).map(entry), { maxLength: 25 });

  it('fits, holds what it must, and leaves nothing behind that would have fitted', () => {
    fc.assert(
      fc.property(
        sizes.filter((all) => all.length > 0),
        sizes,
        fc.integer({ min: 200, max: 1500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(24),
        fc.integer({ min: 1, max: 25 }),
        (chosen, left, room, weight, fixedAt, wanted) => {
          const inside = [...chosen].sort(rising);
          const outside = [...left].sort(rising);
          const fixed = inside[fixedAt % inside.length] as Sized;
          const slots = Math.max(inside.length, wanted);
          const fit = new RequestFit(room, slots, weight, wanted, [...inside], [...outside]);
          fit.fix(fixed);
          const choice = fit.solve();
          const bytes = choice.reduce((sum, one) => sum + one.bytes, 0);
          expect(bytes).toBeLessThanOrEqual(room);
          expect(choice.length).toBeLessThanOrEqual(slots);
          expect(choice).toContain(fixed);
          expect(new Set(choice).size).toBe(choice.length);
          const all = [...inside, ...outside];
          expect(choice.every((one) => all.includes(one))).toBe(true);
          if (choice.length === slots) return;
          const rest = all.filter((one) => !choice.includes(one));
          expect(rest.filter((one) => bytes + one.bytes <= room)).toEqual([]);
        },
      ),
      { numRuns: runs(500) },
    );
  });

  const times = (n: number, bytes: number) => new Array<number>(n).fill(bytes);

  // A request of 100 bytes.
  it.each<[string, Omit<Limits, 'room'>, number[], number[], number[]]>([
    [
      'gives back by the exchange that just suffices',
      { slots: 3, weight: 0, wanted: 3 },
      [30, 40, 50],
      [5, 10, 20, 28],
      [10, 40, 50],
    ],
    [
      'exchanges the largest while no exchange suffices',
      { slots: 3, weight: 1, wanted: 3 },
      [60, 70, 80],
      [20, 30],
      [30, 70],
    ],
    [
      'leaves a slot empty where only bytes count and that wastes fewer',
      { slots: 3, weight: 1, wanted: 3 },
      [20, 40, 60],
      [2, 3],
      [40, 60],
    ],
    [
      'leaves none empty where only slots count',
      { slots: 3, weight: 0, wanted: 3 },
      [20, 40, 60],
      [2, 3],
      [3, 20, 60],
    ],
    [
      'gives back the least that suffices where nothing is left',
      { slots: 4, weight: 1, wanted: 4 },
      [20, 30, 40, 45],
      [],
      [20, 30, 45],
    ],
    [
      'gives back the largest where one is not enough',
      { slots: 5, weight: 1, wanted: 5 },
      [30, 40, 50, 60, 70],
      [],
      [40, 60],
    ],
    [
      'takes nothing larger when it is too full',
      { slots: 3, weight: 1, wanted: 3 },
      [40, 41, 42],
      [50, 60],
      [42, 50],
    ],
    [
      'exchanges the smallest for the largest that fits',
      { slots: 3, weight: 1, wanted: 3 },
      [10, 10, 10],
      [20, 30, 50, 95],
      [20, 30, 50],
    ],
    [
      'comes nearer to its limit exchange by exchange',
      { slots: 4, weight: 1, wanted: 4 },
      [10, 11, 12, 13],
      [14, 20, 26, 28, 33],
      [13, 26, 28, 33],
    ],
    [
      'fills what is left with the largest that fit',
      { slots: 4, weight: 1, wanted: 2 },
      [30, 30],
      [30, 31, 32, 35],
      [31, 32, 35],
    ],
    ['has no more entries than slots', { slots: 3, weight: 1, wanted: 3 }, [30, 30], [1, 2, 3], [3, 30, 30]],
    [
      'gives many small ones for a large one where that fills it better',
      { slots: 12, weight: 1, wanted: 2 },
      times(10, 8),
      [96],
      [96],
    ],
    [
      'keeps many small ones that fill it',
      { slots: 12, weight: 1, wanted: 2 },
      times(10, 10),
      [96],
      times(10, 10),
    ],
    [
      'gives a large one for many small ones where slots count',
      { slots: 10, weight: 0, wanted: 8 },
      [50, 50],
      [2, 2, 3, 3, 4, 4, 5, 5],
      [2, 2, 3, 3, 4, 4, 5, 5, 50],
    ],
    [
      'keeps two large ones that fill it where bytes count',
      { slots: 10, weight: 1, wanted: 8 },
      [50, 50],
      [2, 2, 3, 3, 4, 4, 5, 5],
      [50, 50],
    ],
    [
      'takes no more small ones for a large one than there are slots',
      { slots: 4, weight: 0, wanted: 8 },
      [50, 50],
      [2, 2, 3, 3, 4, 4, 5, 5],
      [2, 2, 3, 50],
    ],
    [
      'gives one back where all are of one size',
      { slots: 3, weight: 1, wanted: 3 },
      [40, 40, 40],
      [40],
      [40, 40],
    ],
    [
      'exchanges as many as there is room for',
      { slots: 5, weight: 1, wanted: 5 },
      times(5, 18),
      times(5, 19),
      times(5, 19),
    ],
    [
      'tells sizes apart that are next to each other',
      { slots: 2, weight: 1, wanted: 2 },
      [7],
      [6, 11],
      [7, 11],
    ],
    [
      'gives nothing for what is larger, where more are wanted',
      { slots: 6, weight: 1, wanted: 6 },
      [20, 40, 40],
      [50, 60],
      [20, 40, 40],
    ],
    [
      'keeps what it has where the other way is no better',
      { slots: 6, weight: 0, wanted: 4 },
      [50, 75],
      [],
      [75],
    ],
    [
      'leaves two bytes free for the balance of sizes',
      { slots: 10, weight: 1, wanted: 8 },
      [50, 50],
      times(8, 6),
      [...times(8, 6), 50],
    ],
  ])('%s', (_, limits, inside, outside, expected) => {
    expect(choiceOf({ room: 100, ...limits }, inside, outside)).toEqual(expected);
  });

  it('exchanges what it may, and not what it must hold', () => {
    const limits = { room: 100, slots: 3, weight: 1, wanted: 3 };
    expect(choiceOf(limits, [30, 40, 50], [5, 20, 30])).toEqual([20, 30, 50]);
    expect(choiceOf(limits, [30, 40, 50], [5, 20, 30], [40])).toEqual([30, 30, 40]);
  });

  it('holds the very one it must, among others of its size', () => {
    const same = [20, 20, 20].map(entry);
    for (const held of same) {
      const fit = new RequestFit(30, 3, 1, 1, [...same], []);
      fit.fix(held);
      const [one, ...more] = fit.solve();
      expect([one === held, more]).toEqual([true, []]);
    }
  });

  it('holds what it must where that is all it has, more than wanted or less', () => {
    const limits = { room: 100, slots: 6, weight: 1 };
    expect(choiceOf({ ...limits, wanted: 1 }, [20, 22, 24, 26], [50], [20, 22, 24, 26])).toEqual([
      20, 22, 24, 26,
    ]);
    expect(choiceOf({ ...limits, wanted: 6 }, [45, 50], [10, 20], [45, 50])).toEqual([45, 50]);
  });

  it('finds the one exchange that fills it', () => {
    // 10 + 20 + 30 leave 7: only 20 for 27 takes them.
    expect(choiceOf({ room: 67, slots: 3, weight: 1, wanted: 3 }, [10, 20, 30], [5, 24, 27, 40])).toEqual([
      10, 27, 30,
    ]);
  });

  /** What a hundred choices leave free of some 950 slots of 1000 bytes each, and by how many entries they are out of balance. */
  function wasteOf(sizeOf: SizeOf, weight: number) {
    const random = rng(7);
    const waste = { bytes: 0, slots: 0, balance: 0 };
    for (let i = 0; i < 100; i++) {
      const slots = 4 + Math.floor(random() * 12);
      const draw = (count: number) =>
        Array.from({ length: count }, (_, at) => Math.round(sizeOf(random, at))).sort((a, b) => a - b);
      const inside = draw(1 + Math.floor(random() * slots));
      const outside = draw(20 + Math.floor(random() * 40));
      const room = 1000 * slots;
      const choice = choiceOf({ room, slots, weight, wanted: inside.length }, inside, outside);
      waste.bytes += room - choice.reduce((sum, bytes) => sum + bytes, 0);
      waste.slots += slots - choice.length;
      waste.balance += Math.abs(choice.length - inside.length);
    }
    return waste;
  }

  // Where these change, let it be for the better.
  it.each([
    ['log-uniform, 200 B to 6 KB', 0, 1883, 374, 17],
    ['log-uniform, 200 B to 6 KB', 0.9, 1866, 377, 20],
    ['log-uniform, 200 B to 3 KB', 1, 2965, 340, 51],
    ['80/20 of two sizes', 0, 143_750, 92, 299],
    ['80/20 of two sizes', 0.9, 100_250, 207, 260],
    ['80/20, both limits at once', 0.5, 31_951, 259, 156],
    ['80/20, both limits at once', 1, 29_807, 273, 154],
  ])('wastes what it always did: %s, bytes count %f', (mix, weight, bytes, slots, balance) => {
    expect(wasteOf(MIXES[mix] as SizeOf, weight)).toEqual({ bytes, slots, balance });
  });

  it('a place among entries that rise is that of the first which is large enough', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 201 }), (all, bytes) => {
        const entries = [...all].sort(rising);
        const found = entries.findIndex((one) => one.bytes >= bytes);
        expect(positionOf(entries, bytes)).toBe(found < 0 ? entries.length : found);
      }),
    );
  });
});
