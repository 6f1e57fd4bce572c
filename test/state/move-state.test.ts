import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { membershipKey } from '../../src/core/model.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { MemoryDisk } from '../../src/state/memory/memory-disk.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { moveState } from '../../src/state/move-state.js';
import { difference } from '../../src/state/state-content.js';
import type { StateStore } from '../../src/state/store.js';
import { confirmed, fingerprint, heldRows, unknown as doubtful, upserted } from '../support/rows.js';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'rollcall-move-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const PLACES = { from: 'the old place', to: 'the new place' };
const LOGINS = ['ann+login+', 'bob+login+'] as const;

/** Something of all that a state contains. */
async function filled(store: StateStore): Promise<StateStore> {
  await store.bind({ orgUrl: 'https://a.example', identitySourceId: '0oa1' });
  for (const [i, login] of LOGINS.entries()) {
    const id = await store.journal.creating(1);
    await store.journal.created(id, 's');
    const row = upserted('users', 'not sure', fingerprint(`x${i}`, `attributes..${login}`));
    await store.journal.loading(id, [row, upserted('groups', 'g', fingerprint('g'))]);
    await store.journal.triggered(id, 77 + i);
    await store.journal.settle(id, 'unknown');
  }
  await store.adopt([
    ...Array.from({ length: 40 }, (_, i) => confirmed('users', `ü${i}`, fingerprint(`${i}`, 'a\u00ff'))),
    confirmed('users', '\ud83d', fingerprint('not well-formed')),
    confirmed('memberships', membershipKey('g', 'ü1'), fingerprint('m')),
    doubtful('memberships', membershipKey('g', 'ü2')),
  ]);
  await store.setAbsences('users', new Map([['ü3', 2]]));
  await store.setAbsences('memberships', new Map([[membershipKey('g', 'ü1'), 1]]));
  for (const name of ['watermark', 'last-run', 'owed-records', 'deletions-by-day', 'of a later version'])
    await store.setMeta(name, `["${name}"]`);
  return store;
}

async function holders(store: StateStore): Promise<unknown> {
  const reading = await store.read();
  const found = await reading.holders(LOGINS);
  await reading.close();
  return found;
}

/** True for a state that a run would use, and that is not an empty one. */
async function isUsable(store: StateStore): Promise<boolean> {
  const { users } = await store.counts();
  const reading = await store.read().catch(() => undefined);
  await reading?.close();
  return reading !== undefined && users.known > 0;
}

describe('moveState', () => {
  it('moves everything to a directory, and back to a place that was left', async () => {
    const disk = new MemoryDisk();
    const old = await filled(memoryState({ disk }));
    const rows = await heldRows(old, 'users');
    const before = memoryState({ disk: disk.clone() });
    const path = join(directory, 'state');
    await using fresh = await openState(path);
    expect(await moveState(old, fresh, PLACES)).toEqual({ users: 42, groups: 1, memberships: 2 });
    expect(await heldRows(fresh, 'users')).toEqual(rows);
    expect(await holders(fresh)).toEqual([['not sure'], ['not sure']]);
    expect(await difference(before, fresh)).toBeUndefined();
    expect(await fresh.getMeta('of a later version')).toBe('["of a later version"]');
    expect(await fresh.journal.lastTriggeredAt()).toBe(78);
    await expect(old.read()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_MOVED' });
    // Again: it is there already.
    expect(await moveState(old, fresh, PLACES)).toEqual({ users: 42, groups: 1, memberships: 2 });

    await fresh.adopt([confirmed('users', 'later', fingerprint('later'))]);
    expect(await moveState(fresh, old, { from: PLACES.to, to: PLACES.from })).toMatchObject({ users: 43 });
    expect(await difference(old, fresh)).toBeUndefined();
    expect(await isUsable(old)).toBe(true);
    await fresh.close();
    await expect(openState(path)).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE_MOVED',
      message: `the state was moved to the old place: use that place (--state)`,
    });
    await using left = await openState(path, { moved: true });
    expect((await left.counts()).users.known).toBe(42);
  });

  it('that is interrupted at any write leaves one state that can be used, or none, and is ended by the next', async () => {
    for (const at of ['old', 'new'] as const) {
      for (let write = 1; ; write++) {
        const disks = { old: new MemoryDisk(), new: new MemoryDisk() };
        await filled(memoryState({ disk: disks.old }));
        const before = memoryState({ disk: disks.old.clone() });
        let writes = 0;
        disks[at].onWrite = () => {
          if (++writes >= write) throw new Error('killed');
        };
        const killed = await moved(disks).then(
          () => false,
          () => true,
        );
        for (const disk of Object.values(disks)) disk.onWrite = undefined;
        const usable = await Promise.all(
          [disks.old, disks.new].map((disk) => isUsable(memoryState({ disk }))),
        );
        // The old one until it is marked; the new one only after that.
        expect(usable[1]).toBe(!killed);
        if (killed && at === 'old') expect(usable[0]).toBe(true);
        await moved(disks);
        const [old, fresh] = [memoryState({ disk: disks.old }), memoryState({ disk: disks.new })];
        expect(await difference(before, fresh)).toBeUndefined();
        expect([await isUsable(old), await isUsable(fresh)]).toEqual([false, true]);
        if (!killed) {
          expect(write).toBeGreaterThan(at === 'old' ? 1 : 10);
          break;
        }
      }
    }
  });

  it('takes what was synced between two attempts', async () => {
    const disks = { old: new MemoryDisk(), new: new MemoryDisk() };
    const old = await filled(memoryState({ disk: disks.old }));
    disks.old.onWrite = () => {
      throw new Error('killed');
    };
    await expect(moved(disks)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    disks.old.onWrite = undefined;
    const used = memoryState({ disk: disks.old });
    await used.adopt([confirmed('users', 'later', fingerprint('later'))]);
    await moved(disks);
    expect(await heldRows(memoryState({ disk: disks.new }), 'users')).toHaveProperty('later');
    await old.close();
  });

  it('refuses sessions in flight, unfinished imports, and places of other states', async () => {
    const [old, fresh] = [await filled(memoryState()), memoryState()];
    const session = await old.journal.creating(1);
    await expect(moveState(old, fresh, PLACES)).rejects.toThrow('a session is in flight: run a sync first');
    await old.journal.settle(session, 'dropped');
    await old.setMeta('import', 'unfinished');
    await expect(moveState(old, fresh, PLACES)).rejects.toThrow('was not finished');
    await old.setMeta('import', '');
    const other = await filled(memoryState());
    await expect(moveState(old, other, PLACES)).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE_NOT_EMPTY',
    });
    // The unfinished copy of another state may be all that is left of it.
    await other.setMeta('import', 'unfinished');
    await expect(moveState(old, other, PLACES)).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE_NOT_EMPTY',
    });
    await other.setMeta('import', '');
    await other.setMeta('moved-to', PLACES.from);
    await expect(moveState(old, other, PLACES)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_MOVED' });
    expect(await isUsable(old)).toBe(true);
    await moveState(old, fresh, PLACES);
    await expect(moveState(old, memoryState(), { ...PLACES, to: 'a third place' })).rejects.toThrow(
      'the state was moved to the new place',
    );
    // The new place was emptied, and has another state now.
    await expect(moveState(old, memoryState(), PLACES)).rejects.toThrow('is another one');
  });

  it('refuses a copy of the same state that was made from another place', async () => {
    const disks = { old: new MemoryDisk(), new: new MemoryDisk() };
    await filled(memoryState({ disk: disks.old }));
    const copy = disks.old.clone();
    disks.old.onWrite = () => {
      throw new Error('killed');
    };
    await expect(moved(disks)).rejects.toThrow();
    const attempt = moveState(memoryState({ disk: copy }), memoryState({ disk: disks.new }), {
      ...PLACES,
      from: 'a copy',
    });
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_NOT_EMPTY' });
  });

  it.each([
    ['a row', 'users', { adopt: (rows: readonly unknown[]) => rows.slice(1) }],
    ['a small value', 'small values', { setMeta: (name: string) => (name === 'watermark' ? 'lost' : name) }],
    [
      'an absence',
      'absences of users',
      { setAbsences: (entity: string) => (entity === 'users' ? 'groups' : entity) },
    ],
  ])('finds that %s was lost, and leaves the state in use', async (_, what, changed) => {
    const [old, fresh] = [await filled(memoryState()), memoryState()];
    const forgetful = new Proxy(fresh, {
      get(_target, name) {
        const value: unknown = Reflect.get(fresh, name, fresh);
        if (typeof value !== 'function') return value;
        const change = (changed as Record<string, (first: never) => unknown>)[String(name)];
        return (first: unknown, ...rest: unknown[]) =>
          value.apply(fresh, [change ? change(first as never) : first, ...rest]) as unknown;
      },
    });
    await expect(moveState(old, forgetful, PLACES)).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE_CORRUPT',
      message: expect.stringContaining(what) as string,
    });
    expect([await isUsable(old), await isUsable(fresh)]).toEqual([true, false]);
  });
});

/** Moves a state as a process of its own does. */
function moved(disks: { readonly old: MemoryDisk; readonly new: MemoryDisk }): Promise<unknown> {
  return moveState(memoryState({ disk: disks.old }), memoryState({ disk: disks.new }), PLACES);
}
