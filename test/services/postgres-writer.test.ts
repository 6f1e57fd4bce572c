import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { BusyError, StateError } from '../../src/core/errors.js';
import { postgresState } from '../../src/state/postgres/open-postgres-state.js';
import type { StateStore } from '../../src/state/store.js';
import { confirmed, deleted, heldRows, upserted } from '../../src/state/contract/rows.js';
import { compiled } from '../support/compiled.js';
import { describeWith, postgres, uniqueName } from './available.js';
import { cut, lockHolderOf, schemaForTests } from './postgres-store.js';

const service = await postgres();
const schema = uniqueName();

describeWith(service, 'the one writer of a state in PostgreSQL', () => {
  const { admin, pool, endPools } = schemaForTests(schema);
  const stores: StateStore[] = [];
  let states = 0;

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });

  async function open(name: string, of = pool()): Promise<StateStore> {
    const store = await postgresState(of, { schema, name });
    stores.push(store);
    return store;
  }
  const fresh = () => `writer ${++states}`;

  it('of two that open a state at once, exactly one gets it, in every round', async () => {
    const name = fresh();
    const both = [pool(), pool()];
    for (let round = 0; round < 100; round++) {
      const results = await Promise.allSettled(both.map((one) => postgresState(one, { schema, name })));
      const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const refused = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason as unknown] : [],
      );
      expect(opened).toHaveLength(1);
      expect(refused).toEqual([expect.any(BusyError)]);
      await opened[0]?.close();
    }
  });

  it('of two processes that open a state at once, one writes, and the other learns who has it', async () => {
    const name = fresh();
    const file = compiled('test/services/postgres-racer.ts');
    const racers = [1, 2].map(() =>
      fork(file, [schema, name], {
        execArgv: [],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    );
    await Promise.all(racers.map((racer) => once(racer, 'message')));
    for (let round = 0; round < 100; round++) {
      for (const racer of racers) racer.send('open');
      const said = await Promise.all(
        racers.map(async (racer) => (await once(racer, 'message'))[0] as unknown),
      );
      expect(said.sort()).toEqual(['busy', 'written']);
      for (const racer of racers) racer.send('close');
      await Promise.all(racers.map((racer) => once(racer, 'message')));
    }
    for (const racer of racers) racer.send('end');
    await Promise.all(racers.map((racer) => once(racer, 'exit')));
    const store = await open(name);
    expect(await store.getMeta('rounds')).toBe('100');
  }, 120_000);

  it('has another name or another schema for each state, with rows of its own', async () => {
    const other = `${schema}_other`;
    try {
      const [a, b] = [await open(fresh()), await open(fresh())];
      const c = await postgresState(pool(), { schema: other, name: 'writer 1' });
      stores.push(c);
      await a.adopt([confirmed('users', 'a')]);
      await b.adopt([confirmed('users', 'b'), confirmed('users', 'a')]);
      await b.adopt([{ entity: 'users', key: 'a', held: undefined }]);
      await c.restore({ fingerprintKey: 'f'.repeat(32), target: undefined, lastTriggeredAt: undefined });
      expect(Object.keys(await heldRows(a, 'users'))).toEqual(['a']);
      expect(Object.keys(await heldRows(b, 'users'))).toEqual(['b']);
      expect(await heldRows(c, 'users')).toEqual({});
      expect(new Set([a.fingerprintKey, b.fingerprintKey, c.fingerprintKey]).size).toBe(3);
    } finally {
      await stores.pop()?.close();
      await admin.query(`DROP SCHEMA IF EXISTS ${other} CASCADE`);
    }
  });

  // Every statement of one session of a sync, from the opening to the commit.
  it('whose connection is cut before any statement writes nothing more, and another takes over', async () => {
    let cuts = 0;
    for (let at = 1; ; at++) {
      const name = fresh();
      const first = pool();
      let count = 0;
      let isCut = false;
      const session = async () => {
        const store = await postgresState(first, { schema, name });
        stores.push(store);
        const id = await store.journal.creating(1);
        await store.journal.created(id, 's');
        await store.journal.loading(id, [upserted('users', 'a'), deleted('users', 'b')]);
        await store.journal.settle(id, 'completed');
        return store;
      };
      const cutAt = at;
      first.beforeQuery = async () => {
        if (++count !== cutAt) return;
        isCut = true;
        cuts++;
        await cut(admin, first);
      };
      const outcome = await session().then(
        () => undefined,
        (error: unknown) => error,
      );
      first.beforeQuery = undefined;
      if (isCut && outcome !== undefined) {
        expect(outcome, `statement ${at}`).toBeInstanceOf(StateError);
        const lost = stores.at(-1);
        const again = await open(name);
        // All of a call has happened, or nothing of it.
        const journal = await again.journal.open();
        const rows = Object.keys(await heldRows(again, 'users'));
        const { known } = (await again.counts()).users;
        expect(known).toBe(rows.length);
        for (const { id, rows: pending } of journal) {
          expect([0, 2]).toContain(pending);
          await again.journal.settle(id, 'completed');
        }
        expect((await again.journal.open()).length).toBe(0);
        if (lost !== undefined && lost !== again) {
          await expect(lost.setMeta('late', '1')).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_LOST' });
          expect(await again.getMeta('late')).toBeUndefined();
        }
      }
      for (const store of stores.splice(0)) await store.close();
      await endPools();
      if (!isCut) break;
    }
    expect(cuts).toBeGreaterThan(25);
  }, 120_000);

  it('that seems dead and was replaced cannot commit, even with its connection', async () => {
    const name = fresh();
    const first = pool();
    const store = await open(name, first);
    await store.adopt([confirmed('users', 'a')]);
    // A lock that the server freed by mistake, and another writer that took the place.
    await admin.query(`UPDATE ${schema}.states SET generation = generation + 1 WHERE name = $1`, [name]);
    await expect(store.adopt([confirmed('users', 'late')])).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE_LOST',
    });
    expect(Object.keys(await heldRows(store, 'users'))).toEqual(['a']);
  });

  it('that was cut settles nothing: the next one finds its session in the journal', async () => {
    const name = fresh();
    const first = pool();
    const store = await open(name, first);
    const id = await store.journal.creating(1);
    await store.journal.created(id, 's');
    await store.journal.loading(id, [upserted('users', 'a')]);
    await cut(admin, first);
    for (const write of [
      () => store.journal.triggering(id),
      () => store.journal.settle(id, 'completed'),
      () => store.getMeta('import'),
    ])
      await expect(write()).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_STATE_LOST',
        message: expect.stringContaining('run again') as unknown,
      });
    const next = await open(name);
    expect(await next.journal.open()).toMatchObject([{ id, sessionId: 's', phase: 'loading', rows: 1 }]);
    await next.journal.settle(id, 'dropped');
    expect(await heldRows(next, 'users')).toEqual({});
  });

  it('has its lock until it is closed, and frees it at once then', async () => {
    const name = fresh();
    const first = pool();
    const store = await open(name, first);
    expect(await lockHolderOf(admin, first)).toBeTypeOf('number');
    await expect(open(name)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_BUSY', pid: process.pid });
    await store.close();
    expect(await lockHolderOf(admin, first)).toBeUndefined();
    await (await open(name)).close();
  });

  it('may open a closed state again through the same pool', async () => {
    const name = fresh();
    const first = pool();
    for (let i = 0; i < 3; i++) {
      const store = await postgresState(first, { schema, name });
      const reading = await store.read();
      await reading.keep('users', ['a']);
      await reading.close();
      await store.close();
    }
  });
});
