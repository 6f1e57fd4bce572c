import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ENTITIES, type Entity } from '../../src/core/model.js';
import {
  Reference,
  Seen,
  type JournaledSession,
  type PendingRow,
  type Reading,
  type StateStore,
} from '../../src/state/store.js';
import { runs } from '../support/runs.js';

/** A store to be tested. `reopen` closes the store and opens what it left. */
export interface StoreUnderTest {
  readonly store: StateStore;
  reopen(): Promise<StoreUnderTest>;
  dispose(): Promise<void>;
}

/** A fingerprint covers its key, so no two keys share one. */
const print = (key: string, version = 'a') => `${version}${key}`.padEnd(16, version);

const upsert = (entity: Entity, key: string, fingerprint = print(key)): PendingRow => ({
  entity,
  kind: 'upsert',
  key,
  fingerprint,
});
const remove = (entity: Entity, key: string): PendingRow => ({
  entity,
  kind: 'delete',
  key,
  fingerprint: '',
});

async function missingOf(reading: Reading, entity: Entity): Promise<string[]> {
  const keys: string[] = [];
  for await (const chunk of reading.missing(entity)) keys.push(...chunk);
  return keys.sort();
}

async function rowsOf(store: StateStore, entity: Entity): Promise<Record<string, string>> {
  const rows: Record<string, string> = {};
  for await (const chunk of store.rows(entity))
    for (const { key, fingerprint } of chunk) rows[key] = fingerprint;
  return rows;
}

/** One session with these loads, settled. */
async function settled(
  store: StateStore,
  rows: readonly PendingRow[],
  outcome: 'completed' | 'dropped' | 'unknown',
) {
  const id = await store.journal.creating(1000);
  await store.journal.created(id, `s${id}`);
  await store.journal.loading(id, rows);
  await store.journal.loaded(id);
  await store.journal.settle(id, outcome);
}

/** The contract of a state store: run it over every implementation. */
export function stateStoreContract(make: () => Promise<StoreUnderTest>): void {
  const law = (name: string, body: (store: StateStore, under: StoreUnderTest) => Promise<void>) =>
    it(name, async () => {
      const under = await make();
      try {
        await body(under.store, under);
      } finally {
        await under.dispose();
      }
    });

  law('tells new, same and changed records apart', async (store) => {
    await settled(store, [upsert('users', 'a'), upsert('users', 'b')], 'completed');
    const reading = await store.read();
    const codes = await reading.compare(
      'users',
      ['a', 'b', 'c'],
      [print('a'), print('b', 'x'), print('c', 'y')],
    );
    expect([...codes]).toEqual([Seen.SAME, Seen.CHANGED, Seen.NEW]);
    await reading.close();
  });

  law('a key that is compared twice is a duplicate, in one call or in two', async (store) => {
    await settled(store, [upsert('users', 'a')], 'completed');
    const reading = await store.read();
    const [a, n] = [print('a'), print('n')];
    expect([...(await reading.compare('users', ['a', 'a', 'n', 'n'], [a, a, n, n]))]).toEqual([
      Seen.SAME,
      Seen.DUPLICATE,
      Seen.NEW,
      Seen.DUPLICATE,
    ]);
    expect([...(await reading.compare('users', ['n', 'a'], [n, a]))]).toEqual([
      Seen.DUPLICATE,
      Seen.DUPLICATE,
    ]);
    await reading.close();
  });

  law('what was neither compared nor kept is missing', async (store) => {
    await settled(
      store,
      ['a', 'b', 'c', 'd'].map((key) => upsert('groups', key)),
      'completed',
    );
    const reading = await store.read();
    await reading.compare('groups', ['a'], [print('a', 'z')]);
    await reading.keep('groups', ['c', 'nobody']);
    expect(await missingOf(reading, 'groups')).toEqual(['b', 'd']);
    expect([...(await reading.compare('groups', ['c'], [print('c')]))]).toEqual([Seen.SAME]);
    await reading.close();
  });

  law('entities do not mix', async (store) => {
    await settled(
      store,
      [upsert('users', 'x'), upsert('groups', 'y'), upsert('memberships', '1:yx')],
      'completed',
    );
    const reading = await store.read();
    expect([...(await reading.compare('groups', ['x'], [print('x')]))]).toEqual([Seen.NEW]);
    expect(await missingOf(reading, 'users')).toEqual(['x']);
    expect(await missingOf(reading, 'memberships')).toEqual(['1:yx']);
    await reading.close();
  });

  law('an unknown row is new to a comparison, and missing when it left the source', async (store) => {
    await settled(store, [upsert('users', 'a')], 'unknown');
    expect((await store.counts()).users).toEqual({ known: 0, unknown: 1 });
    const reading = await store.read();
    expect(await missingOf(reading, 'users')).toEqual(['a']);
    expect([...(await reading.compare('users', ['a'], [print('a')]))]).toEqual([Seen.NEW]);
    await reading.close();
  });

  law('references are held, new or absent', async (store) => {
    await settled(
      store,
      [upsert('users', 'held'), upsert('users', 'gone'), upsert('users', 'rejected')],
      'completed',
    );
    await settled(store, [upsert('users', 'unsure')], 'unknown');
    const reading = await store.read();
    const keys = ['held', 'gone', 'rejected', 'unsure', 'fresh', 'nobody'];
    await reading.compare(
      'users',
      ['held', 'unsure', 'fresh'],
      ['held', 'unsure', 'fresh'].map((key) => print(key)),
    );
    await reading.keep('users', ['rejected', 'nobody']);
    const { HELD, NEW, ABSENT } = Reference;
    expect([...(await reading.refer('users', keys))]).toEqual([HELD, HELD, HELD, NEW, NEW, ABSENT]);
    const complete = () => ENTITIES.filter((entity) => reading.isComplete(entity));
    expect(complete()).toEqual([]);
    reading.complete('users');
    expect(complete()).toEqual(['users']);
    expect([...(await reading.refer('users', keys))]).toEqual([HELD, ABSENT, HELD, NEW, NEW, ABSENT]);
    await reading.close();
  });

  law('an unknown row that the reading does not send is no reference, but it is known', async (store) => {
    await settled(store, [upsert('users', 'held')], 'completed');
    await settled(store, [upsert('users', 'unsure')], 'unknown');
    const reading = await store.read();
    await reading.keep('users', ['unsure']);
    expect([...(await reading.refer('users', ['held', 'unsure']))]).toEqual([
      Reference.HELD,
      Reference.ABSENT,
    ]);
    expect([...(await reading.knows('users', ['held', 'unsure', 'nobody']))]).toEqual([1, 1, 0]);
    await reading.close();
  });

  law('a commit while a reading is open does not touch it', async (store) => {
    await settled(store, [upsert('users', 'a')], 'completed');
    const reading = await store.read();
    await reading.compare('users', ['a', 'b'], [print('a'), print('b')]);
    await settled(store, [upsert('users', 'b')], 'completed');
    expect(await missingOf(reading, 'users')).toEqual([]);
    expect([...(await reading.compare('users', ['b'], [print('b')]))]).toEqual([Seen.DUPLICATE]);
    await reading.close();
  });

  law('what is sent while its reading is open stays something to refer to', async (store) => {
    await settled(store, [upsert('users', 'a'), upsert('users', 'gone')], 'completed');
    const reading = await store.read();
    await reading.compare('users', ['a', 'b'], [print('a', 'z'), print('b')]);
    reading.complete('users');
    await settled(store, [upsert('users', 'a', print('a', 'z')), upsert('users', 'b')], 'completed');
    const [changed, created, gone] = await reading.refer('users', ['a', 'b', 'gone']);
    expect([changed, gone]).toEqual([Reference.HELD, Reference.ABSENT]);
    expect(created).not.toBe(Reference.ABSENT);
    await reading.close();
  });

  law('one reading is open at a time', async (store) => {
    const reading = await store.read();
    await expect(store.read()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    await reading.close();
    await (await store.read()).close();
  });

  law('a state is stamped once, and refuses any other target', async (store, under) => {
    expect(await store.target()).toBeUndefined();
    const target = { orgUrl: 'https://a.example', identitySourceId: 's' };
    await store.bind(target);
    await store.bind(target);
    await expect(store.bind({ ...target, identitySourceId: 't' })).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE_TARGET',
    });
    const again = await under.reopen();
    expect(await again.store.target()).toEqual(target);
    await expect(again.store.bind({ ...target, orgUrl: 'https://b.example' })).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE_TARGET',
    });
    await again.dispose();
  });

  law('calls of the journal that are not waited for take effect in their order', async (store, under) => {
    const id = await store.journal.creating(5000);
    await store.journal.created(id, 'session');
    await Promise.all([
      store.journal.loading(id, [upsert('users', 'a')]),
      store.journal.loaded(id),
      store.journal.loading(id, [remove('users', 'b')]),
      store.journal.refused(id),
      store.journal.loading(id, [upsert('users', 'c')]),
      store.journal.loaded(id),
      store.journal.triggering(id),
    ]);
    const again = await under.reopen();
    expect(await again.store.journal.open()).toMatchObject([
      { sessionId: 'session', phase: 'triggering', loads: 2, acknowledged: 2, rows: 2 },
    ]);
    await again.store.journal.settle(id, 'completed');
    expect(await again.store.counts()).toMatchObject({ users: { known: 2, unknown: 0 } });
    await again.dispose();
  });

  law('the journal survives, with what each session carries', async (store, under) => {
    const id = await store.journal.creating(5000, ['x', 'y']);
    await store.journal.created(id, 'session');
    await store.journal.loading(id, [upsert('users', 'a'), remove('users', 'b')]);
    await store.journal.loaded(id);
    await store.journal.loading(id, [upsert('users', 'c')]);
    await store.journal.refused(id);
    await store.journal.loading(id, [remove('groups', 'd')]);
    const again = await under.reopen();
    expect(await again.store.journal.open()).toEqual([
      {
        id,
        sessionId: 'session',
        phase: 'loading',
        startedAt: 5000,
        seen: ['x', 'y'],
        triggeredAt: undefined,
        loads: 2,
        acknowledged: 1,
        rows: 3,
        hasUpserts: true,
      },
    ]);
    await again.store.journal.triggering(id);
    await again.store.journal.triggered(id, 6000);
    expect(await again.store.journal.lastTriggeredAt()).toBe(6000);
    await again.store.journal.settle(id, 'completed');
    expect(await again.store.journal.open()).toEqual([]);
    expect(await rowsOf(again.store, 'users')).toEqual({ a: print('a') });
    expect(await again.store.journal.lastTriggeredAt()).toBe(6000);
    await again.dispose();
  });

  law('the journal tells each step of a session, and keeps sessions apart', async (store) => {
    const { journal } = store;
    const other = await journal.creating(1);
    await journal.created(other, 'other');
    await journal.loading(other, [upsert('users', 'theirs'), remove('users', 'x')]);
    const id = await journal.creating(2);
    const told = async () => (await journal.open()).find((session) => session.id === id);
    const last = await journal.creating(3);
    await journal.created(last, 'last');
    await journal.loading(last, [upsert('users', 'last')]);
    expect(await told()).toMatchObject({ phase: 'creating', loads: 0, rows: 0, hasUpserts: false });
    await journal.created(id, 's');
    expect(await told()).toMatchObject({ phase: 'loading', sessionId: 's', startedAt: 2 });
    await journal.loading(id, [remove('users', 'x'), remove('users', 'y')]);
    expect(await told()).toMatchObject({ loads: 1, rows: 2, hasUpserts: false, acknowledged: 0 });
    await journal.loaded(id);
    await journal.loading(id, [upsert('users', 'refused'), remove('users', 'z')]);
    expect(await told()).toMatchObject({ loads: 2, rows: 4, hasUpserts: true, acknowledged: 1 });
    await journal.refused(id);
    expect(await told()).toMatchObject({ loads: 1, rows: 2, hasUpserts: false, acknowledged: 1 });
    await journal.loading(id, [upsert('users', 'mine'), remove('users', 'z')]);
    await journal.loaded(id);
    await journal.loading(id, [upsert('users', 'refused too')]);
    await journal.refused(id);
    expect(await told()).toMatchObject({ loads: 2, rows: 4, hasUpserts: true, acknowledged: 2 });
    await journal.triggering(id);
    expect(await told()).toMatchObject({ phase: 'triggering', triggeredAt: undefined });
    await journal.triggered(id, 9);
    expect(await told()).toMatchObject({ phase: 'triggered', triggeredAt: 9, sessionId: 's', loads: 2 });
    await journal.cancelling(id);
    expect(await told()).toMatchObject({ phase: 'cancelling', rows: 4 });
    // Each settles its own rows, and leaves those of the others.
    await journal.settle(id, 'completed');
    expect(await rowsOf(store, 'users')).toEqual({ mine: print('mine') });
    expect((await journal.open()).map((session) => session.id)).toEqual([other, last]);
    await journal.settle(last, 'dropped');
    await journal.settle(other, 'completed');
    expect(await rowsOf(store, 'users')).toEqual({ mine: print('mine'), theirs: print('theirs') });
    expect(await journal.open()).toEqual([]);
  });

  law(
    'the journal holds what a plain list would, whatever happens to however many sessions',
    async (store) => {
      const { journal } = store;
      let model: { session: JournaledSession; loads: PendingRow[][] }[] = [];
      const rows = fc.array(
        fc.record({
          entity: fc.constantFrom(...ENTITIES),
          kind: fc.constantFrom('upsert' as const, 'delete' as const),
          key: fc.constantFrom('a', 'b', 'c'),
        }),
        { maxLength: 3 },
      );
      const step = fc.record({
        what: fc.constantFrom(
          ...(['creating', 'created', 'loading', 'loading', 'loaded', 'refused', 'cancelling'] as const),
          ...(['triggering', 'triggered', 'settle'] as const),
        ),
        which: fc.nat(),
        now: fc.nat(),
        rows,
        outcome: fc.constantFrom('completed' as const, 'dropped' as const, 'unknown' as const),
      });
      let lastId = 0;
      let lastTriggeredAt: number | undefined;
      const baseline = new Map<string, string>();
      const sum = (loads: readonly PendingRow[][]) => ({
        loads: loads.length,
        rows: loads.flat().length,
        hasUpserts: loads.flat().some((row) => row.kind === 'upsert'),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
          for (const { what, which, now, rows: bare, outcome } of steps) {
            if (what === 'creating') {
              const id = await journal.creating(now);
              // Numbers rise, so that none is taken for one that was settled before.
              expect(id).toBeGreaterThan(lastId);
              lastId = id;
              const session: JournaledSession = {
                id,
                sessionId: undefined,
                phase: 'creating',
                startedAt: now,
                seen: [],
                triggeredAt: undefined,
                acknowledged: 0,
                ...sum([]),
              };
              model.push({ session, loads: [] });
              continue;
            }
            const own = model[which % (model.length || 1)];
            if (own === undefined) continue;
            const { id, acknowledged } = own.session;
            const change = (changed: Partial<JournaledSession>) =>
              (own.session = { ...own.session, ...changed });
            if (what === 'created') {
              await journal.created(id, `s${now}`);
              change({ sessionId: `s${now}`, phase: 'loading' });
            } else if (what === 'loading') {
              const load = bare.map((row) => ({
                ...row,
                fingerprint: row.kind === 'upsert' ? print(row.key, String(now % 10)) : '',
              }));
              await journal.loading(id, load);
              own.loads.push(load);
              change(sum(own.loads));
            } else if (what === 'loaded' && acknowledged < own.loads.length) {
              await journal.loaded(id);
              change({ acknowledged: acknowledged + 1 });
            } else if (what === 'refused' && acknowledged < own.loads.length) {
              await journal.refused(id);
              own.loads.pop();
              change(sum(own.loads));
            } else if (what === 'triggering' || what === 'cancelling') {
              await journal[what](id);
              change({ phase: what });
            } else if (what === 'triggered') {
              await journal.triggered(id, now);
              change({ phase: 'triggered', triggeredAt: now });
              lastTriggeredAt = now;
            } else if (what === 'settle') {
              await journal.settle(id, outcome);
              model = model.filter((one) => one !== own);
              for (const { entity, kind, key, fingerprint } of outcome === 'dropped'
                ? []
                : own.loads.flat()) {
                if (outcome === 'unknown') baseline.set(`${entity} ${key}`, '');
                else if (kind === 'delete') baseline.delete(`${entity} ${key}`);
                else baseline.set(`${entity} ${key}`, fingerprint);
              }
            }
          }
          expect(await journal.open()).toEqual(model.map(({ session }) => session));
          expect(await journal.lastTriggeredAt()).toBe(lastTriggeredAt);
          const held: Record<string, string> = {};
          for (const entity of ENTITIES)
            for (const [key, fingerprint] of Object.entries(await rowsOf(store, entity)))
              held[`${entity} ${key}`] = fingerprint;
          expect(held).toEqual(Object.fromEntries(baseline));
        }),
        { numRuns: runs(40) },
      );
    },
  );

  law('a session that the journal does not know is a clear error', async (store) => {
    const { journal } = store;
    const id = await journal.creating(1);
    const other = id + 1;
    for (const attempt of [
      () => journal.created(other, 's'),
      () => journal.loading(other, []),
      () => journal.loaded(other),
      () => journal.refused(other),
      () => journal.triggering(other),
      () => journal.triggered(other, 1),
      () => journal.cancelling(other),
      () => journal.settle(other, 'completed'),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    expect(await journal.open()).toMatchObject([{ id, phase: 'creating' }]);
    expect(await journal.lastTriggeredAt()).toBeUndefined();
  });

  law('a writer whose place was taken cannot write', async (store, under) => {
    const again = await under.reopen();
    await expect(store.journal.creating(1)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_ROLLCALL_STATE/) as string,
    });
    await again.dispose();
  });

  law('small values are kept', async (store, under) => {
    expect(await store.getMeta('watermark')).toBeUndefined();
    await store.setMeta('watermark', '42');
    const again = await under.reopen();
    expect(await again.store.getMeta('watermark')).toBe('42');
    await again.dispose();
  });

  law('the baseline is what a plain map would hold, whatever is settled in whatever way', async (store) => {
    const model: Record<Entity, Map<string, string>> = {
      users: new Map(),
      groups: new Map(),
      memberships: new Map(),
    };
    const row = fc.record({
      entity: fc.constantFrom(...ENTITIES),
      kind: fc.constantFrom('upsert' as const, 'delete' as const),
      key: fc.constantFrom('a', 'b', 'c', 'ä', '汉', '1:ab', 'x'.repeat(512)),
      fingerprint: fc.constantFrom('a'.repeat(16), '\u00ff\u0000'.repeat(8)),
    });
    const step = fc.record({
      rows: fc.array(row, { maxLength: 12 }),
      outcome: fc.constantFrom('completed' as const, 'dropped' as const, 'unknown' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        for (const { rows, outcome } of steps) {
          await settled(
            store,
            rows.map((r) => (r.kind === 'delete' ? { ...r, fingerprint: '' } : r)),
            outcome,
          );
          for (const { entity, kind, key, fingerprint } of rows) {
            if (outcome === 'unknown') model[entity].set(key, '');
            if (outcome === 'completed' && kind === 'upsert') model[entity].set(key, fingerprint);
            if (outcome === 'completed' && kind === 'delete') model[entity].delete(key);
          }
        }
        const counts = await store.counts();
        for (const entity of ENTITIES) {
          expect(await rowsOf(store, entity)).toEqual(Object.fromEntries(model[entity]));
          const unknown = Array.from(model[entity].values()).filter((fp) => fp === '').length;
          expect(counts[entity]).toEqual({ known: model[entity].size - unknown, unknown });
        }
      }),
      { numRuns: runs(40) },
    );
  });

  law('absences are kept as they were last set', async (store, under) => {
    await store.setAbsences(
      'users',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    );
    await store.setAbsences('groups', new Map([['a', 7]]));
    await store.setAbsences('users', new Map([['b', 3]]));
    const again = await under.reopen();
    expect(await again.store.absences('users')).toEqual(new Map([['b', 3]]));
    expect(await again.store.absences('groups')).toEqual(new Map([['a', 7]]));
    expect(await again.store.absences('memberships')).toEqual(new Map());
  });

  law('a state that is restored holds nothing, and is not read until the import is over', async (store) => {
    await settled(store, [upsert('users', 'a')], 'completed');
    const target = { orgUrl: 'https://other.example', identitySourceId: 'x' };
    await store.restore({ fingerprintKey: '0123456789abcdef'.repeat(2), target, lastTriggeredAt: 5 });
    expect(store.fingerprintKey).toBe('0123456789abcdef'.repeat(2));
    expect((await store.counts()).users).toEqual({ known: 0, unknown: 0 });
    expect(await store.target()).toEqual(target);
    expect(await store.journal.lastTriggeredAt()).toBe(5);
    await expect(store.read()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    await store.adopt([upsert('users', 'b')]);
    await store.setMeta('import', '');
    const reading = await store.read();
    expect(await missingOf(reading, 'users')).toEqual(['b']);
    await reading.close();
  });

  law('what lies behind a fingerprint is held, and does not count in a comparison', async (store) => {
    await store.adopt([
      upsert('users', 'a', `${'a'.repeat(16)}prints`),
      upsert('groups', 'g', 'b'.repeat(16)),
    ]);
    const reading = await store.read();
    expect([...(await reading.compare('users', ['a'], [`${'a'.repeat(16)}other`]))]).toEqual([Seen.SAME]);
    expect(await reading.held('users', ['a', 'nobody'])).toEqual(['prints', '']);
    expect(await reading.held('groups', ['g'])).toEqual(['']);
    await reading.close();
  });

  law(
    'rows that were removed are used again, and no key is mistaken for the one before',
    async (store, under) => {
      const keys = Array.from({ length: 300 }, (_, i) => `k${i}`);
      await store.adopt(keys.map((key) => upsert('users', key)));
      await store.adopt(keys.slice(50, 250).map((key) => remove('users', key)));
      let again = await under.reopen();
      // A reading lets go of the rows that were removed before it.
      await (await again.store.read()).close();
      await again.store.adopt(keys.slice(0, 150).map((key) => upsert('users', `n${key}`)));
      again = await again.reopen();
      const held = await rowsOf(again.store, 'users');
      const expected = [
        ...keys.slice(0, 50).map((key) => [key, print(key)]),
        ...keys.slice(250).map((key) => [key, print(key)]),
        ...keys.slice(0, 150).map((key) => [`n${key}`, print(`n${key}`)]),
      ];
      expect(held).toEqual(Object.fromEntries(expected));
      const reading = await again.store.read();
      const asked = [...keys, ...keys.slice(0, 150).map((key) => `n${key}`)];
      const codes = await reading.compare(
        'users',
        asked,
        asked.map((key) => print(key)),
      );
      for (const [i, key] of asked.entries()) expect(codes[i]).toBe(key in held ? Seen.SAME : Seen.NEW);
      await reading.close();
    },
  );
}
