import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DigestTable } from '../../src/fingerprints/digest-table.js';
import { runs } from '../support/runs.js';

const LAST = 0xffffffff;
type Words = readonly [number, number, number, number];
const ZEROS: Words = [0, 0, 0, 0];

/** Digests of which many meet: a search begins where the last word says, and goes on past the last slot. */
const anyWord = fc.oneof(
  fc.nat(3),
  fc.integer({ min: LAST - 3, max: LAST }),
  fc.integer({ min: 0, max: LAST }),
);
const anyDigest: fc.Arbitrary<Words> = fc
  .tuple(anyWord, anyWord, anyWord)
  // The last word is no more than where to look: what tells two apart is before it.
  .map(([a, b, c]): Words => [a, b, c, a])
  .filter((words) => words.join() !== ZEROS.join());
const anyDigests = fc.uniqueArray(anyDigest, { selector: String, maxLength: 80 });
const isOrdinary = (words: Words) => words !== ZEROS;
const block = (rows: readonly Words[]) => Uint32Array.from(rows.flat());

/** A table of just these, whose rows came in one block or in several. */
function filled(...blocks: (readonly Words[])[]): DigestTable {
  const table = new DigestTable(blocks.flat().filter(isOrdinary).length);
  for (const rows of blocks) table.addBlock(block(rows), rows.length);
  return table;
}
const slotOf = (table: DigestTable, words: Words) => table.find(...words);
/** Scattered over all slots, as digests are. */
const scattered = (count: number) =>
  Array.from({ length: count }, (_, i): Words => [i, 0, 1, Math.imul(i + 1, 0x9e3779b1) >>> 0]);
/** All of them begin their search at the first slot, so that they stand one behind the other. */
const inARow = (count: number) => Array.from({ length: count }, (_, i): Words => [i + 1, 7, 7, 7]);

describe('a table of digests', () => {
  it('finds what was put in and nothing else, one by one or many at once', () => {
    const anyRows = fc.array(fc.oneof(anyDigest, fc.constant(ZEROS)), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(anyRows, { maxLength: 4 }), anyDigests, (blocks, others) => {
        const plain = new Set<string>();
        const once = blocks.map((rows) =>
          rows.filter((words) => {
            if (!isOrdinary(words)) return true;
            return !plain.has(String(words)) && plain.add(String(words));
          }),
        );
        const table = filled(...once);
        const asked = [...once.flat().filter(isOrdinary), ...others];
        const slots = asked.map((words) => slotOf(table, words));
        expect(slots.map((slot) => slot >= 0)).toEqual(asked.map((words) => plain.has(String(words))));
        expect(new Set(slots.filter((slot) => slot >= 0)).size).toBe(plain.size);
        expect([...table.findEach(block(asked), asked.length).subarray(0, asked.length)]).toEqual(slots);
      }),
      { numRuns: runs(100) },
    );
  });

  it('remembers what was compared and what is present, and which may be absent', () => {
    const anyStep = fc.record({ what: fc.constantFrom('compare', 'present'), which: fc.nat() });
    fc.assert(
      fc.property(anyDigests, fc.array(anyStep, { maxLength: 120 }), (all, steps) => {
        const table = filled(all);
        const compared = new Set<number>();
        const present = new Set<number>();
        for (const { what, which } of all.length === 0 ? [] : steps) {
          const slot = slotOf(table, all[which % all.length] as Words);
          if (what === 'present') table.markPresent(slot);
          else {
            expect(table.markCompared(slot)).toBe(!compared.has(slot));
            compared.add(slot);
          }
          present.add(slot);
          expect(table.allPresent).toBe(present.size === all.length);
        }
        const mayBeAbsent = table.absenceFilter();
        for (const words of all) {
          const isPresent = present.has(slotOf(table, words));
          expect(table.isPresent(slotOf(table, words))).toBe(isPresent);
          if (!isPresent) expect(mayBeAbsent(words[0])).toBe(true);
        }
        expect(table.allPresent).toBe(present.size === all.length);
      }),
      { numRuns: runs(100) },
    );
  });

  it.each([0, 1, 2, 3, 4, 5, 9, 30])('of %i rows ends a search for what is not there', (count) => {
    for (const rows of [scattered(count), inARow(count)]) {
      const table = filled(rows);
      expect(table.allPresent).toBe(count === 0);
      for (const last of [0, count + 1, LAST]) expect(table.find(3, 3, 3, last)).toBe(-1);
      for (const words of rows) expect(table.markCompared(slotOf(table, words))).toBe(true);
      expect(table.allPresent).toBe(true);
      for (const words of rows) expect(table.markCompared(slotOf(table, words))).toBe(false);
    }
  });

  it('tells digests apart by each of their words but the last, which says where to look', () => {
    const one: Words = [5, 6, 7, 8];
    const table = filled([one]);
    expect(slotOf(table, one)).toBeGreaterThanOrEqual(0);
    for (let word = 0; word < 3; word++) {
      const other = one.map((value, i) => (i === word ? value + 1 : value)) as unknown as Words;
      expect(slotOf(table, other)).toBe(-1);
    }
    expect(table.find(5, 6, 7, LAST)).toBe(-1);
  });

  it('takes digests with zeros or ones among their words for ordinary ones', () => {
    const rows: Words[] = [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, LAST, LAST],
      [LAST, LAST, 0, LAST],
      [LAST, LAST, LAST, LAST],
    ];
    const table = filled([ZEROS, ...rows]);
    for (const words of rows) expect(table.markCompared(slotOf(table, words))).toBe(true);
    expect(table.allPresent).toBe(true);
    expect(slotOf(table, ZEROS)).toBe(-1);
  });

  it('does not take a digest whose first words are zeros, and does not count it', () => {
    const table = filled([[0, 0, 0, 1]]);
    expect(table.find(0, 0, 0, 1)).toBe(-1);
    expect(table.allPresent).toBe(true);
  });

  it('reads of a block only as many as there are said to be', () => {
    const rows = scattered(5000);
    const beyond: Words[] = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ];
    const table = new DigestTable(rows.length);
    table.addBlock(block([...rows, ...beyond]), rows.length);
    const slots = table.findEach(block([...rows, ...beyond]), rows.length).slice(0, rows.length);
    expect(slots.every((slot) => slot >= 0)).toBe(true);
    expect(new Set(slots).size).toBe(rows.length);
    for (const words of beyond) expect(slotOf(table, words)).toBe(-1);
    for (const slot of slots) table.markPresent(slot);
    expect(table.allPresent).toBe(true);
  });

  it('answers for many at once what it answers for each, also while single ones are asked for in between', () => {
    const rows = scattered(10);
    const table = filled(rows);
    const asked = rows.toReversed();
    const slots = table.findEach(block(asked), asked.length);
    expect(asked.map((row) => slotOf(table, row))).toEqual([...slots]);
    expect([...table.findEach(block(asked), 3).subarray(0, 3)]).toEqual([...slots.subarray(0, 3)]);
  });

  it('never says of an absent one that it is present, wherever it stands among others that are', () => {
    const rows = inARow(100);
    for (const absent of rows) {
      const table = filled(rows);
      for (const words of rows) if (words !== absent) table.markPresent(slotOf(table, words));
      expect(table.allPresent).toBe(false);
      const mayBeAbsent = table.absenceFilter();
      expect(rows.filter(([first]) => mayBeAbsent(first))).toEqual([absent]);
    }
  });

  it('says of hardly any that is present that it may be absent', () => {
    const rows = scattered(20_000);
    const table = filled(rows);
    for (const words of rows.slice(10)) table.markPresent(slotOf(table, words));
    const mayBeAbsent = table.absenceFilter();
    expect(rows.slice(0, 10).filter(([first]) => !mayBeAbsent(first))).toEqual([]);
    expect(rows.filter(([first]) => mayBeAbsent(first)).length).toBeLessThan(50);
  });
});
