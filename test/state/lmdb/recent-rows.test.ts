import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentRows } from '../../../src/state/lmdb/recent-rows.js';
import { RowScan } from '../../../src/state/lmdb/row-scan.js';
import type { RowFinder, TakeHashes } from '../../../src/state/lmdb/row-index.js';

const LAST = 0xffffffff;
/** Hashes of which many meet, and many begin their search at the end of the table. */
const anyHash = fc.oneof(
  fc.nat(3),
  fc.integer({ min: LAST - 3, max: LAST }),
  fc.integer({ min: 0, max: LAST }),
);
const anyRows = fc.array(fc.tuple(fc.nat(1000), anyHash), { maxLength: 60 });

/** All rows that are found by a hash. */
function allOf(finder: Pick<RowFinder, 'first' | 'next'>, hash: number): number[] {
  const rows: number[] = [];
  for (let row = finder.first(hash); row >= 0; row = finder.next()) rows.push(row);
  return rows;
}

describe('rows that were given to keys', () => {
  it('are found by their hash, in the order in which they came', () => {
    fc.assert(
      fc.property(anyRows, fc.array(anyHash), (rows, asked) => {
        const recent = new RecentRows();
        for (const [row, hash] of rows) recent.put(row, hash);
        for (const hash of [...rows.map(([, h]) => h), ...asked])
          expect(allOf(recent, hash)).toEqual(rows.filter(([, h]) => h === hash).map(([row]) => row));
        expect(recent.size).toBe(rows.length);
      }),
    );
  });

  it('however many they are', () => {
    const recent = new RecentRows();
    const count = 10_000;
    const hashOf = (i: number) => Math.imul(i, 0x9e3779b1) >>> 0;
    for (let i = 0; i < count; i++) {
      recent.put(i, hashOf(i));
      if (i % 10 === 0) recent.put(i + count, hashOf(i));
    }
    for (let i = 0; i < count; i++)
      expect(allOf(recent, hashOf(i)).sort((a, b) => a - b)).toEqual(i % 10 === 0 ? [i, i + count] : [i]);
    expect(allOf(recent, hashOf(count))).toEqual([]);
    expect(recent.size).toBe(count + count / 10);
  });

  it('are told one hash after another', () => {
    const recent = new RecentRows();
    for (const row of [5, 6, 7]) recent.put(row, 9);
    recent.put(8, 10);
    expect(recent.first(9)).toBe(5);
    expect(recent.first(10)).toBe(8);
    expect(recent.next()).toBe(-1);
    expect(recent.first(9)).toBe(5);
    expect(recent.next()).toBe(6);
  });
});

/** Tells rows as a baseline does: a page at a time, in arrays that are used again and hold more than they are told of. */
function tellInPages(rows: readonly (readonly [row: number, hash: number])[], tell: TakeHashes): void {
  const numbers = new Uint32Array(4);
  const hashes = new Uint32Array(4);
  for (let start = 0; start < rows.length; start += 3) {
    const page = rows.slice(start, start + 3);
    for (const [i, [row, hash]] of page.entries()) {
      numbers[i] = row;
      hashes[i] = hash;
    }
    tell(numbers, hashes, page.length);
  }
}

describe('a scan for some keys', () => {
  it('finds their rows as an index would, and those that are put in later', () => {
    fc.assert(
      fc.property(anyRows, fc.array(anyHash), anyRows, (rows, wanted, later) => {
        const passes: boolean[] = [];
        const scan = new RowScan(wanted, (tell, isRepeated) => {
          passes.push(isRepeated);
          tellInPages(rows, tell);
        });
        expect(passes).toEqual([false]);
        for (const [row, hash] of later) scan.put(row, hash);
        const found = [...rows.filter(([, hash]) => wanted.includes(hash)), ...later];
        for (const hash of new Set([...wanted, ...later.map(([, h]) => h)]))
          expect(allOf(scan, hash)).toEqual(found.filter(([, h]) => h === hash).map(([row]) => row));
      }),
    );
  });

  it('finds no row of a key that it does not look for, however near its hash', () => {
    const hashes = [0, 1, 2 ** 13, 2 ** 14, 2 ** 17, 2 ** 31, LAST - 1, LAST];
    for (const wanted of hashes) {
      const scan = new RowScan([wanted], (tell) =>
        tellInPages(
          hashes.map((hash, row) => [row, hash] as const),
          tell,
        ),
      );
      for (const [row, hash] of hashes.entries())
        expect(allOf(scan, hash)).toEqual(hash === wanted ? [row] : []);
    }
  });
});
