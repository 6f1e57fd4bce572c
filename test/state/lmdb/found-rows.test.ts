import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FoundRows } from '../../../src/state/lmdb/found-rows.js';

const words = (first: number) => Uint32Array.from([first, first + 1, first + 2, first + 3]);

describe('rows that were found', () => {
  it('are what was said of them last, or not remembered', () => {
    const step = fc.record({
      what: fc.constantFrom('set', 'forget', 'clear'),
      row: fc.nat({ max: 20 }),
      key: fc.string({ maxLength: 3 }),
      print: fc.nat({ max: 0xfffffff0 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const found = new FoundRows();
        const expected = new Map<number, { key: string; words: Uint32Array }>();
        for (const { what, row, key, print } of steps) {
          if (what === 'set') {
            found.set(row, key, words(print));
            expected.set(row, { key, words: words(print) });
          } else if (what === 'forget') {
            found.forget(row);
            expected.delete(row);
          } else {
            found.clear();
            expected.clear();
          }
        }
        for (let row = 0; row <= 20; row++) {
          // Of a row that is not remembered nothing is put there, and nothing ever behind the four.
          const into = Uint32Array.of(9, 9, 9, 9, 9);
          expect(found.get(row, into)).toBe(expected.get(row)?.key);
          expect([...into]).toEqual([...(expected.get(row)?.words ?? [9, 9, 9, 9]), 9]);
        }
      }),
    );
  });

  it('are no more than two sessions change', () => {
    const found = new FoundRows();
    const into = new Uint32Array(4);
    for (let row = 0; row < 40_000; row++) found.set(row, `k${row}`, words(row));
    const remembered = Array.from({ length: 40_000 }, (_, row) => found.get(row, into)).filter(Boolean);
    expect(remembered.length).toBeGreaterThan(0);
    expect(remembered.length).toBeLessThanOrEqual(16_384);
    expect(found.get(39_999, into)).toBe('k39999');
    expect(into).toEqual(words(39_999));
  });
});
