import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  ENTITIES,
  membershipKey,
  splitMembershipKey,
  type Entity,
  type Fingerprint,
} from '../../src/core/model.js';
import {
  Reference,
  Seen,
  UNKNOWN,
  type Held,
  type JournaledSession,
  type PendingRow,
  type Reading,
  type StateStore,
} from '../../src/state/store.js';
import {
  confirmed,
  deleted,
  digests,
  fingerprint,
  gone,
  heldRows,
  unknown,
  upserted,
} from '../support/rows.js';
import { runs } from '../support/runs.js';

/** Keys that a store may encode in different ways. Each must stay a key of its own. */
const AWKWARD_KEYS: readonly string[] = [
  ...['', 'a', 'b', 'ä', '汉', '1:ab', 'x'.repeat(512), '汉'.repeat(512), '\0', '😀'],
  // Not well-formed Unicode, which UTF-8 encodes as U+FFFD.
  ...['\ud83d', '\ude00', 'a\ud83d', '\ufffd', 'a\ufffd'],
];

/** Ids that are prefixes of each other, or whose surrogates form a character when they are joined. */
const AWKWARD_IDS: readonly string[] = ['', 'a', 'ab', '1:a', '汉', '\ud83d', 'a\ud83d', '\ude00b'];
const AWKWARD_PAIRS: readonly string[] = AWKWARD_IDS.flatMap((group) =>
  AWKWARD_IDS.map((member) => membershipKey(group, member)),
);

/** A store to be tested. `reopen` closes the store and opens its content again. */
export interface StoreUnderTest {
  readonly store: StateStore;
  reopen(): Promise<StoreUnderTest>;
  /** Makes the commit of the next write fail, as a failing disk does. Returns the error of the disk. */
  failNextWrite(): Error;
  dispose(): Promise<void>;
}

/** A fingerprint covers its key, so no two keys share one. */
const print = (key: string, version = 'a') => fingerprint(`${version}${key}`, version.repeat(4));

const upsert = (entity: Entity, key: string, of = print(key)): PendingRow => upserted(entity, key, of);
const confirmedRow = (entity: Entity, key: string, of = print(key)) => confirmed(entity, key, of);

/** Confirmed rows of users with these keys. */
const heldOf = (...keys: readonly string[]) =>
  Object.fromEntries(keys.map((key) => [key, confirmedRow('users', key).held]));

/** Compares records with these keys and fingerprints. */
async function compare(
  reading: Reading,
  entity: Entity,
  keys: readonly string[],
  fingerprints: readonly Fingerprint[] = keys.map((key) => print(key)),
): Promise<number[]> {
  return [...(await reading.compare(entity, digests(...fingerprints), (i) => keys[i] as string))];
}

async function missingOf(reading: Reading, entity: Entity): Promise<string[]> {
  const keys: string[] = [];
  for await (const chunk of reading.missing(entity)) keys.push(...chunk);
  return keys.sort();
}

/** Writes a session with these rows to the journal, and settles it. */
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

/** The contract of a state store. Every implementation must pass it. */
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
    const codes = await compare(
      reading,
      'users',
      ['a', 'b', 'c'],
      [print('a'), print('b', 'x'), print('c', 'y')],
    );
    expect(codes).toEqual([Seen.SAME, Seen.CHANGED, Seen.NEW]);
    await reading.close();
  });

  law('a key that is compared twice is a duplicate, in one call or in two', async (store) => {
    await settled(store, [upsert('users', 'a')], 'completed');
    const reading = await store.read();
    const [a, n] = [print('a'), print('n')];
    expect(await compare(reading, 'users', ['a', 'a', 'n', 'n'], [a, a, n, n])).toEqual([
      Seen.SAME,
      Seen.DUPLICATE,
      Seen.NEW,
      Seen.DUPLICATE,
    ]);
    expect(await compare(reading, 'users', ['n', 'a'], [n, a])).toEqual([Seen.DUPLICATE, Seen.DUPLICATE]);
    await reading.close();
  });

  law('what was neither compared nor kept is missing', async (store) => {
    await settled(
      store,
      ['a', 'b', 'c', 'd'].map((key) => upsert('groups', key)),
      'completed',
    );
    const reading = await store.read();
    await compare(reading, 'groups', ['a'], [print('a', 'z')]);
    await reading.keep('groups', ['c', 'nobody']);
    expect(await missingOf(reading, 'groups')).toEqual(['b', 'd']);
    expect(await compare(reading, 'groups', ['c'], [print('c')])).toEqual([Seen.SAME]);
    await reading.close();
  });

  law('keys of any length may be kept and looked up: rejected records may have any', async (store) => {
    await store.adopt([confirmedRow('users', 'a')]);
    const reading = await store.read();
    const long = ['汉'.repeat(1024), 'x'.repeat(100_000), '\ud83d'.repeat(5000)];
    await reading.keep('users', ['a', ...long]);
    expect(await reading.held('users', ['a', ...long])).toEqual([
      confirmedRow('users', 'a').held,
      ...long.map(() => undefined),
    ]);
    expect([...(await reading.refer('users', long))]).toEqual(long.map(() => Reference.ABSENT));
    expect(await missingOf(reading, 'users')).toEqual([]);
    await reading.close();
  });

  law('entities do not mix', async (store) => {
    await settled(
      store,
      [upsert('users', 'x'), upsert('groups', 'y'), upsert('memberships', '1:yx')],
      'completed',
    );
    const reading = await store.read();
    expect(await compare(reading, 'groups', ['x'], [print('x')])).toEqual([Seen.NEW]);
    expect(await missingOf(reading, 'users')).toEqual(['x']);
    expect(await missingOf(reading, 'memberships')).toEqual(['1:yx']);
    await reading.close();
  });

  law('an unknown row is unknown to a comparison, and missing when it left the source', async (store) => {
    await settled(store, [upsert('users', 'a')], 'unknown');
    expect((await store.counts()).users).toEqual({ known: 0, unknown: 1 });
    const reading = await store.read();
    expect(await missingOf(reading, 'users')).toEqual(['a']);
    expect(await compare(reading, 'users', ['a'], [print('a')])).toEqual([Seen.UNKNOWN]);
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
    await compare(reading, 'users', ['held', 'unsure', 'fresh']);
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
    expect(await reading.held('users', ['held', 'unsure', 'nobody'])).toEqual([
      confirmedRow('users', 'held').held,
      UNKNOWN,
      undefined,
    ]);
    await reading.close();
  });

  law('a commit while a reading is open does not touch it', async (store) => {
    await settled(store, [upsert('users', 'a')], 'completed');
    const reading = await store.read();
    await compare(reading, 'users', ['a', 'b'], [print('a'), print('b')]);
    await settled(store, [upsert('users', 'b')], 'completed');
    expect(await missingOf(reading, 'users')).toEqual([]);
    expect(await compare(reading, 'users', ['b'], [print('b')])).toEqual([Seen.DUPLICATE]);
    await reading.close();
  });

  law('what is sent while its reading is open stays something to refer to', async (store) => {
    await settled(store, [upsert('users', 'a'), upsert('users', 'gone')], 'completed');
    const reading = await store.read();
    await compare(reading, 'users', ['a', 'b'], [print('a', 'z'), print('b')]);
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

  law(
    'the org of a state can get another address, but no state another identity source',
    async (store, under) => {
      await expect(store.retarget('https://b.example')).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
      await store.bind({ orgUrl: 'https://a.example', identitySourceId: 's' });
      await settled(store, [upsert('users', 'a')], 'completed');
      await store.retarget('https://b.example');
      const again = await under.reopen();
      const target = { orgUrl: 'https://b.example', identitySourceId: 's' };
      expect(await again.store.target()).toEqual(target);
      await again.store.bind(target);
      expect((await again.store.counts()).users).toEqual({ known: 1, unknown: 0 });
      await again.store.close();
    },
  );

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
      store.journal.loading(id, [deleted('users', 'b')]),
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
    await store.journal.loading(id, [upsert('users', 'a'), deleted('users', 'b')]);
    await store.journal.loaded(id);
    await store.journal.loading(id, [upsert('users', 'c')]);
    await store.journal.refused(id);
    await store.journal.loading(id, [deleted('groups', 'd')]);
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
    expect(await heldRows(again.store, 'users')).toEqual(heldOf('a'));
    expect(await again.store.journal.lastTriggeredAt()).toBe(6000);
    await again.dispose();
  });

  law('the journal tells each step of a session, and keeps sessions apart', async (store) => {
    const { journal } = store;
    const other = await journal.creating(1);
    await journal.created(other, 'other');
    await journal.loading(other, [upsert('users', 'theirs'), deleted('users', 'x')]);
    const id = await journal.creating(2);
    const told = async () => (await journal.open()).find((session) => session.id === id);
    const last = await journal.creating(3);
    await journal.created(last, 'last');
    await journal.loading(last, [upsert('users', 'last')]);
    expect(await told()).toMatchObject({ phase: 'creating', loads: 0, rows: 0, hasUpserts: false });
    await journal.created(id, 's');
    expect(await told()).toMatchObject({ phase: 'loading', sessionId: 's', startedAt: 2 });
    await journal.loading(id, [deleted('users', 'x'), deleted('users', 'y')]);
    expect(await told()).toMatchObject({ loads: 1, rows: 2, hasUpserts: false, acknowledged: 0 });
    await journal.loaded(id);
    await journal.loading(id, [upsert('users', 'refused'), deleted('users', 'z')]);
    expect(await told()).toMatchObject({ loads: 2, rows: 4, hasUpserts: true, acknowledged: 1 });
    await journal.refused(id);
    expect(await told()).toMatchObject({ loads: 1, rows: 2, hasUpserts: false, acknowledged: 1 });
    await journal.loading(id, [upsert('users', 'mine'), deleted('users', 'z')]);
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
    // Settling a session changes only its own rows.
    await journal.settle(id, 'completed');
    expect(await heldRows(store, 'users')).toEqual(heldOf('mine'));
    expect((await journal.open()).map((session) => session.id)).toEqual([other, last]);
    await journal.settle(last, 'dropped');
    await journal.settle(other, 'completed');
    expect(await heldRows(store, 'users')).toEqual(heldOf('mine', 'theirs'));
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
          // As memberships, they belong to a group that is not one of these keys.
          key: fc.constantFrom('1:xa', '1:xb', '1:xc'),
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
      const baseline = new Map<string, Held>();
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
              // A number is never used again, also not after its session was settled.
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
              const load = bare.map(({ entity, kind, key }) =>
                kind === 'upsert' ? upsert(entity, key, print(key, String(now % 10))) : deleted(entity, key),
              );
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
              for (const row of outcome === 'dropped' ? [] : own.loads.flat()) {
                const place = `${row.entity} ${row.key}`;
                if (outcome === 'unknown') baseline.set(place, UNKNOWN);
                else if (row.kind === 'delete') baseline.delete(place);
                else baseline.set(place, { kind: 'confirmed', fingerprint: row.fingerprint });
              }
            }
          }
          expect(await journal.open()).toEqual(model.map(({ session }) => session));
          expect(await journal.lastTriggeredAt()).toBe(lastTriggeredAt);
          const held: Record<string, Held> = {};
          for (const entity of ENTITIES)
            for (const [key, row] of Object.entries(await heldRows(store, entity)))
              held[`${entity} ${key}`] = row;
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
    const model: Record<Entity, Map<string, Held>> = {
      users: new Map(),
      groups: new Map(),
      memberships: new Map(),
    };
    const KEYS: Readonly<Record<Entity, readonly string[]>> = {
      users: [...AWKWARD_KEYS, ...AWKWARD_IDS],
      groups: [...AWKWARD_KEYS, ...AWKWARD_IDS],
      memberships: AWKWARD_PAIRS,
    };
    const what = fc.oneof(
      ...ENTITIES.map((entity) =>
        fc.record({ entity: fc.constant(entity), key: fc.constantFrom(...KEYS[entity]) }),
      ),
    );
    const row = fc.record({
      what,
      kind: fc.constantFrom('upsert' as const, 'delete' as const),
      of: fc.record({
        digest: fc.constantFrom('a'.repeat(16), '\u00ff\u0000'.repeat(8)),
        attributes: fc.constantFrom('', '\u00ff\u0000ab', 'abcd'.repeat(3)),
      }),
    });
    const step = fc.record({
      rows: fc.array(row, { maxLength: 12 }),
      outcome: fc.constantFrom('completed' as const, 'dropped' as const, 'unknown' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        for (const { rows, outcome } of steps) {
          const session = rows.map(({ what: { entity, key }, kind, of }) =>
            kind === 'delete' ? deleted(entity, key) : upsert(entity, key, of),
          );
          await settled(store, session, outcome);
          if (outcome === 'dropped') continue;
          for (const {
            what: { entity, key },
            kind,
            of,
          } of rows) {
            if (outcome === 'unknown') model[entity].set(key, UNKNOWN);
            if (outcome === 'completed' && kind === 'upsert')
              model[entity].set(key, { kind: 'confirmed', fingerprint: of });
            if (outcome === 'completed' && kind === 'delete') model[entity].delete(key);
          }
          const ended = (entity: Entity, key: string) =>
            rows.some((one) => one.kind === 'delete' && one.what.entity === entity && one.what.key === key);
          for (const pair of [...model.memberships.keys()]) {
            const { groupExternalId, memberExternalId } = splitMembershipKey(pair);
            if (outcome === 'completed' && ended('groups', groupExternalId)) model.memberships.delete(pair);
            else if (ended('groups', groupExternalId) || ended('users', memberExternalId))
              model.memberships.set(pair, UNKNOWN);
          }
        }
        const counts = await store.counts();
        const reading = await store.read();
        for (const entity of ENTITIES) {
          expect(await heldRows(store, entity)).toEqual(Object.fromEntries(model[entity]));
          const unknown = Array.from(model[entity].values()).filter(({ kind }) => kind === 'unknown').length;
          expect(counts[entity]).toEqual({ known: model[entity].size - unknown, unknown });
          expect(await reading.held(entity, KEYS[entity])).toEqual(
            KEYS[entity].map((key) => model[entity].get(key)),
          );
        }
        await reading.close();
      }),
      { numRuns: runs(40) },
    );
  });

  const pairs = (...keys: readonly string[]) =>
    Object.fromEntries(keys.map((key) => [key, confirmedRow('memberships', key).held]));
  const unsure = (...keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, UNKNOWN]));

  law('the end of a group is the end of its memberships, and of no others', async (store, under) => {
    await store.adopt(
      ['1:ga', '1:gb', '1:ha', '2:gaa', '0:ga'].map((key) => confirmedRow('memberships', key)),
    );
    await settled(store, [deleted('groups', 'g')], 'dropped');
    expect(await heldRows(store, 'memberships')).toEqual(pairs('1:ga', '1:gb', '1:ha', '2:gaa', '0:ga'));
    await settled(store, [deleted('groups', 'g')], 'completed');
    expect(await heldRows(store, 'memberships')).toEqual(pairs('1:ha', '2:gaa', '0:ga'));
    const again = await under.reopen();
    expect(await heldRows(again.store, 'memberships')).toEqual(pairs('1:ha', '2:gaa', '0:ga'));
    expect((await again.store.counts()).memberships).toEqual({ known: 3, unknown: 0 });
    const reading = await again.store.read();
    expect(await compare(reading, 'memberships', ['1:ga', '1:ha'])).toEqual([Seen.NEW, Seen.SAME]);
    await reading.close();
    await again.dispose();
  });

  law('after the end of a user it is not known what became of the memberships', async (store, under) => {
    await store.adopt(['1:ga', '1:gb', '1:ha', '1:hg'].map((key) => confirmedRow('memberships', key)));
    await settled(store, [deleted('users', 'a'), deleted('users', 'g')], 'completed');
    const again = await under.reopen();
    expect(await heldRows(again.store, 'memberships')).toEqual({
      ...pairs('1:gb'),
      ...unsure('1:ga', '1:ha', '1:hg'),
    });
    const reading = await again.store.read();
    expect(await compare(reading, 'memberships', ['1:ga', '1:gb'])).toEqual([Seen.UNKNOWN, Seen.SAME]);
    expect(await missingOf(reading, 'memberships')).toEqual(['1:ha', '1:hg']);
    await reading.close();
    await again.dispose();
  });

  law('a user or group that may have ended leaves its memberships unknown', async (store) => {
    await store.adopt(['1:ga', '1:gb', '1:hb', '1:ic'].map((key) => confirmedRow('memberships', key)));
    await settled(store, [deleted('groups', 'g'), deleted('users', 'c')], 'unknown');
    expect(await heldRows(store, 'memberships')).toEqual({
      ...pairs('1:hb'),
      ...unsure('1:ga', '1:gb', '1:ic'),
    });
    // An unknown upsert of a group or user does not change its memberships.
    await settled(store, [upsert('groups', 'h'), upsert('users', 'b')], 'unknown');
    expect((await store.counts()).memberships).toEqual({ known: 1, unknown: 3 });
  });

  law('a membership that ends with its user and its group has ended, whatever their order', async (store) => {
    await store.adopt(['1:ga', '1:gb', '1:ha', '1:hb'].map((key) => confirmedRow('memberships', key)));
    const session = [deleted('users', 'a'), deleted('memberships', '1:ga'), deleted('memberships', '1:ha')];
    await settled(store, [...session, deleted('groups', 'g')], 'completed');
    expect(await heldRows(store, 'memberships')).toEqual(pairs('1:hb'));
  });

  law('what is taken out of the baseline takes its memberships along', async (store) => {
    await store.adopt(['1:ga', '1:gb', '1:ha', '1:hb'].map((key) => confirmedRow('memberships', key)));
    await store.adopt([gone('groups', 'g'), gone('users', 'a'), unknown('users', 'b')]);
    expect(await heldRows(store, 'memberships')).toEqual({ ...pairs('1:hb'), ...unsure('1:ha') });
  });

  law('the memberships of a group are found however many there are', async (store) => {
    const members = (group: string) => Array.from({ length: 5000 }, (_, i) => membershipKey(group, `m${i}`));
    await store.adopt([...members('g'), ...members('h')].map((key) => confirmedRow('memberships', key)));
    await settled(store, [deleted('groups', 'g')], 'completed');
    expect((await store.counts()).memberships).toEqual({ known: 5000, unknown: 0 });
    await settled(store, [deleted('users', 'm7'), deleted('users', 'm4999')], 'completed');
    expect((await store.counts()).memberships).toEqual({ known: 4998, unknown: 2 });
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
    await store.adopt([confirmedRow('users', 'b')]);
    await store.setMeta('import', '');
    const reading = await store.read();
    expect(await missingOf(reading, 'users')).toEqual(['b']);
    await reading.close();
  });

  law('attribute fingerprints are held, and do not count in a comparison', async (store) => {
    const [user, group] = [fingerprint('a', 'attributes'), fingerprint('g')];
    await store.adopt([confirmed('users', 'a', user), confirmed('groups', 'g', group)]);
    const reading = await store.read();
    expect(await compare(reading, 'users', ['a'], [fingerprint('a', 'other')])).toEqual([Seen.SAME]);
    expect(await reading.held('users', ['a', 'nobody'])).toEqual([
      { kind: 'confirmed', fingerprint: user },
      undefined,
    ]);
    expect(await reading.held('groups', ['g'])).toEqual([{ kind: 'confirmed', fingerprint: group }]);
    await reading.close();
  });

  law('what is held of a changed record is what was held before it, asked once or again', async (store) => {
    await store.adopt([confirmedRow('users', 'a'), confirmedRow('users', 'b')]);
    const reading = await store.read();
    await compare(reading, 'users', ['a', 'n'], [print('a', 'z'), print('n')]);
    const held = [confirmedRow('users', 'a').held, undefined, confirmedRow('users', 'b').held];
    expect(await reading.held('users', ['a', 'n', 'b'])).toEqual(held);
    expect(await reading.held('users', ['a', 'n', 'b'])).toEqual(held);
    await reading.close();
  });

  law(
    'a row whose outcome is unknown is that everywhere, and a confirmation ends it',
    async (store, under) => {
      await store.adopt([confirmedRow('users', 'a')]);
      await settled(store, [upsert('users', 'a', print('a', 'z')), deleted('users', 'b')], 'unknown');
      const again = await under.reopen();
      expect(await heldRows(again.store, 'users')).toEqual({ a: UNKNOWN, b: UNKNOWN });
      const reading = await again.store.read();
      expect(await reading.held('users', ['a', 'b'])).toEqual([UNKNOWN, UNKNOWN]);
      expect(await compare(reading, 'users', ['a'])).toEqual([Seen.UNKNOWN]);
      expect(await missingOf(reading, 'users')).toEqual(['b']);
      await reading.close();
      await settled(again.store, [upsert('users', 'a'), deleted('users', 'b')], 'completed');
      expect(await heldRows(again.store, 'users')).toEqual(heldOf('a'));
      expect((await again.store.counts()).users).toEqual({ known: 1, unknown: 0 });
      await again.dispose();
    },
  );

  /** A user with a login. @param login - ten characters, as a fingerprint of a login has */
  const withLogin = (key: string, login: string) => fingerprint(`${login}${key}`, `attributes..${login}`);
  const [ann, bob, eve] = ['ann+login+', 'bob+login+', 'eve+login\0'] as const;

  async function holders(store: StateStore, ...logins: readonly string[]) {
    const reading = await store.read();
    const found = await reading.holders(logins);
    await reading.close();
    return found;
  }

  law('the user who has a login is found', async (store, under) => {
    expect(await holders(store, ann)).toEqual([undefined]);
    await settled(
      store,
      [upsert('users', 'a', withLogin('a', ann)), upsert('users', '', withLogin('', eve))],
      'completed',
    );
    await store.adopt([confirmed('users', 'b', withLogin('b', bob)), confirmedRow('users', 'without login')]);
    const again = await under.reopen();
    expect(await holders(again.store, bob, ann, 'nobody has', eve)).toEqual(['b', 'a', undefined, '']);
    expect(await holders(again.store)).toEqual([]);
    await again.dispose();
  });

  law('a login is found no more once its user has ended, or has another', async (store) => {
    await store.adopt([
      confirmed('users', 'a', withLogin('a', ann)),
      confirmed('users', 'b', withLogin('b', bob)),
    ]);
    await settled(store, [deleted('users', 'a'), upsert('users', 'b', withLogin('b', eve))], 'completed');
    expect(await holders(store, ann, bob, eve)).toEqual([undefined, undefined, 'b']);
    await store.adopt([gone('users', 'b')]);
    expect(await holders(store, eve)).toEqual([undefined]);
  });

  law('a login that has moved stays with its new user when the old one ends', async (store) => {
    await store.adopt([confirmed('users', 'b', withLogin('b', ann))]);
    await store.adopt([confirmed('users', 'a', withLogin('a', ann))]);
    expect(await holders(store, ann)).toEqual(['a']);
    await settled(store, [deleted('users', 'b')], 'completed');
    expect(await holders(store, ann)).toEqual(['a']);
    // In one session, in both orders of their keys.
    await settled(store, [deleted('users', 'a'), upsert('users', 'c', withLogin('c', ann))], 'completed');
    expect(await holders(store, ann)).toEqual(['c']);
    await settled(store, [deleted('users', 'c'), upsert('users', 'b', withLogin('b', ann))], 'completed');
    expect(await holders(store, ann)).toEqual(['b']);
  });

  law('a user whose row is unknown may have the login before and the one after', async (store, under) => {
    await store.adopt([confirmed('users', 'a', withLogin('a', ann))]);
    await settled(
      store,
      [upsert('users', 'a', withLogin('a', bob)), upsert('users', 'e', withLogin('e', eve))],
      'unknown',
    );
    const again = await under.reopen();
    expect(await holders(again.store, ann, bob, eve)).toEqual(['a', 'a', 'e']);
    await settled(again.store, [upsert('users', 'a', withLogin('a', bob)), deleted('users', 'e')], 'unknown');
    expect(await holders(again.store, ann, bob, eve)).toEqual(['a', 'a', 'e']);
    await settled(
      again.store,
      [upsert('users', 'a', withLogin('a', bob)), deleted('users', 'e')],
      'completed',
    );
    expect(await holders(again.store, ann, bob, eve)).toEqual([undefined, 'a', undefined]);
    await again.dispose();
  });

  law('a reading finds the logins as they were when it was opened', async (store) => {
    await store.adopt([confirmed('users', 'a', withLogin('a', ann))]);
    const reading = await store.read();
    await settled(store, [deleted('users', 'a'), upsert('users', 'b', withLogin('b', bob))], 'completed');
    expect(await reading.holders([ann, bob])).toEqual(['a', undefined]);
    await reading.close();
  });

  law('a state that is restored has no logins', async (store) => {
    await store.adopt([confirmed('users', 'a', withLogin('a', ann))]);
    await store.restore({ fingerprintKey: 'f'.repeat(32), target: undefined, lastTriggeredAt: undefined });
    await store.setMeta('import', '');
    await store.adopt([unknown('users', 'a')]);
    expect(await holders(store, ann)).toEqual([undefined]);
  });

  law('rows of very many attributes are committed and come back equal', async (store, under) => {
    const attributes = (count: number) =>
      Array.from({ length: count }, (_, i) => String.fromCharCode(i & 255, i >> 8, 7, 255)).join('');
    const rows = [0, 1, 500, 16_383, 16_384, 65_536].map((count, i) =>
      upsert('users', `u${i}`, fingerprint(`u${i}`, attributes(count))),
    );
    await settled(store, rows, 'completed');
    const again = await under.reopen();
    const held = await heldRows(again.store, 'users');
    for (const row of rows)
      expect(held[row.key]).toEqual({
        kind: 'confirmed',
        fingerprint: row.kind === 'upsert' ? row.fingerprint : undefined,
      });
    await again.dispose();
  });

  law('rows may be forgotten, and forgetting what is not there is no fault', async (store) => {
    await store.adopt([confirmedRow('users', 'a'), unknown('users', 'b'), confirmedRow('users', 'c')]);
    await store.adopt([gone('users', 'a'), gone('users', 'b'), gone('users', 'nobody')]);
    expect(await heldRows(store, 'users')).toEqual(heldOf('c'));
    expect((await store.counts()).users).toEqual({ known: 1, unknown: 0 });
  });

  for (const [what, fail] of [
    [
      'its rows cannot be read',
      (store: StateStore) =>
        store.adopt([
          confirmedRow('users', 'half'),
          {
            entity: 'users',
            key: 'bad',
            get held(): Held {
              throw new Error('bad row');
            },
          },
        ]),
    ],
    ['its session is not known', (store: StateStore) => store.journal.loading(99, [upsert('users', 'half')])],
  ] as const) {
    law(
      `a write that fails because ${what} leaves nothing in those made at once with it`,
      async (store, under) => {
        const outcomes = await Promise.allSettled([
          store.adopt([confirmedRow('users', 'before')]),
          fail(store),
          store.adopt([confirmedRow('users', 'after')]),
          store.setMeta('watermark', '1'),
        ]);
        expect(outcomes.map(({ status }) => status)).toEqual([
          'fulfilled',
          'rejected',
          'fulfilled',
          'fulfilled',
        ]);
        expect(await heldRows(store, 'users')).toEqual(heldOf('before', 'after'));
        const reading = await store.read();
        expect(await compare(reading, 'users', ['before', 'half'])).toEqual([Seen.SAME, Seen.NEW]);
        await reading.close();
        const again = await under.reopen();
        expect(await heldRows(again.store, 'users')).toEqual(heldOf('before', 'after'));
        expect((await again.store.counts()).users).toEqual({ known: 2, unknown: 0 });
        expect(await again.store.getMeta('watermark')).toBe('1');
        expect(await again.store.journal.open()).toEqual([]);
        await again.dispose();
      },
    );
  }

  law(
    'a write that the disk refuses says why, and has not happened, in memory or on disk',
    async (store, under) => {
      await store.adopt([confirmedRow('users', 'before')]);
      const id = await store.journal.creating(1);
      await store.journal.loading(id, [upsert('users', 'half'), deleted('users', 'before')]);
      for (const write of [
        () => store.adopt([confirmedRow('users', 'half')]),
        () => store.journal.settle(id, 'completed'),
        () =>
          store.restore({ fingerprintKey: 'f'.repeat(32), target: undefined, lastTriggeredAt: undefined }),
        () => store.setAbsences('users', new Map([['half', 1]])),
      ]) {
        const cause = under.failNextWrite();
        await expect(write()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE', cause });
      }
      expect(await heldRows(store, 'users')).toEqual(heldOf('before'));
      const again = await under.reopen();
      expect(await heldRows(again.store, 'users')).toEqual(heldOf('before'));
      expect((await again.store.counts()).users).toEqual({ known: 1, unknown: 0 });
      expect(await again.store.absences('users')).toEqual(new Map());
      await again.store.journal.settle(id, 'completed');
      expect(await heldRows(again.store, 'users')).toEqual(heldOf('half'));
      await again.dispose();
    },
  );

  law('close may be called again, and waits for the writes that were begun', async (store, under) => {
    const writes = [store.adopt([confirmedRow('users', 'a')]), store.setMeta('watermark', '1')];
    const closed = [store.close(), store.close()];
    await Promise.all([...writes, ...closed]);
    await store.close();
    await store[Symbol.asyncDispose]();
    const again = await under.reopen();
    expect(await heldRows(again.store, 'users')).toEqual(heldOf('a'));
    expect(await again.store.getMeta('watermark')).toBe('1');
    await again.dispose();
  });

  law('a state that is closed refuses every other call, also one that was begun', async (store) => {
    const many = Array.from({ length: 10_000 }, (_, i) => confirmedRow('users', `u${i}`));
    await store.adopt(many);
    const reading = await store.read();
    await compare(reading, 'users', ['u1']);
    const missing = reading.missing('users')[Symbol.asyncIterator]();
    expect((await missing.next()).done).toBe(false);
    const rows = store.rows('users')[Symbol.asyncIterator]();
    expect((await rows.next()).done).toBe(false);
    await store.close();
    const { journal } = store;
    const row = upsert('users', 'late');
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['missing', async () => missing.next()],
      ['rows', async () => rows.next()],
      ['held', () => reading.held('users', ['u2'])],
      ['holders', () => reading.holders(['login'])],
      ['target', () => store.target()],
      ['bind', () => store.bind({ orgUrl: 'https://a.example', identitySourceId: 's' })],
      ['counts', () => store.counts()],
      ['read', () => store.read()],
      ['outbox', () => store.outbox()],
      ['adopt', () => store.adopt([confirmedRow('users', 'late')])],
      ['rows anew', () => heldRows(store, 'users')],
      ['absences', () => store.absences('users')],
      ['setAbsences', () => store.setAbsences('users', new Map())],
      ['getMeta', () => store.getMeta('watermark')],
      ['setMeta', () => store.setMeta('watermark', '1')],
      [
        'restore',
        () =>
          store.restore({ fingerprintKey: 'f'.repeat(32), target: undefined, lastTriggeredAt: undefined }),
      ],
      ['open', () => journal.open()],
      ['creating', () => journal.creating(1)],
      ['created', () => journal.created(1, 's')],
      ['loading', () => journal.loading(1, [row])],
      ['loaded', () => journal.loaded(1)],
      ['refused', () => journal.refused(1)],
      ['triggering', () => journal.triggering(1)],
      ['triggered', () => journal.triggered(1, 1)],
      ['cancelling', () => journal.cancelling(1)],
      ['settle', () => journal.settle(1, 'completed')],
      ['lastTriggeredAt', () => journal.lastTriggeredAt()],
    ];
    for (const [name, call] of calls)
      await expect(call(), name).rejects.toMatchObject({ name: 'StateError', code: 'ERR_ROLLCALL_STATE' });
    await reading.close();
  });

  law('rows that were removed may come again, and no key is mistaken for another', async (store, under) => {
    const keys = Array.from({ length: 300 }, (_, i) => `k${i}`);
    await store.adopt(keys.map((key) => confirmedRow('users', key)));
    await store.adopt(keys.slice(50, 250).map((key) => gone('users', key)));
    let again = await under.reopen();
    await again.store.adopt(keys.slice(0, 150).map((key) => confirmedRow('users', `n${key}`)));
    again = await again.reopen();
    const held = await heldRows(again.store, 'users');
    const expected = [
      ...keys.slice(0, 50),
      ...keys.slice(250),
      ...keys.slice(0, 150).map((key) => `n${key}`),
    ];
    expect(held).toEqual(heldOf(...expected));
    const reading = await again.store.read();
    const asked = [...keys, ...keys.slice(0, 150).map((key) => `n${key}`)];
    const codes = await compare(reading, 'users', asked);
    for (const [i, key] of asked.entries()) expect(codes[i]).toBe(key in held ? Seen.SAME : Seen.NEW);
    await reading.close();
  });
}
