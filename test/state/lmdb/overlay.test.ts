import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { Seen, type PendingRow, type StateStore } from '../../../src/state/store.js';
import { verifyState } from '../../../src/state/export-import.js';
import { bareBaseline } from '../../support/bare-baseline.js';
import { runs } from '../../support/runs.js';

const print = (key: string, version: number) => `${version}:${key}`.padEnd(16, '.');
const upsert = (key: string, version: number): PendingRow => ({
  entity: 'users',
  kind: 'upsert',
  key,
  fingerprint: `${print(key, version)}prints-${version}`,
});
const remove = (key: string): PendingRow => ({ entity: 'users', kind: 'delete', key, fingerprint: '' });

async function rowsOf(state: StateStore): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for await (const chunk of state.rows('users'))
    for (const { key, fingerprint } of chunk) rows.set(key, fingerprint);
  return rows;
}

/** Everything that can be asked of the state agrees with a plain map. */
async function expectHolds(state: StateStore, model: ReadonlyMap<string, string>): Promise<void> {
  expect(await rowsOf(state)).toEqual(model);
  expect((await verifyState(state)).users).toBe(model.size);
  const reading = await state.read();
  const keys = [...model.keys()];
  const asked = keys.filter((_, i) => i % 3 !== 0);
  const codes = await reading.compare(
    'users',
    asked,
    asked.map((key) => (model.get(key) as string).slice(0, 16)),
  );
  expect(codes.every((code) => code === Seen.SAME)).toBe(true);
  expect(await reading.held('users', keys)).toEqual(keys.map((key) => (model.get(key) as string).slice(16)));
  const missing: string[] = [];
  for await (const chunk of reading.missing('users')) missing.push(...chunk);
  expect(missing.sort()).toEqual(keys.filter((_, i) => i % 3 === 0).sort());
  await reading.close();
}

describe('scattered rows', () => {
  it('whatever is committed, scattered or dense, before or after a merge, the state holds what a map would', async () => {
    const round = fc.record({
      step: fc.integer({ min: 1, max: 40 }),
      offset: fc.nat(60),
      removes: fc.nat(400),
      adds: fc.nat(400),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 6 }), async (rounds) => {
        const directory = await mkdtemp(join(tmpdir(), 'rollcall-overlay-'));
        let state = await openState(directory);
        const model = new Map<string, string>();
        const commit = async (rows: readonly PendingRow[]) => {
          await state.adopt(rows);
          for (const { key, kind, fingerprint } of rows)
            if (kind === 'delete') model.delete(key);
            else model.set(key, fingerprint);
        };
        await commit(Array.from({ length: 5000 }, (_, i) => upsert(`k${i}`, 0)));
        for (const [version, { step, offset, removes, adds }] of rounds.entries()) {
          const keys = [...model.keys()];
          const touched = keys.filter((_, i) => i % step === offset % step);
          await commit([
            ...touched.map((key) => upsert(key, version + 1)),
            ...keys.slice(offset, offset + removes).map(remove),
            ...Array.from({ length: adds }, (_, i) => upsert(`n${version}-${i}`, version)),
            // Gone and back, and again, in one commit.
            upsert('again', 1),
            remove('again'),
            upsert('again', version + 2),
          ]);
          // A reading lets go of rows that were removed before it.
          await (await state.read()).close();
          if (version % 2 === 0) {
            await state.close();
            state = await openState(directory);
          }
        }
        await expectHolds(state, model);
        await state.close();
        await rm(directory, { recursive: true });
      }),
      { numRuns: runs(12) },
    );
  });

  it('a commit of few rows writes what they take, and not the pages they are in', async () => {
    const { baseline, commit, directory, root, reopened, dispose } = await bareBaseline();
    const rows = Array.from({ length: 9600 }, (_, i) => upsert(`k${i}`, 0));
    await commit(rows);
    const before = await sizesIn(directory);
    const every = rows.filter((_, i) => i % 96 === 5).map(({ key }) => upsert(key, 1));
    await commit(every);
    expect(await sizesIn(directory)).toEqual(before);
    expect(baseline.overlaidRows).toBe(100);

    // A merge that another commit overtakes changes nothing, and leaves nothing behind.
    const expected = () => [...reopened().rows(9600)].flat();
    const held = expected();
    const overtaking = baseline.merge(9600, async (change) => {
      await commit([upsert('k7', 2)]);
      await root.transaction(change);
    });
    await overtaking;
    expect(await sizesIn(directory)).toEqual(before);
    const now = expected();
    expect(now.filter(({ fingerprint }, i) => fingerprint !== held[i]?.fingerprint)).toEqual([
      upsert('k7', 2),
    ]);

    await baseline.merge(9600, (change) => root.transaction(change));
    expect(expected()).toEqual(now);
    expect(reopened().overlaidRows).toBe(0);
    expect(Object.keys(await sizesIn(directory))).toHaveLength(1);
    await dispose();
  });

  it('rows that lose their prints, all of a page or a few, hold none', async () => {
    const { baseline, commit, root, dispose } = await bareBaseline();
    const rows = Array.from({ length: 960 }, (_, i) => upsert(`k${i}`, 0));
    await commit(rows);
    const bare = (from: number, to: number) =>
      rows.slice(from, to).map((row) => ({ ...row, fingerprint: row.fingerprint.slice(0, 16) }));
    await commit([...bare(0, 96), ...bare(200, 210)]);
    const expectPrints = () => {
      for (const [i] of rows.entries())
        expect(baseline.prints(i)).toBe(i < 96 || (i >= 200 && i < 210) ? '' : 'prints-0');
    };
    expectPrints();
    await baseline.merge(960, (change) => root.transaction(change));
    expectPrints();
    await dispose();
  });

  it('rows that are told one by one stay what they are while a merge moves them', async () => {
    const { baseline, commit, root, dispose } = await bareBaseline();
    await commit(Array.from({ length: 9600 }, (_, i) => upsert(`k${i}`, 0)));
    await commit(Array.from({ length: 40 }, (_, i) => remove(`k${i * 96 + 3}`)));
    await commit(Array.from({ length: 60 }, (_, i) => upsert(`k${i * 96 + 4}`, 1)));
    const expected = [...baseline.keysWhere(9600, () => true)];
    const keys: string[] = [];
    for (const key of baseline.keysWhere(9600, () => true)) {
      keys.push(key);
      if (keys.length === 1000) await baseline.merge(9600, (change) => root.transaction(change));
    }
    expect(keys).toEqual(expected);
    expect(keys).toHaveLength(9560);
    await dispose();
  });
});

/** The files of rows and their sizes. */
async function sizesIn(directory: string): Promise<Record<string, number>> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.rows'));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await stat(join(directory, name))).size] as const)),
  );
}
