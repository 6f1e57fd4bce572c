import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entity } from '../../../src/core/model.js';
import type { Tables } from '../../../src/state/lmdb/lmdb-tables.js';
import { RowOverlay, type OverlaidRow } from '../../../src/state/lmdb/row-overlay.js';
import {
  copyWords,
  HASH_WORDS_AT,
  PAGE_WORDS,
  RowPage,
  ROWS_PER_PAGE,
  WORDS,
} from '../../../src/state/lmdb/row-page.js';
import { plainTable } from '../../support/plain-table.js';
import { runs } from '../../support/runs.js';

const tablesOf = (overlays = plainTable<Buffer>()) => ({ overlays }) as unknown as Tables;
const ofEightBits = (min: number, max: number) =>
  fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((n) => String.fromCharCode(n)),
    minLength: min,
    maxLength: max,
  });
const anyPrint = fc.oneof(fc.constant(''), fc.constant(undefined), ofEightBits(16, 16));
const anyRow: fc.Arbitrary<[number, OverlaidRow]> = fc.tuple(
  fc.nat(3 * ROWS_PER_PAGE),
  fc
    .record({
      fingerprint: anyPrint,
      prints: ofEightBits(0, 8),
      key: fc.option(fc.string({ unit: fc.constantFrom('a', 'ä', '汉'), maxLength: 4 }), { nil: undefined }),
      hash: fc.integer({ min: 0, max: 0xffffffff }),
    })
    .map((row) => (row.fingerprint === undefined ? { ...row, key: undefined, prints: '', hash: 0 } : row)),
);
const anyCommits = fc.array(fc.uniqueArray(anyRow, { selector: ([row]) => row, maxLength: 30 }), {
  maxLength: 6,
});

/** What the rows are after all commits: a key that was given to a row stays until it is free. */
function after(commits: readonly (readonly [number, OverlaidRow])[][]): Map<number, OverlaidRow> {
  const rows = new Map<number, OverlaidRow>();
  for (const commit of commits)
    for (const [row, now] of commit) {
      const before = rows.get(row);
      const keeps = now.key === undefined && now.fingerprint !== undefined && before?.key !== undefined;
      rows.set(row, keeps ? { ...now, key: before.key, hash: before.hash } : now);
    }
  return rows;
}

function filled(commits: readonly (readonly [number, OverlaidRow])[][]) {
  const overlays = plainTable<Buffer>();
  const overlay = new RowOverlay(tablesOf(overlays), 'users');
  for (const commit of commits) overlay.add(new Map(commit));
  return { overlay, overlays };
}

describe('rows that changed since their pages were written', () => {
  it('are what was said of them last, now and when they are read again', () => {
    fc.assert(
      fc.property(anyCommits, (commits) => {
        const { overlay, overlays } = filled(commits);
        const plain = after(commits);
        for (const each of [overlay, new RowOverlay(tablesOf(overlays), 'users')]) {
          expect(each.size).toBe(plain.size);
          const rows = Array.from({ length: 4 * ROWS_PER_PAGE }, (_, row) => row);
          expect(rows.map((row) => each.get(row))).toEqual(rows.map((row) => plain.get(row)));
          for (let page = 0; page < 4; page++)
            expect([...each.rowsOf(page)]).toEqual(
              [...plain.keys()]
                .filter((row) => Math.floor(row / ROWS_PER_PAGE) === page)
                .sort((a, b) => a - b),
            );
        }
      }),
      { numRuns: runs(50) },
    );
  });

  it('stand over those of a page, among words and in the page itself', () => {
    fc.assert(
      fc.property(anyCommits, (commits) => {
        const { overlay } = filled(commits);
        for (let number = 0; number < 3; number++) {
          const page = RowPage.empty();
          for (let slot = 0; slot < ROWS_PER_PAGE; slot += 2) {
            page.setKey(slot, `key ${slot}`, slot + 1);
            page.setFingerprint(slot, 'p'.repeat(16));
          }
          const words = new Uint32Array(PAGE_WORDS);
          copyWords(page.toBytes(), new Uint8Array(words.buffer), false);
          const shifted = new Uint32Array(PAGE_WORDS + 1);
          shifted.set(words, 1);
          overlay.patch(number, shifted, 1);
          expect(shifted.subarray(1 + HASH_WORDS_AT)).toEqual(words.subarray(HASH_WORDS_AT));
          overlay.patch(number, words, 0, HASH_WORDS_AT);
          expect(shifted.subarray(1, 1 + HASH_WORDS_AT)).toEqual(words.subarray(0, HASH_WORDS_AT));
          overlay.applyTo(page, number);
          const slots = Array.from({ length: ROWS_PER_PAGE }, (_, slot) => slot);
          const told = slots.map((slot) => {
            const own = new Uint32Array(WORDS);
            page.words(slot, own);
            const among = words.subarray(slot * WORDS, (slot + 1) * WORDS);
            return {
              fingerprint: page.fingerprint(slot),
              key: page.key(slot),
              alike: own.join() === among.join(),
            };
          });
          const expected = slots.map((slot) => {
            const overlaid = overlay.get(number * ROWS_PER_PAGE + slot);
            const held = slot % 2 === 0 ? { fingerprint: 'p'.repeat(16), key: `key ${slot}` } : undefined;
            if (overlaid === undefined)
              return { fingerprint: held?.fingerprint, key: held?.key ?? '', alike: true };
            const { fingerprint } = overlaid;
            const key = fingerprint === undefined ? '' : (overlaid.key ?? held?.key ?? '');
            return { fingerprint, key, alike: true };
          });
          expect(told).toEqual(expected);
          // The hash of a row that is free says nothing.
          const hashes = slots.filter((slot) => expected[slot]?.fingerprint !== undefined);
          expect(hashes.map((slot) => words[HASH_WORDS_AT + slot])).toEqual(
            hashes.map((slot) => {
              const overlaid = overlay.get(number * ROWS_PER_PAGE + slot);
              if (overlaid?.key !== undefined) return overlaid.hash;
              return slot % 2 === 0 ? slot + 1 : 0;
            }),
          );
        }
      }),
      { numRuns: runs(50) },
    );
  });

  it('stay with the key that they were given, until they are free', () => {
    const row = (key: string | undefined, hash: number, fingerprint: string | undefined = 'f'.repeat(16)) =>
      ({ fingerprint, prints: '', key, hash }) satisfies OverlaidRow;
    const { overlay } = filled([
      [[1, row('new', 7)]],
      [
        [1, row(undefined, 0)],
        [2, row(undefined, 0)],
      ],
    ]);
    expect(overlay.get(1)).toEqual(row('new', 7));
    expect(overlay.get(2)).toEqual(row(undefined, 0));
    const free = { ...row(undefined, 0), fingerprint: undefined };
    overlay.add(new Map([[1, free]]));
    expect(overlay.get(1)).toEqual(free);
    overlay.add(new Map([[1, row(undefined, 0)]]));
    expect(overlay.get(1)?.key).toBeUndefined();
  });

  it('of several commits stand each in its place, with the key that was given last', () => {
    const overlays = plainTable<Buffer>();
    const overlay = new RowOverlay(tablesOf(overlays), 'users');
    const row = (letter: string, key: string | undefined, hash: number): OverlaidRow => ({
      fingerprint: letter.repeat(16),
      prints: letter,
      key,
      hash,
    });
    overlay.add(new Map([[1, row('a', 'first', 5)]]));
    overlay.add(
      new Map([
        [1, row('b', 'second', 6)],
        [2, row('c', undefined, 7)],
      ]),
    );
    overlay.add(new Map([[ROWS_PER_PAGE, row('d', 'next', 8)]]));
    expect([...overlays.entries.keys()]).toEqual(['["users",0]', '["users",1]', '["users",2]']);
    expect(overlay.get(1)).toEqual(row('b', 'second', 6));
    expect([...overlay.rowsOf(0)]).toEqual([1, 2]);
    expect([...overlay.rowsOf(1)]).toEqual([ROWS_PER_PAGE]);
    const page = RowPage.empty();
    page.setKey(2, 'its own', 9);
    const words = new Uint32Array(PAGE_WORDS);
    copyWords(page.toBytes(), new Uint8Array(words.buffer), false);
    overlay.patch(0, words, 0, HASH_WORDS_AT);
    const fingerprints = Buffer.from(words.buffer).toString('latin1', 16, 48);
    expect(fingerprints).toBe('b'.repeat(16) + 'c'.repeat(16));
    expect([...words.subarray(HASH_WORDS_AT, HASH_WORDS_AT + 4)]).toEqual([0, 6, 9, 0]);
    overlay.applyTo(page, 0);
    expect([page.key(1), page.key(2), page.fingerprint(2)]).toEqual(['second', 'its own', 'c'.repeat(16)]);
    // A row that keeps its key keeps the key's hash, by which it is found.
    copyWords(page.toBytes(), new Uint8Array(words.buffer), false);
    expect([...words.subarray(HASH_WORDS_AT, HASH_WORDS_AT + 4)]).toEqual([0, 6, 9, 0]);
  });

  it('are one value for each commit, of their own entity, and none for a commit without any', () => {
    const overlays = plainTable<Buffer>();
    const row = { fingerprint: 'f'.repeat(16), prints: 'pp', key: 'k', hash: 1 };
    const of = (entity: Entity) => new RowOverlay(tablesOf(overlays), entity);
    of('users').add(new Map([[1, row]]));
    of('users').add(new Map());
    of('users').add(new Map([[2, row]]));
    of('groups').add(new Map([[3, row]]));
    expect([...overlays.entries.keys()]).toEqual(['["users",0]', '["users",1]', '["groups",0]']);
    expect(of('users').size).toBe(2);
    expect(of('groups').get(3)).toEqual(row);
    expect(of('groups').get(1)).toBeUndefined();
    const users = of('users');
    expect([...users.rowsOf(0)]).toEqual([1, 2]);
    users.add(new Map([[0, row]]));
    expect([...users.rowsOf(0)]).toEqual([0, 1, 2]);
  });

  it('are refused where they are not what was written, whatever byte it is', () => {
    const { overlays } = filled([[[5, { fingerprint: 'f'.repeat(16), prints: 'pp', key: 'key', hash: 9 }]]]);
    const bytes = overlays.entries.get('["users",0]') as Buffer;
    const open = (value: Buffer) => {
      const table = plainTable<Buffer>();
      void table.put(['users', 0], value);
      return new RowOverlay(tablesOf(table), 'users');
    };
    const refusal = expect.objectContaining({ code: 'ERR_ROLLCALL_STATE_CORRUPT' }) as Error;
    expect(open(bytes).size).toBe(1);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ 0x40;
      expect(() => open(damaged), `byte ${at}`).toThrow(refusal);
    }
    for (const length of [0, 3, bytes.length - 1])
      expect(() => open(bytes.subarray(0, length)), `${length} bytes`).toThrow(refusal);
  });
});
