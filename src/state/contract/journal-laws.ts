import assert from 'node:assert/strict';
import { DELETIONS_BY_DAY, recentDeletions } from '../deletions-by-day.js';
import type { Journal, PendingRow, SessionOutcome } from '../journal.js';
import { heldOf, upsert } from './fixtures.js';
import { matches, type Laws } from './laws.js';
import { deleted, heldRows } from './rows.js';

/** All rows of a session in flight. */
async function pendingIn(journal: Journal, id: number): Promise<PendingRow[]> {
  const rows: PendingRow[] = [];
  for await (const part of journal.pending(id)) rows.push(...part);
  return rows;
}

/** Laws of the journal of sessions. */
export const journalLaws: Laws = {
  'calls of the journal that are not waited for take effect in their order': async (store, under) => {
    const id = await store.journal.creating(5000);
    await store.journal.created(id, 'session');
    await Promise.all([
      store.journal.loading(id, [upsert('users', 'a')]),
      store.journal.loaded(id),
      store.journal.loading(id, [deleted('users', 'b')]),
      store.journal.refused(id, 1),
      store.journal.loading(id, [upsert('users', 'c')]),
      store.journal.loaded(id),
      store.journal.triggering(id),
    ]);
    const again = await under.reopen();
    matches(await again.store.journal.open(), [
      { sessionId: 'session', phase: 'triggering', loads: 2, acknowledged: 2, rows: 2 },
    ]);
    await again.store.journal.settle(id, 'completed');
    matches(await again.store.counts(), { users: { known: 2, unknown: 0 } });
    await again.dispose();
  },

  'the journal survives, with what each session carries': async (store, under) => {
    const id = await store.journal.creating(5000, ['x', 'y']);
    await store.journal.created(id, 'session');
    await store.journal.loading(id, [upsert('users', 'a'), deleted('users', 'b')]);
    await store.journal.loaded(id);
    await store.journal.loading(id, [upsert('users', 'c')]);
    await store.journal.refused(id, 1);
    await store.journal.loading(id, [deleted('groups', 'd')]);
    const again = await under.reopen();
    assert.deepEqual(await again.store.journal.open(), [
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
    assert.equal(await again.store.journal.lastTriggeredAt(), 6000);
    await again.store.journal.settle(id, 'completed');
    assert.deepEqual(await again.store.journal.open(), []);
    assert.deepEqual(await heldRows(again.store, 'users'), heldOf('a'));
    assert.equal(await again.store.journal.lastTriggeredAt(), 6000);
    await again.dispose();
  },

  'the rows of a session in flight can be read, without those of refused loads and of other sessions': async (
    store,
    under,
  ) => {
    const id = await store.journal.creating(5000);
    const other = await store.journal.creating(5001);
    await store.journal.loading(id, [upsert('users', 'a'), deleted('memberships', 'b')]);
    await store.journal.loading(id, [upsert('users', 'refused')]);
    await store.journal.loading(other, [upsert('users', 'theirs')]);
    await store.journal.refused(id, 1);
    await store.journal.loading(id, [deleted('groups', 'c')]);
    const again = await under.reopen();
    const { journal } = again.store;
    assert.deepEqual(await pendingIn(journal, id), [
      upsert('users', 'a'),
      deleted('memberships', 'b'),
      deleted('groups', 'c'),
    ]);
    assert.deepEqual(await pendingIn(journal, other), [upsert('users', 'theirs')]);
    await journal.settle(id, 'dropped');
    assert.deepEqual(await pendingIn(journal, id), []);
    assert.deepEqual(await pendingIn(journal, 99), []);
    await again.dispose();
  },

  'the journal tells each step of a session, and keeps sessions apart': async (store) => {
    const { journal } = store;
    const other = await journal.creating(1);
    await journal.created(other, 'other');
    await journal.loading(other, [upsert('users', 'theirs'), deleted('users', 'x')]);
    const id = await journal.creating(2);
    const told = async () => (await journal.open()).find((session) => session.id === id);
    const last = await journal.creating(3);
    await journal.created(last, 'last');
    await journal.loading(last, [upsert('users', 'last')]);
    matches(await told(), { phase: 'creating', loads: 0, rows: 0, hasUpserts: false });
    await journal.created(id, 's');
    matches(await told(), { phase: 'loading', sessionId: 's', startedAt: 2 });
    await journal.loading(id, [deleted('users', 'x'), deleted('users', 'y')]);
    matches(await told(), { loads: 1, rows: 2, hasUpserts: false, acknowledged: 0 });
    await journal.loaded(id);
    await journal.loading(id, [upsert('users', 'refused'), deleted('users', 'z')]);
    matches(await told(), { loads: 2, rows: 4, hasUpserts: true, acknowledged: 1 });
    await journal.refused(id, 1);
    matches(await told(), { loads: 1, rows: 2, hasUpserts: false, acknowledged: 1 });
    await journal.loading(id, [upsert('users', 'mine'), deleted('users', 'z')]);
    await journal.loaded(id);
    const refused = await journal.loading(id, [upsert('users', 'refused too')]);
    await journal.refused(id, refused);
    matches(await told(), { loads: 2, rows: 4, hasUpserts: true, acknowledged: 2 });
    await journal.triggering(id);
    matches(await told(), { phase: 'triggering', triggeredAt: undefined });
    await journal.triggered(id, 9);
    matches(await told(), { phase: 'triggered', triggeredAt: 9, sessionId: 's', loads: 2 });
    await journal.cancelling(id);
    matches(await told(), { phase: 'cancelling', rows: 4 });
    // Settling a session changes only its own rows.
    await journal.settle(id, 'completed');
    assert.deepEqual(await heldRows(store, 'users'), heldOf('mine'));
    assert.deepEqual(
      (await journal.open()).map((session) => session.id),
      [other, last],
    );
    await journal.settle(last, 'dropped');
    await journal.settle(other, 'completed');
    assert.deepEqual(await heldRows(store, 'users'), heldOf('mine', 'theirs'));
    assert.deepEqual(await journal.open(), []);
  },

  'deletions of completed sessions are counted by the day of the trigger': async (store, under) => {
    const day = 86_400_000;
    const ended = async (rows: readonly PendingRow[], triggeredAt: number, outcome: SessionOutcome) => {
      const id = await store.journal.creating(1);
      await store.journal.created(id, `s${id}`);
      for (const row of rows) await store.journal.loading(id, [row]);
      await store.journal.triggered(id, triggeredAt);
      await store.journal.settle(id, outcome);
    };
    await ended([deleted('users', 'a'), upsert('users', 'b'), deleted('groups', 'g')], 30 * day, 'completed');
    await ended([deleted('users', 'c'), deleted('users', 'd')], 31 * day, 'completed');
    await ended([deleted('users', 'e')], 31 * day, 'dropped');
    await ended([deleted('users', 'e')], 31 * day, 'unknown');
    const again = await under.reopen();
    const value = await again.store.getMeta(DELETIONS_BY_DAY);
    assert.deepEqual(recentDeletions(value, 32 * day), { users: 3, groups: 1, memberships: 0 });
    assert.deepEqual(recentDeletions(value, 38 * day), { users: 2, groups: 0, memberships: 0 });
    await again.dispose();
  },

  'loads that are in flight at once are refused by their numbers': async (store, under) => {
    const id = await store.journal.creating(1);
    await store.journal.created(id, 's');
    const load = (key: string) => store.journal.loading(id, [upsert('users', key)]);
    const [first, second, third] = await Promise.all([load('a'), load('b'), load('c')]);
    await store.journal.refused(id, second);
    const fourth = await load('d');
    assert.equal(new Set([first, third, fourth]).size, 3);
    await store.journal.refused(id, first);
    const again = await under.reopen();
    const { journal } = again.store;
    matches(await journal.open(), [{ loads: 2, acknowledged: 0, rows: 2, hasUpserts: true }]);
    await journal.refused(id, third);
    await journal.refused(id, fourth);
    matches(await journal.open(), [{ loads: 0, rows: 0, hasUpserts: false }]);
    await journal.loading(id, [upsert('users', 'e')]);
    await journal.settle(id, 'completed');
    assert.deepEqual(await heldRows(again.store, 'users'), heldOf('e'));
    await again.dispose();
  },

  'a session that the journal does not know is a clear error': async (store) => {
    const { journal } = store;
    const id = await journal.creating(1);
    const other = id + 1;
    for (const attempt of [
      () => journal.created(other, 's'),
      () => journal.loading(other, []),
      () => journal.loaded(other),
      () => journal.refused(other, 0),
      () => journal.triggering(other),
      () => journal.triggered(other, 1),
      () => journal.cancelling(other),
      () => journal.settle(other, 'completed'),
    ])
      await assert.rejects(attempt(), { code: 'ERR_ROLLCALL_STATE' });
    matches(await journal.open(), [{ id, phase: 'creating' }]);
    assert.equal(await journal.lastTriggeredAt(), undefined);
  },

  'a writer whose place was taken cannot write': async (store, under) => {
    const again = await under.reopen();
    await assert.rejects(store.journal.creating(1), {
      code: /^ERR_ROLLCALL_STATE/,
    });
    await again.dispose();
  },
};
