import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valid } from '../support/valid.js';
import type { Change, UserRecord } from '../../src/core/model.js';
import { diff } from '../../src/diff/diff.js';
import { diffCountsOf } from '../../src/diff/diff-counts.js';
import { validate } from '../../src/validate/validate.js';
import { contextOf } from '../../src/flow/flow.js';
import { pipe } from '../../src/flow/pipe.js';
import { MemoryDisk } from '../../src/state/memory/memory-disk.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import { adopted, confirmed, fingerprint } from '../support/rows.js';

const user = (id: string, name = 'x'): UserRecord => ({
  externalId: id,
  profile: { userName: `${id}@x.example`, email: `${id}@x.example`, firstName: name },
});

async function collect(flow: AsyncIterable<Change>): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const change of flow) changes.push(change);
  return changes;
}

async function commit(state: StateStore, changes: readonly Change[]): Promise<void> {
  await state.adopt(changes.map(adopted));
}

/** A state that holds these users. */
async function holding(users: readonly UserRecord[]): Promise<StateStore> {
  const state = memoryState();
  await commit(state, await collect(pipe(valid('users', users), diff('users', state))));
  return state;
}

const names = (changes: readonly Change[]) =>
  changes.map((c) => `${c.kind === 'delete' ? '-' : c.created ? '+' : '~'}${c.key}`).sort();

const directory = fc.uniqueArray(
  fc
    .record({ id: fc.nat(30).map(String), name: fc.constantFrom('a', 'b', '') })
    .map(({ id, name }) => user(id, name)),
  { selector: (u) => u.externalId, maxLength: 25 },
);

describe('diff', () => {
  it('a directory differs from itself in nothing, whatever the order of records and attributes', async () => {
    await fc.assert(
      fc.asyncProperty(directory, fc.infiniteStream(fc.nat()), async (users, orders) => {
        const state = await holding(users);
        const shuffled = users
          .map((u) => ({ at: orders.next().value as number, u }))
          .sort((a, b) => a.at - b.at)
          .map(({ u }) => ({
            profile: Object.fromEntries(Object.entries(u.profile).reverse()),
            externalId: u.externalId,
          }));
        expect(await collect(pipe(valid('users', shuffled), diff('users', state)))).toEqual([]);
      }),
    );
  });

  it('applying a diff gives the new directory', async () => {
    await fc.assert(
      fc.asyncProperty(directory, directory, async (before, after) => {
        const state = await holding(before);
        const changes = await collect(pipe(valid('users', after), diff('users', state)));
        const held = new Map(before.map((u) => [u.externalId, u]));
        for (const { kind, key, item } of changes) {
          if (kind === 'delete') held.delete(key);
          else held.set(key, JSON.parse(item) as UserRecord);
        }
        expect(Object.fromEntries(held)).toEqual(Object.fromEntries(after.map((u) => [u.externalId, u])));
        await commit(state, changes);
        expect(await collect(pipe(valid('users', after), diff('users', state)))).toEqual([]);
      }),
    );
  });

  it('every record read is a change, unchanged or rejected', async () => {
    await fc.assert(
      fc.asyncProperty(
        directory,
        fc.array(
          fc.oneof(
            directory.map((d) => d[0] ?? user('z')),
            fc.constant({ externalId: 'bad', profile: {} }),
          ),
        ),
        async (before, rows) => {
          const state = await holding(before);
          const flow = pipe(rows as UserRecord[], validate('users'), diff('users', state));
          const changes = await collect(flow);
          const context = contextOf(flow);
          const note = diffCountsOf(context, 'users');
          const upserts = changes.filter((c) => c.kind === 'upsert').length;
          expect(context.counts('users').read).toBe(rows.length);
          expect(upserts + (note?.unchanged ?? 0) + context.counts('users').rejected).toBe(rows.length);
        },
      ),
    );
  });

  it('a source that fails causes no deletion', async () => {
    const state = await holding([user('1'), user('2')]);
    async function* failing() {
      yield user('1');
      await Promise.resolve();
      throw new Error('connection lost');
    }
    const seen: Change[] = [];
    await expect(
      (async () => {
        for await (const change of pipe(failing(), validate('users'), diff('users', state)))
          seen.push(change);
      })(),
    ).rejects.toThrow('connection lost');
    expect(seen).toEqual([]);
  });

  it('nobody is removed before the source was read to its end', async () => {
    const state = await holding([user('1'), user('2'), user('gone')]);
    let ended = false;
    async function* source() {
      yield user('new');
      for (let i = 0; i < 5000; i++) {
        if (i % 500 === 0) await Promise.resolve();
        yield user(`f${i}`);
      }
      yield* [user('1'), user('2')];
      ended = true;
    }
    const removed: string[] = [];
    for await (const { kind, key } of pipe(source(), validate('users'), diff('users', state))) {
      if (kind !== 'delete') continue;
      expect(ended).toBe(true);
      removed.push(key);
    }
    expect(removed).toEqual(['gone']);
  });

  it('a rejected record is not a removed one, also through a stage written by hand', async () => {
    const state = await holding([user('1'), user('2')]);
    async function* byHand<T extends UserRecord>(source: AsyncIterable<T>) {
      for await (const record of source) yield record;
    }
    const bad = { externalId: '2', profile: { userName: '😀' } };
    expect(await collect(pipe([user('1'), bad], validate('users'), byHand, diff('users', state)))).toEqual(
      [],
    );
  });

  it('a record that cannot be identified holds back all deletions', async () => {
    const state = await holding([user('1'), user('2')]);
    const flow = pipe(
      [user('1'), { profile: {} } as UserRecord, user('3')],
      validate('users'),
      diff('users', state),
    );
    expect(names(await collect(flow))).toEqual(['+3']);
    expect(diffCountsOf(contextOf(flow), 'users')?.heldBack).toBe(1);
  });

  it('a key that comes twice is rejected the second time, or ends the run', async () => {
    const state = memoryState();
    const flow = pipe([user('1', 'a'), user('1', 'b')], validate('users'), diff('users', state));
    expect(names(await collect(flow))).toEqual(['+1']);
    expect(contextOf(flow).rejections).toMatchObject([{ externalId: '1', code: 'DUPLICATE', position: 2 }]);
    await expect(
      collect(pipe([user('1'), user('1')], validate('users'), diff('users', state, { onDuplicate: 'fail' }))),
    ).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_RECORD',
    });
  });

  it('chunk borders decide nothing, not even which of two records with one key counts', async () => {
    const bad = { externalId: '1', profile: { userName: '😀' } };
    for (const between of [0, 600]) {
      const fill = Array.from({ length: between }, (_, i) => user(`f${i}`));
      const changes = await collect(
        pipe([bad, ...fill, user('1')], validate('users'), diff('users', memoryState())),
      );
      expect(changes.map((c) => c.key)).not.toContain('1');
      expect(changes).toHaveLength(between);
    }
  });

  it('memberships of unknown users and groups are rejected with that reason', async () => {
    const state = await holding([user('1')]);
    await state.adopt([confirmed('groups', 'g', fingerprint('a'))]);
    const rows = [
      { groupExternalId: 'g', memberExternalId: '1' },
      { groupExternalId: 'g', memberExternalId: 'nobody' },
      { groupExternalId: 'none', memberExternalId: '1' },
    ];
    const flow = pipe(rows, validate('memberships'), diff('memberships', state));
    expect(names(await collect(flow))).toEqual(['+1:g1']);
    expect(contextOf(flow).rejections.map((r) => [r.externalId, r.code])).toEqual([
      ['g/nobody', 'UNKNOWN_USER'],
      ['none/1', 'UNKNOWN_GROUP'],
    ]);
  });

  it('an early exit closes the source and the reading', async () => {
    const state = memoryState({ disk: new MemoryDisk() });
    let closed = false;
    async function* source() {
      try {
        for (let i = 0; ; i++) {
          yield user(String(i));
          await Promise.resolve();
        }
      } finally {
        closed = true;
      }
    }
    for await (const _ of pipe(source(), validate('users'), diff('users', state))) break;
    expect(closed).toBe(true);
    await (await state.read()).close();
  });
});
