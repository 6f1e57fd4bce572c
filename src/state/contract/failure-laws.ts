import assert from 'node:assert/strict';
import { Seen, type AdoptedRow, type Held, type StateStore } from '../store.js';
import { compare, confirmedRow, heldOf, upsert } from './fixtures.js';
import type { Laws, StoreUnderTest } from './laws.js';
import { deleted, heldRows } from './rows.js';

/** Laws of writes that fail, and of a store that is closed. */
export const failureLaws: Laws = {
  'a write that the disk refuses says why, and has not happened, in memory or on disk': async (
    store,
    under,
  ) => {
    await store.adopt([confirmedRow('users', 'before')]);
    const id = await store.journal.creating(1);
    await store.journal.loading(id, [upsert('users', 'half'), deleted('users', 'before')]);
    for (const write of [
      () => store.adopt([confirmedRow('users', 'half')]),
      () => store.journal.settle(id, 'completed'),
      () => store.restore({ fingerprintKey: 'f'.repeat(32), target: undefined, lastTriggeredAt: undefined }),
      () => store.setAbsences('users', new Map([['half', 1]])),
    ]) {
      const cause = under.failNextWrite();
      await assert.rejects(write(), { code: 'ERR_ROLLCALL_STATE', cause });
    }
    assert.deepEqual(await heldRows(store, 'users'), heldOf('before'));
    const again = await under.reopen();
    assert.deepEqual(await heldRows(again.store, 'users'), heldOf('before'));
    assert.deepEqual((await again.store.counts()).users, { known: 1, unknown: 0 });
    assert.deepEqual(await again.store.absences('users'), new Map());
    await again.store.journal.settle(id, 'completed');
    assert.deepEqual(await heldRows(again.store, 'users'), heldOf('half'));
    await again.dispose();
  },

  'close may be called again, and waits for the writes that were begun': async (store, under) => {
    const writes = [store.adopt([confirmedRow('users', 'a')]), store.setMeta('watermark', '1')];
    const closed = [store.close(), store.close()];
    await Promise.all([...writes, ...closed]);
    await store.close();
    await store[Symbol.asyncDispose]();
    const again = await under.reopen();
    assert.deepEqual(await heldRows(again.store, 'users'), heldOf('a'));
    assert.equal(await again.store.getMeta('watermark'), '1');
    await again.dispose();
  },

  'a state that is closed refuses every other call, also one that was begun': async (store) => {
    const many = Array.from({ length: 10_000 }, (_, i) => confirmedRow('users', `u${i}`));
    await store.adopt(many);
    const reading = await store.read();
    await compare(reading, 'users', ['u1']);
    const missing = reading.missing('users')[Symbol.asyncIterator]();
    assert.equal((await missing.next()).done, false);
    const rows = store.rows('users')[Symbol.asyncIterator]();
    assert.equal((await rows.next()).done, false);
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
      ['refused', () => journal.refused(1, 0)],
      ['triggering', () => journal.triggering(1)],
      ['triggered', () => journal.triggered(1, 1)],
      ['cancelling', () => journal.cancelling(1)],
      ['settle', () => journal.settle(1, 'completed')],
      ['lastTriggeredAt', () => journal.lastTriggeredAt()],
    ];
    for (const [name, call] of calls)
      await assert.rejects(call(), { name: 'StateError', code: 'ERR_ROLLCALL_STATE' }, name);
    await reading.close();
  },

  'a write whose rows cannot be read leaves nothing in those made at once with it': async (store, under) => {
    const unreadable: AdoptedRow = {
      entity: 'users',
      key: 'bad',
      get held(): Held {
        throw new Error('bad row');
      },
    };
    await failsAlone(store, under, () => store.adopt([confirmedRow('users', 'half'), unreadable]));
  },

  'a write of a session that is not known leaves nothing in those made at once with it': async (
    store,
    under,
  ) => {
    await failsAlone(store, under, () => store.journal.loading(99, [upsert('users', 'half')]));
  },
};

/** Makes a write that fails between others, and checks that only the others took effect. */
async function failsAlone(
  store: StateStore,
  under: StoreUnderTest,
  fail: () => Promise<unknown>,
): Promise<void> {
  const outcomes = await Promise.allSettled([
    store.adopt([confirmedRow('users', 'before')]),
    fail(),
    store.adopt([confirmedRow('users', 'after')]),
    store.setMeta('watermark', '1'),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  assert.deepEqual(await heldRows(store, 'users'), heldOf('before', 'after'));
  const reading = await store.read();
  assert.deepEqual(await compare(reading, 'users', ['before', 'half']), [Seen.SAME, Seen.NEW]);
  await reading.close();
  const again = await under.reopen();
  assert.deepEqual(await heldRows(again.store, 'users'), heldOf('before', 'after'));
  assert.deepEqual((await again.store.counts()).users, { known: 2, unknown: 0 });
  assert.equal(await again.store.getMeta('watermark'), '1');
  assert.deepEqual(await again.store.journal.open(), []);
  await again.dispose();
}
