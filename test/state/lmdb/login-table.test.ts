import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LoginTable } from '../../../src/state/lmdb/login-table.js';

/** Few values, from both ends and the middle: many are equal, and searches go on from the last slot at the first. */
const anyWord = fc.oneof(
  fc.constantFrom(1, 2, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff),
  fc.integer({ min: 1, max: 0xffffffff }),
);

it('a table has the rows of each hash, however many there are and however large it was made', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyWord, fc.nat(50)), { maxLength: 200 }),
      fc.nat(200),
      anyWord,
      (entries, size, other) => {
        const table = new LoginTable(size);
        const plain = new Map<number, Set<number>>([[other, new Set()]]);
        for (const [word, row] of entries) {
          table.add(word, row);
          plain.set(word, (plain.get(word) ?? new Set()).add(row));
        }
        for (const [word, rows] of plain) expect([...table.rowsOf(word)].sort()).toEqual([...rows].sort());
      },
    ),
  );
});
