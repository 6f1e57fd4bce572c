import { rename } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyHasher } from '../../../src/state/lmdb/key-hash.js';
import type { LmdbBaseline } from '../../../src/state/lmdb/lmdb-baseline.js';
import { wordOf } from '../../../src/state/lmdb/row-page.js';
import type { PendingRow } from '../../../src/state/store.js';
import { BARE_KEY, bareBaseline } from '../../support/bare-baseline.js';
import { runs } from '../../support/runs.js';

const print = (key: string, version = 0) => `${version}:${key}`.padEnd(16, '.');
const upsert = (key: string, version = 0): PendingRow => ({
  entity: 'users',
  kind: 'upsert',
  key,
  fingerprint: `${print(key, version)}prints-${version}`,
});
const remove = (key: string): PendingRow => ({ entity: 'users', kind: 'delete', key, fingerprint: '' });
const many = (count: number, prefix = 'u') =>
  Array.from({ length: count }, (_, i) => upsert(`${prefix}${i}`));

/** Keys of which each two have one hash: of those that a row is looked up by all 32 bits. */
const MEETING = [
  ['k21729', 'k59325'],
  ['k10656', 'k73919'],
  ['k7208', 'k87915'],
] as const;

const hash = { high: 0, low: 0 };
const hasher = createKeyHasher(BARE_KEY);
const highOf = (key: string) => {
  hasher(key, hash);
  return hash.high;
};
const find = (baseline: LmdbBaseline, rows: number, key: string, words = new Uint32Array(4)) =>
  baseline.find(rows, key, highOf(key), words);
const held = (baseline: LmdbBaseline, rows: number) =>
  new Map([...baseline.rows(rows)].flat().map(({ key, fingerprint }) => [key, fingerprint]));

describe('a baseline', () => {
  it('holds what a map would, whatever is committed, as known or unknown, and however keys and hashes repeat', async () => {
    for (const pair of MEETING) expect(new Set(pair.map(highOf)).size).toBe(1);
    const key = fc.constantFrom(...MEETING.flat(), 'a', 'b', 'c');
    const row = fc
      .tuple(key, fc.boolean(), fc.nat(9))
      .map(([of, isRemoval, version]) => (isRemoval ? remove(of) : upsert(of, version)));
    const commits = fc.array(
      fc.record({
        rows: fc.array(row, { minLength: 1, maxLength: 8 }),
        unknown: fc.constantFrom(false, false, true),
        then: fc.constantFrom('stay', 'stay', 'read', 'reopen', 'fail', 'merge'),
      }),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(commits, async (rounds) => {
        const bare = await bareBaseline();
        const { commit, counts, root } = bare;
        let { baseline } = bare;
        const plain = new Map<string, string>();
        for (const { rows, unknown, then } of rounds) {
          await commit(rows, unknown, baseline);
          for (const { kind, key: of, fingerprint } of rows)
            if (unknown) plain.set(of, '');
            else if (kind === 'delete') plain.delete(of);
            else plain.set(of, fingerprint);
          if (then === 'read') baseline.load(counts().nextRow);
          if (then === 'reopen') baseline = bare.reopened();
          if (then === 'merge') await baseline.merge(counts().nextRow, (change) => root.transaction(change));
          // As a transaction that is not committed: what it made of the rows in memory is forgotten.
          if (then === 'fail') {
            await root
              .childTransaction(() => {
                baseline.apply(counts(), [upsert('a', 77), remove('b'), upsert('other')], false);
                throw new Error('power');
              })
              .catch(() => undefined);
            baseline.forget();
          }
          const { known, nextRow } = counts();
          const rowsNow = [...baseline.rows(nextRow)].flat();
          expect(rowsNow).toHaveLength(plain.size);
          expect(held(baseline, nextRow)).toEqual(plain);
          expect(counts()).toMatchObject({ known, unknown: plain.size - known });
          expect(known).toBe([...plain.values()].filter((fingerprint) => fingerprint !== '').length);
          const other = bare.reopened();
          for (const of of [...MEETING.flat(), 'a', 'b', 'c'])
            expect(find(other, nextRow, of) >= 0).toBe(plain.has(of));
        }
        await bare.dispose();
      }),
      { numRuns: runs(25) },
    );
  });

  it('tells keys with one hash apart, in one commit or in two', async () => {
    for (const [one, two] of MEETING) {
      for (const commits of [
        [[one, two, one, two]],
        [[one], [two], [one, two]],
        [['a'], [one], [one, two, one]],
        [[one], [one, two]],
      ]) {
        const { commit, counts, baseline, dispose } = await bareBaseline();
        for (const [version, keys] of commits.entries())
          await commit(keys.map((key) => upsert(key, version)));
        const keys = new Set(commits.flat());
        expect(counts()).toEqual({ known: keys.size, unknown: 0, nextRow: keys.size });
        const found = new Set([...keys].map((key) => find(baseline, keys.size, key)));
        expect(found.size).toBe(keys.size);
        const rows = held(baseline, keys.size);
        for (const key of keys)
          expect(rows.get(key)).toBe(
            upsert(
              key,
              commits.findLastIndex((c) => c.includes(key)),
            ).fingerprint,
          );
        await dispose();
      }
    }
  });

  it('gives a removed row to a new key, but not while a reading may still speak of it', async () => {
    const { commit, counts, baseline, reopened, dispose } = await bareBaseline();
    await commit(many(300));
    await commit([]);
    baseline.load(300);
    // Twice, so that what is free is learnt from the pages, too.
    await commit(['u7', 'u150', 'u299'].map(remove));
    await commit([upsert('new 0')]);
    expect(counts().nextRow).toBe(301);
    baseline.load(301);
    await commit([1, 2, 3].map((i) => upsert(`new ${i}`)));
    expect(counts().nextRow).toBe(301);
    await commit([upsert('new 4')]);
    expect(counts().nextRow).toBe(302);

    // One that another process removed is spoken of by nobody.
    await commit(['u8', 'u151'].map(remove));
    const other = reopened();
    await commit(
      [5, 6].map((i) => upsert(`new ${i}`)),
      false,
      other,
    );
    await commit([upsert('new 7')], false, other);
    expect(counts()).toEqual({ known: 303, unknown: 0, nextRow: 303 });
    expect(held(other, 303).size).toBe(303);
    await dispose();
  });

  it('a removed row is not given away by the commits that follow, before it is read again', async () => {
    const { commit, counts, baseline, dispose } = await bareBaseline();
    await commit(many(300));
    const other = baseline;
    // The first commit of a process scans, and the second makes an index: it must not take the row for a free one.
    await commit(['u7', 'u150'].map(remove), false, other);
    for (let i = 0; i < 3; i++) await commit([upsert(`new ${i}`)], false, other);
    expect(counts().nextRow).toBe(303);
    await dispose();
  });

  it('a key that was committed after a reading looked rows up is found by the next commit, and the next reading', async () => {
    const { commit, counts, reopened, dispose } = await bareBaseline();
    await commit(many(10));
    const baseline = reopened();
    await commit([upsert('late')], false, baseline);
    // A reading that began before looks among the rows that there were.
    expect(find(baseline, 10, 'u3')).toBe(3);
    await commit([upsert('late', 1)], false, baseline);
    await commit([upsert('later')], false, baseline);
    expect(counts()).toEqual({ known: 12, unknown: 0, nextRow: 12 });
    expect([find(baseline, 12, 'late'), find(baseline, 12, 'later')]).toEqual([10, 11]);
    await dispose();
  });

  it('forgets what a transaction that failed made of its rows', async () => {
    const { commit, counts, baseline, root, dispose } = await bareBaseline();
    await commit(many(10));
    await commit([upsert('u3', 1)]);
    const fail = () =>
      root.childTransaction(() => {
        baseline.apply(counts(), [upsert('u3', 2), remove('u4'), upsert('u11')], false);
        throw new Error('power');
      });
    await expect(fail()).rejects.toThrow('power');
    baseline.forget();
    const words = new Uint32Array(4);
    expect(find(baseline, 10, 'u3', words)).toBe(3);
    expect(Buffer.from(words.buffer).toString('latin1')).toBe(print('u3', 1));
    expect(find(baseline, 10, 'u4')).toBe(4);
    expect(find(baseline, 10, 'u11')).toBe(-1);
    // Nor is a row free that was removed only there.
    baseline.load(10);
    await commit([upsert('u12')]);
    expect(counts()).toEqual({ known: 11, unknown: 0, nextRow: 11 });
    expect(held(baseline, 11).get('u4')).toBe(upsert('u4').fingerprint);
    await dispose();
  });

  it('loads and finds however many rows there are', async () => {
    const { commit, baseline, dispose } = await bareBaseline();
    // The index is made of no row, and is worth making anew after so many.
    expect(find(baseline, 0, 'u0')).toBe(-1);
    const rows = many(50_001);
    await commit(rows);
    await commit([upsert('last')]);
    expect(['u0', 'u50000', 'last'].map((key) => find(baseline, 50_002, key))).toEqual([0, 50_000, 50_001]);
    // One block of pages, and a row more.
    for (const count of [24_576, 24_577]) {
      const table = baseline.load(count);
      const isIn = (row: number) => {
        const at = (word: number) => wordOf((rows[row] as PendingRow).fingerprint, word * 4);
        return table.find(at(0), at(1), at(2), at(3)) >= 0;
      };
      for (let row = 0; row < 50_001; row += 13) expect(isIn(row)).toBe(row < count);
      expect([isIn(24_575), isIn(24_576), isIn(24_577)]).toEqual([true, count === 24_577, false]);
    }
    await dispose();
  });

  it('whose merge finds no room stays as it was, and is merged later', async () => {
    const { commit, baseline, root, directory, reopened, dispose } = await bareBaseline();
    await commit(many(960));
    await commit([upsert('u5', 1)]);
    const merge = () => baseline.merge(960, (change) => root.transaction(change));
    await rename(directory, `${directory}-away`);
    await merge();
    await rename(`${directory}-away`, directory);
    expect(baseline.overlaidRows).toBe(1);
    expect(held(reopened(), 960).get('u5')).toBe(upsert('u5', 1).fingerprint);
    await merge();
    expect(baseline.overlaidRows).toBe(0);
    expect(held(reopened(), 960).get('u5')).toBe(upsert('u5', 1).fingerprint);
    await dispose();
  });
});
