import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowIndex, type RowFinder, type TakeHashes } from '../../../src/state/lmdb/row-index.js';
import { runs } from '../../support/runs.js';

const LAST = 0xffffffff;
type Row = readonly [row: number, hash: number];

/** Hashes of which many are the same, many share a bucket, and many are told apart by a bit alone. */
const anyHash = fc.oneof(
  fc.nat(3),
  fc.integer({ min: LAST - 3, max: LAST }),
  fc.integer({ min: 0, max: 31 }).map((bit) => (1 << bit) >>> 0),
  fc.integer({ min: 0, max: LAST }),
);
const anyHashes = fc.array(anyHash, { maxLength: 60 });

/** All rows that are found by a hash. */
function allOf(finder: Pick<RowFinder, 'first' | 'next'>, hash: number): number[] {
  const rows: number[] = [];
  for (let row = finder.first(hash); row >= 0; row = finder.next()) rows.push(row);
  return rows.sort((a, b) => a - b);
}

/** Tells rows as a baseline does: a page at a time, in arrays that are used again and hold more than they are told of. */
function tellInPages(rows: readonly Row[], tell: TakeHashes): void {
  const numbers = new Uint32Array(97).fill(LAST);
  const hashes = new Uint32Array(97);
  for (let start = 0; start < rows.length; start += 96) {
    const page = rows.slice(start, start + 96);
    for (const [i, [row, hash]] of page.entries()) {
      numbers[i] = row;
      hashes[i] = hash;
    }
    tell(numbers, hashes, page.length);
  }
}

const indexOf = (rows: readonly Row[], most = rows.length) =>
  new RowIndex(most, (tell) => tellInPages(rows, tell));

/** Many hashes, spread over all that there are. */
const spread = (i: number) => Math.imul(i, 0x9e3779b1) >>> 0;

/** What must be found by a hash, and what may be: rows whose hash begins as it does are told apart by their keys. */
function expectFound(found: readonly number[], rows: readonly Row[], hash: number, bits: number): void {
  const sharing = (shift: number) =>
    rows
      .filter(([, other]) => other >>> shift === hash >>> shift)
      .map(([row]) => row)
      .sort((a, b) => a - b);
  expect(found).toEqual(expect.arrayContaining(sharing(0)));
  // None is found twice, and none that has little to do with the hash.
  const like = sharing(32 - bits);
  expect(found.filter((row) => like.includes(row))).toEqual(found);
  expect(new Set(found).size).toBe(found.length);
}

describe('an index of rows', () => {
  it('finds every row by the hash of its key, those that came later too, and few others', () => {
    fc.assert(
      fc.property(fc.nat(3000), anyHashes, anyHashes, anyHashes, (many, own, later, asked) => {
        const hashes = [...own, ...Array.from({ length: many }, (_, i) => spread(i))];
        const rows = hashes.map((hash, i): Row => [i + 1, hash]);
        const index = indexOf(rows);
        for (const [i, hash] of later.entries()) index.put(rows.length + i + 1, hash);
        const all = [...rows, ...later.map((hash, i): Row => [rows.length + i + 1, hash])];
        for (const hash of new Set([...own, ...later, ...asked, ...hashes.slice(-20)]))
          expectFound(allOf(index, hash), all, hash, 17);
      }),
      { numRuns: runs(60) },
    );
  });

  it('tells more hashes apart the more rows there may be: of ten millions all', () => {
    const bits = [0, ...Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0)];
    const rows = bits.map((hash, i): Row => [i + 1, hash]);
    const index = indexOf(rows, 30_000_000);
    for (const [row, hash] of rows) expect(allOf(index, hash)).toEqual([row]);
  });

  it('asks for the hashes twice, and says so', () => {
    const asked: boolean[] = [];
    new RowIndex(3, (_tell, isRepeated) => asked.push(isRepeated));
    expect(asked).toEqual([false, true]);
  });

  it('is worth building anew once more rows came later than it was built of, and not for a few', () => {
    const put = (index: RowIndex, count: number) => {
      for (let i = 0; i < count; i++) index.put(i, spread(i));
      return index.isTopHeavy;
    };
    const few = indexOf([]);
    expect(put(few, 50_000)).toBe(false);
    expect(put(few, 1)).toBe(true);
    const many = indexOf(Array.from({ length: 60_000 }, (_, i): Row => [i, spread(i)]));
    expect(put(many, 60_000)).toBe(false);
    expect(put(many, 1)).toBe(true);
  });
});
