import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { open } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { LmdbBaseline } from '../../src/state/lmdb-baseline.js';
import { openTables } from '../../src/state/lmdb-tables.js';
import { openState } from '../../src/state/lmdb.js';
import { Seen, type PendingRow, type StateStore } from '../../src/state/store.js';
import { verifyState } from '../../src/state/transfer.js';
import { runs } from '../support/runs.js';

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
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-overlay-'));
    const root = open({ path: join(directory, 'state.mdb'), noSubdir: true, maxDbs: 16 });
    const tables = openTables(root);
    const baseline = new LmdbBaseline(tables, 'users', '0'.repeat(32));
    let counts = { known: 0, unknown: 0, nextRow: 0 };
    const rows = Array.from({ length: 9600 }, (_, i) => upsert(`k${i}`, 0));
    await root.transaction(() => void (counts = baseline.apply(counts, rows, false)));
    const pages = Array.from({ length: 100 }, (_, i) => tables.rows.users.get(i) as Buffer);
    const every = rows.filter((_, i) => i % 96 === 5).map(({ key }) => upsert(key, 1));
    await root.transaction(() => void (counts = baseline.apply(counts, every, false)));
    for (const [i, page] of pages.entries())
      expect((tables.rows.users.get(i) as Buffer).equals(page)).toBe(true);
    expect(baseline.overlaidRows).toBe(100);

    // A merge that is cut short changes nothing that is seen, and is done again.
    await root.transaction(() => baseline.merge(baseline.overlaidPages().slice(0, 60)));
    const seen = () => {
      const again = new LmdbBaseline(tables, 'users', '0'.repeat(32));
      return [...again.pages()].map(({ page }) => [page.key(5), page.fingerprint(5)]);
    };
    const expected = every.map(({ key, fingerprint }) => [key, fingerprint.slice(0, 16)]);
    expect(seen()).toEqual(expected);
    await root.transaction(() => {
      baseline.merge(baseline.overlaidPages());
      baseline.dropOverlay();
    });
    expect(seen()).toEqual(expected);
    expect(new LmdbBaseline(tables, 'users', '0'.repeat(32)).overlaidRows).toBe(0);
    await root.close();
    await rm(directory, { recursive: true });
  });
});
