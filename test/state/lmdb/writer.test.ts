import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { open, type RootDatabase } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { ENTITIES, type Entity } from '../../../src/core/model.js';
import { LmdbState } from '../../../src/state/lmdb/lmdb-state.js';
import { openTables, type Tables } from '../../../src/state/lmdb/lmdb-tables.js';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { readHolder } from '../../../src/state/lmdb/holder.js';
import { WriterPlace } from '../../../src/state/lmdb/writer-place.js';
import type { HeldRow, StateStore } from '../../../src/state/store.js';
import { verifyState } from '../../../src/state/export-import/verify-state.js';
import { confirmed, fingerprint, upserted } from '../../support/rows.js';
import { runs } from '../../support/runs.js';

let directory: string;
let roots: RootDatabase[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-writer-'));
  roots = [];
});
afterEach(async () => {
  for (const root of roots) await root.close();
  await rm(directory, { recursive: true, force: true });
});

const openRoot = () => {
  const root = open({ path: join(directory, 'state.mdb'), noSubdir: true, maxDbs: 16 });
  roots.push(root);
  return root;
};
/** The state's own tables, beside the state. */
const tablesBeside = (): Tables => openTables(openRoot());

const upsert = (entity: Entity, key: string, version = 0) =>
  confirmed(entity, key, fingerprint(`${version}:${key}`.padEnd(16, '.')));
const many = (count: number) => Array.from({ length: count }, (_, i) => upsert('users', `u${i}`));

async function rowsOf(state: StateStore, entity: Entity): Promise<HeldRow[]> {
  const rows: HeldRow[] = [];
  for await (const chunk of state.rows(entity)) rows.push(...chunk);
  return rows;
}

describe('the writer of a state', () => {
  it('says why a change could not be written, and holds nothing of it', async () => {
    await using state = await openState(directory);
    await state.setAbsences('users', new Map([['u', 1]]));
    const error = await state
      .setAbsences(
        'users',
        new Map([
          ['v', 1],
          ['k'.repeat(4000), 1],
        ]),
      )
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    expect(String(error)).toMatch(/4000 bytes.*1977/);
    expect(await state.absences('users')).toEqual(new Map([['u', 1]]));
  });

  it('says so where the disk fails as it commits', async () => {
    await (await openState(directory)).close();
    const tables = tablesBeside();
    const power = new Error('power');
    const disk = {
      transactionSync: () => {
        throw power;
      },
      close: () => Promise.resolve(),
    };
    const root = Object.assign(Object.create(tables.root) as RootDatabase, disk);
    const place = WriterPlace.acquire(directory, tables, readHolder(directory), systemClock);
    const state = new LmdbState({ ...tables, root }, directory, place, () => undefined);
    await expect(state.setMeta('watermark', '1')).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
      cause: power,
    });
    await state.close();
  });

  it('holds nothing of rows whose commit failed', async () => {
    await using state = await openState(directory);
    await state.adopt([...many(100), upsert('groups', 'g')]);
    await state.adopt([upsert('users', 'u3', 1)]);
    // The users are changed before that of the group is met which cannot be.
    await expect(
      state.adopt([
        upsert('users', 'u3', 2),
        upsert('users', 'new'),
        { ...upsert('groups', 'h'), key: null as never },
      ]),
    ).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    const rows = await rowsOf(state, 'users');
    expect(rows).toHaveLength(100);
    expect(rows).toContainEqual(upsert('users', 'u3', 1));
    await state.adopt([upsert('users', 'new')]);
    expect((await verifyState(state)).users).toBe(101);
  });
});

describe('what a state holds', () => {
  it('absences are those that were set last, of each entity, whatever their keys', async () => {
    await using state = await openState(directory);
    const counts = fc
      .array(
        fc.tuple(
          fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('A', 'a', '0')),
          fc.integer({ min: 1, max: 9 }),
        ),
      )
      .map((entries) => new Map(entries));
    const plain = new Map<Entity, ReadonlyMap<string, number>>();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...ENTITIES), counts, async (entity, now) => {
        await state.setAbsences(entity, now);
        plain.set(entity, now);
        for (const of of ENTITIES) expect(await state.absences(of)).toEqual(plain.get(of) ?? new Map());
      }),
      { numRuns: runs(40) },
    );
  });

  it('rows are told in order, some thousands at once, and of no rows nothing', async () => {
    await using state = await openState(directory);
    const rows = many(10_000);
    const memberships = many(50).map((row) => ({ ...row, entity: 'memberships' as const }));
    await state.adopt([...rows, ...memberships]);
    const chunks: number[] = [];
    for await (const chunk of state.rows('users')) chunks.push(chunk.length);
    expect(chunks).toEqual([4096, 4096, 10_000 - 8192]);
    const inOrder = (some: readonly HeldRow[]) => some.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    expect(await rowsOf(state, 'users')).toEqual(inOrder(rows));
    expect(await rowsOf(state, 'memberships')).toEqual(inOrder(memberships));
    for await (const chunk of state.rows('groups')) expect.fail(`${chunk.length} rows of no group`);
  });

  it('a state that is restored keeps nothing of what it held, in memory or on disk', async () => {
    await using state = await openState(directory);
    await state.adopt(ENTITIES.flatMap((entity) => many(100).map((row) => ({ ...row, entity }))));
    await state.setAbsences('users', new Map([['a', 1]]));
    await state.journal.loading(await state.journal.creating(1), [upserted('users', 'c')]);
    await rowsOf(state, 'users');
    await state.restore({ fingerprintKey: '1'.repeat(32), target: undefined, lastTriggeredAt: undefined });
    const { absences, journal, loads } = tablesBeside();
    expect([absences, journal, loads].map((table) => table.getKeysCount())).toEqual([0, 0, 0]);
    for (const entity of ENTITIES) expect(await rowsOf(state, entity)).toEqual([]);
    expect(await state.absences('users')).toEqual(new Map());
  });

  it('lies in tables that keep their names', async () => {
    await using state = await openState(directory);
    await state.adopt([upsert('users', 'u'), upsert('groups', 'g'), upsert('memberships', '1:gu')]);
    await state.setAbsences('users', new Map([['u', 1]]));
    await state.journal.loading(await state.journal.creating(1), [upserted('users', 'c')]);
    const root = openRoot();
    // A state outlives versions of the code: under another name it would not be found.
    for (const name of ['head', 'journal', 'loads', 'users', 'groups', 'memberships', 'absences'])
      expect(root.openDB({ name, encoding: 'binary' }).getKeysCount(), name).toBeGreaterThan(0);
  });
});
