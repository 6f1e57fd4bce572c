import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseEntries } from '../../src/batch/choose-entries.js';

const entries = (sizes: readonly number[]) => sizes.map((bytes, place) => ({ bytes, place }));
const sum = (sizes: readonly { readonly bytes: number }[]) =>
  sizes.reduce((total, { bytes }) => total + bytes, 0);

/** Sizes of what waits, and the items and bytes of a request. */
const anyRequest = [
  fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 60 }),
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 100, max: 400 }),
] as const;

describe('the entries of a request', () => {
  it('are some of those that wait, each once, with the oldest among them, and fit', () => {
    fc.assert(
      fc.property(...anyRequest, (sizes, items, bytes) => {
        const waiting = entries(sizes);
        const chosen = chooseEntries(waiting, { items, bytes });
        expect(new Set(chosen).size).toBe(chosen.length);
        expect(chosen.every((entry) => waiting.includes(entry))).toBe(true);
        expect(chosen).toContain(waiting[0]);
        expect(chosen.length).toBeLessThanOrEqual(items);
        expect(sum(chosen)).toBeLessThanOrEqual(bytes);
      }),
    );
  });

  it('leave nothing behind that would fit as well', () => {
    fc.assert(
      fc.property(...anyRequest, (sizes, items, bytes) => {
        const waiting = entries(sizes);
        const chosen = chooseEntries(waiting, { items, bytes });
        if (chosen.length === items) return;
        const left = bytes - sum(chosen);
        for (const entry of waiting) if (!chosen.includes(entry)) expect(entry.bytes).toBeGreaterThan(left);
      }),
    );
  });

  it('fill the last byte by an exchange, where one does', () => {
    // The four oldest leave 5 bytes; 25 for 20 uses them.
    const chosen = chooseEntries(entries([20, 20, 20, 20, 25, 25, 90]), { items: 4, bytes: 85 });
    expect(sum(chosen)).toBe(85);
    expect(chosen).toHaveLength(4);
  });

  it('keep their number where the oldest are too large, by an exchange for smaller ones', () => {
    const chosen = chooseEntries(entries([10, 40, 40, 40, 10, 10, 10, 10]), { items: 4, bytes: 85 });
    expect(chosen).toHaveLength(4);
    expect(sum(chosen)).toBeLessThanOrEqual(85);
  });

  it('are few where only large ones wait', () => {
    expect(chooseEntries(entries([60, 60, 60]), { items: 4, bytes: 100 }).map(({ place }) => place)).toEqual([
      0,
    ]);
  });

  it('come in order of age where all are alike', () => {
    const chosen = chooseEntries(entries(Array<number>(30).fill(10)), { items: 5, bytes: 100 });
    expect(chosen.map(({ place }) => place).sort()).toEqual([0, 1, 2, 3, 4]);
  });
});
