import { describe, expect, it } from 'vitest';
import type { SessionStatus } from '../../src/okta/wire.js';
import { openSession } from '../../src/upload/open-session.js';
import { settleJournal } from '../../src/upload/settle-journal.js';
import type { JournalPhase, PendingRow, SessionOutcome } from '../../src/state/journal.js';
import type { StateStore } from '../../src/state/store.js';
import { failure, FAILURES, GONE, NOON, scripted, session, type Script, type Status } from './scripted.js';
import { confirmed, deleted, upserted } from '../support/rows.js';

const created = upserted('users', 'new');
const removed = deleted('users', 'old');

/** A session in flight: its loads, how many of them were acknowledged, and how far it came. */
async function inFlight(
  state: StateStore,
  {
    phase = 'loading',
    rows = [created] as readonly PendingRow[],
    acknowledged = 1,
    startedAt = NOON,
    seen = [] as readonly string[],
  } = {},
) {
  await state.adopt([confirmed('users', 'old')]);
  const { journal } = state;
  const id = await journal.creating(startedAt, seen);
  if (phase === 'creating') return id;
  await journal.created(id, 's');
  for (const [i, row] of rows.entries()) {
    await journal.loading(id, [row]);
    if (i < acknowledged) await journal.loaded(id);
  }
  if (phase === 'triggering' || phase === 'triggered') await journal.triggering(id);
  if (phase === 'triggered') await journal.triggered(id, NOON);
  if (phase === 'cancelling') await journal.cancelling(id);
  return id;
}

/** What became of the row `new`, told by the baseline. */
async function outcome(state: StateStore): Promise<'completed' | 'dropped' | 'unknown'> {
  for await (const chunk of state.rows('users'))
    for (const { key, held } of chunk)
      if (key === 'new') return held.kind === 'unknown' ? 'unknown' : 'completed';
  return 'dropped';
}

async function settled(script: Script, journaled: Parameters<typeof inFlight>[1], more = {}) {
  const world = scripted(script, more);
  await inFlight(world.state, journaled);
  const count = await settleJournal(world.context);
  expect(await world.state.journal.open()).toEqual([]);
  return { ...world, count, outcome: await outcome(world.state) };
}

describe('what an earlier run left in flight', () => {
  it('nothing, when it left nothing', async () => {
    const { context, calls, events } = scripted();
    expect(await settleJournal(context)).toBe(0);
    expect([calls, events]).toEqual([[], []]);
  });

  it.each<[JournalPhase, number, Status, 'completed' | 'dropped' | 'unknown']>([
    ['triggered', 1, 'COMPLETED', 'completed'],
    ['triggering', 1, 'COMPLETED', 'completed'],
    ['loading', 1, 'COMPLETED', 'completed'],
    // A load that Okta never acknowledged may be missing from what it imported.
    ['triggered', 0, 'COMPLETED', 'unknown'],
    ['triggered', 1, 'ERROR', 'unknown'],
    ['triggered', 1, 'EXPIRED', 'unknown'],
    ['triggered', 1, 'CLOSED', 'unknown'],
    ['triggered', 1, 'gone', 'unknown'],
    ['loading', 1, 'CLOSED', 'unknown'],
    ['loading', 1, 'gone', 'unknown'],
    ['triggering', 1, 'gone', 'unknown'],
    ['cancelling', 1, 'gone', 'unknown'],
    ['cancelling', 1, 'CLOSED', 'dropped'],
    ['cancelling', 1, 'COMPLETED', 'completed'],
    ['cancelling', 1, 'EXPIRED', 'unknown'],
  ])(
    '%s with %i of 1 load acknowledged, now %s: its rows are %s',
    async (phase, acknowledged, status, expected) => {
      const get = status === 'gone' ? [...GONE] : [status];
      const { outcome, events, count, calls } = await settled({ get }, { phase, acknowledged });
      expect(outcome).toBe(expected);
      expect(count).toBe(1);
      expect(events).toEqual([{ type: 'journal:settled', sessionId: 's', outcome: expected }]);
      expect(new Set(calls)).toEqual(new Set(['get s']));
    },
  );

  it('a session that carried nothing has nothing to confirm', async () => {
    const { events } = await settled({ get: ['COMPLETED'] }, { rows: [], acknowledged: 0 });
    expect(events).toMatchObject([{ outcome: 'unknown' }]);
  });

  it.each([
    ['COMPLETED', 'completed'],
    ['ERROR', 'unknown'],
  ] as const)('one that is being imported is waited for: %s', async (end, expected) => {
    const { outcome } = await settled({ get: ['TRIGGERED', 'TRIGGERED', end] }, { phase: 'triggered' });
    expect(outcome).toBe(expected);
  });

  it.each(['CREATED', 'IN_PROGRESS'] as const)(
    'one that was triggered is waited for, also where a look shows it as it was before (%s)',
    async (old) => {
      const { outcome, calls } = await settled({ get: [old, old, 'COMPLETED'] }, { phase: 'triggered' });
      expect(outcome).toBe('completed');
      expect(new Set(calls)).toEqual(new Set(['get s']));
    },
  );

  it.each(['loading', 'triggering', 'triggered', 'cancelling'] as const)(
    'one in a status that is not known is reported and waited for (%s)',
    async (phase) => {
      const { outcome, events } = await settled({ get: ['PAUSED', 'PAUSED', 'COMPLETED'] }, { phase });
      expect(outcome).toBe('completed');
      expect(events).toContainEqual({ type: 'session:status', sessionId: 's', status: 'PAUSED' });
    },
  );

  it.each<[string, Script, Parameters<typeof inFlight>[1]]>([
    ['is imported', { get: ['TRIGGERED'] }, { phase: 'triggered' }],
    ['is triggered', { get: ['IN_PROGRESS'], start: ['ok'] }, { phase: 'triggering' }],
    ['is triggered again', { get: ['IN_PROGRESS'], start: [FAILURES.unknown] }, { phase: 'triggering' }],
    ['is cancelled', { get: ['IN_PROGRESS'], cancel: ['ok'] }, {}],
    ['was triggered by somebody', { get: ['CREATED', 'TRIGGERED'], cancel: ['ok'] }, {}],
  ])('one that is gone while it %s is unknown', async (_, script, journaled) => {
    const { outcome, context } = await settled(
      { ...script, get: [...(script.get ?? []), ...GONE] },
      journaled,
    );
    expect(outcome).toBe('unknown');
    // Should it turn up again, it is known to be ours.
    expect(context.own.stateOf('s')).toBe('doubtful');
  });

  it('one that is not final within the limit stays in the journal', async () => {
    const { context, state } = scripted({ get: ['TRIGGERED', 'TRIGGERED'] }, { pollTimeoutMs: 0 });
    await inFlight(state, { phase: 'triggered' });
    expect(await failure(settleJournal(context))).toMatchObject({ code: 'ERR_ROLLCALL_POLL_TIMEOUT' });
    expect(await state.journal.open()).toHaveLength(1);
  });

  describe('that still takes loads', () => {
    it('is triggered where its trigger had begun', async () => {
      const { outcome, calls, state, context } = await settled(
        { get: ['IN_PROGRESS', 'COMPLETED'], start: ['ok'] },
        { phase: 'triggering' },
      );
      expect(calls).toEqual(['get s', 'start s', 'get s']);
      expect(outcome).toBe('completed');
      expect(await state.journal.lastTriggeredAt()).toBe(NOON);
      expect(context.own.stateOf('s')).toBe('ended');
    });

    it('is journaled as triggered by the time of the server where that is known', async () => {
      const { context, state } = scripted({ get: ['IN_PROGRESS', 'COMPLETED'], start: ['ok'] });
      await inFlight(state, { phase: 'triggering' });
      await settleJournal({ ...context, okta: { ...context.okta, serverDate: () => NOON - 5000 } });
      expect(await state.journal.lastTriggeredAt()).toBe(NOON - 5000);
    });

    it.each([
      ['its trigger had not begun, although every load was acknowledged', {}],
      ['a load was not acknowledged', { acknowledged: 0 }],
      ['one of two loads was not', { rows: [created, removed], acknowledged: 1 }],
      ['it was to be cancelled', { phase: 'cancelling' as const }],
      ['it carries nothing', { rows: [], acknowledged: 0 }],
    ])('is cancelled when %s, and nothing of it was imported', async (_, journaled) => {
      const { outcome, calls, events } = await settled(
        { get: ['IN_PROGRESS', 'CLOSED'], cancel: ['ok'] },
        journaled,
      );
      expect(calls).toEqual(['get s', 'cancel s', 'get s']);
      expect(outcome).toBe('dropped');
      expect(events).toMatchObject([{ outcome: 'dropped' }]);
    });

    it.each([
      ['deletions', [removed]],
      ['a creation', [created]],
    ])('and is still CREATED with %s is cancelled: one look proves nothing', async (_, rows) => {
      const { events, state } = await settled({ get: ['CREATED', 'CLOSED'], cancel: ['ok'] }, { rows });
      expect(events).toMatchObject([{ outcome: 'dropped' }]);
      expect((await state.counts()).users).toEqual({ known: 1, unknown: 0 });
    });

    const { refused, lost } = FAILURES;
    it.each<[string, Script, readonly PendingRow[], SessionOutcome]>([
      [
        'is refused twice while it is CREATED: its deletions matched nothing, and are done',
        { get: ['CREATED', 'CREATED', 'CREATED', 'CLOSED'], start: [refused, refused], cancel: ['ok'] },
        [removed],
        'completed',
      ],
      [
        'is refused twice while it is CREATED: what else it carried was not loaded',
        { get: ['CREATED', 'CREATED', 'CREATED', 'CLOSED'], start: [refused, refused], cancel: ['ok'] },
        [created],
        'dropped',
      ],
      [
        'is refused while an old look shows it CREATED, and is imported',
        { get: ['CREATED', 'CREATED', 'TRIGGERED', 'COMPLETED'], start: [refused, refused] },
        [removed],
        'completed',
      ],
      [
        'is refused while an old look shows it CREATED, and has failed',
        { get: ['CREATED', 'CREATED', 'TRIGGERED', 'ERROR'], start: [refused, refused] },
        [removed],
        'unknown',
      ],
      [
        'is lost while it is CREATED, and refused twice after',
        {
          get: ['CREATED', 'CREATED', 'CREATED', 'CREATED', 'CLOSED'],
          start: [lost, refused, refused],
          cancel: ['ok'],
        },
        [removed],
        'completed',
      ],
      [
        'turns out to have happened when it is to be cancelled',
        {
          get: ['CREATED', 'CREATED', 'CREATED', 'TRIGGERED', 'ERROR'],
          start: [refused, refused],
          cancel: [refused],
        },
        [removed],
        'unknown',
      ],
      [
        'is refused by a session that was closed: nothing says when',
        { get: ['IN_PROGRESS', 'CLOSED'], start: [refused] },
        [removed],
        'unknown',
      ],
    ])('whose trigger had begun, and which %s', async (_, script, rows, expected) => {
      const { events } = await settled(script, { phase: 'triggering', rows });
      expect(events.at(-1)).toMatchObject({ type: 'journal:settled', outcome: expected });
    });

    it.each([
      ['all was acknowledged', 1, 'completed'],
      ['a load was not', 0, 'unknown'],
    ] as const)(
      'and turns out to have been triggered by somebody is waited for: where %s its rows are %s',
      async (_, acknowledged, expected) => {
        const { outcome } = await settled(
          { get: ['CREATED', 'TRIGGERED', 'TRIGGERED', 'COMPLETED'], cancel: ['ok'] },
          { acknowledged },
        );
        expect(outcome).toBe(expected);
      },
    );

    it('and turns out to have failed is unknown', async () => {
      const { outcome } = await settled({ get: ['CREATED', 'ERROR', 'ERROR'], cancel: ['ok'] }, {});
      expect(outcome).toBe('unknown');
    });
  });

  describe('whose trigger has no answer', () => {
    it.each(['lost', 'fault', 'refused'] as const)('is asked for, and was triggered (%s)', async (kind) => {
      const { outcome, sleeps } = await settled(
        { get: ['IN_PROGRESS', 'TRIGGERED', 'COMPLETED'], start: [FAILURES[kind]] },
        { phase: 'triggering' },
      );
      expect(outcome).toBe('completed');
      expect(sleeps).toEqual([]);
    });

    it('is triggered again while it still takes loads, with growing pauses', async () => {
      const { outcome, sleeps } = await settled(
        {
          get: ['IN_PROGRESS', 'IN_PROGRESS', 'IN_PROGRESS', 'COMPLETED'],
          start: [FAILURES.lost, FAILURES.lost, 'ok'],
        },
        { phase: 'triggering' },
      );
      expect(outcome).toBe('completed');
      expect(sleeps).toEqual([1000, 2000]);
    });

    it('is left to the next run after six attempts', async () => {
      const { context, state, sleeps } = scripted({
        get: Array<SessionStatus>(7).fill('IN_PROGRESS'),
        start: Array<Error>(6).fill(FAILURES.lost),
      });
      await inFlight(state, { phase: 'triggering' });
      expect(await failure(settleJournal(context))).toMatchObject({
        code: 'ERR_ROLLCALL_SESSION',
        sessionId: 's',
        status: 'IN_PROGRESS',
      });
      expect(sleeps).toEqual([1000, 2000, 4000, 8000, 16_000]);
      expect(await state.journal.open()).toMatchObject([{ phase: 'triggering' }]);
    });

    it.each(['signIn', 'tooMany', 'bug'] as const)('for another reason (%s) ends the run', async (kind) => {
      const { context, state } = scripted({ get: ['IN_PROGRESS'], start: [FAILURES[kind]] });
      await inFlight(state, { phase: 'triggering' });
      expect(await failure(settleJournal(context))).toBe(FAILURES[kind]);
    });
  });

  describe('whose status has no answer', () => {
    it('is asked for again, with growing pauses', async () => {
      const { outcome, sleeps } = await settled(
        { get: [FAILURES.lost, FAILURES.fault, 'COMPLETED'] },
        { phase: 'triggered' },
      );
      expect(outcome).toBe('completed');
      expect(sleeps).toEqual([1000, 2000]);
    });

    it('is left to the next run after six attempts', async () => {
      const { context, state, calls } = scripted({ get: Array<Error>(6).fill(FAILURES.lost) });
      await inFlight(state);
      expect(await failure(settleJournal(context))).toBe(FAILURES.lost);
      expect(calls).toHaveLength(6);
    });

    it('because we may not ask ends the run at once', async () => {
      const { context, state, calls } = scripted({ get: [FAILURES.signIn] });
      await inFlight(state);
      expect(await failure(settleJournal(context))).toBe(FAILURES.signIn);
      expect(calls).toHaveLength(1);
    });
  });

  describe('before it had a name', () => {
    const minutes = 60_000;
    const iso = (ms: number) => new Date(ms).toISOString();
    it.each([
      ['made with our attempt', session('x', 'CREATED', NOON), true],
      ['made two seconds before, for server clocks show seconds', session('x', 'CREATED', NOON - 2000), true],
      ['made as long after as an attempt may take', session('x', 'CREATED', NOON + 3 * minutes), true],
      ['made earlier', session('x', 'CREATED', NOON - 2001), false],
      ['made later', session('x', 'CREATED', NOON + 3 * minutes + 1), false],
      ['without a date', session('x', 'CREATED'), false],
      ['that was loaded, which ours never was', session('x', 'IN_PROGRESS', NOON), false],
      ['that was touched since', { ...session('x', 'CREATED', NOON), lastUpdated: iso(NOON + 2001) }, false],
      ['that was there before', session('theirs', 'CREATED', NOON), false],
    ])('an open session %s', async (_, open, ours) => {
      const { context, state, calls, events } = scripted({
        list: [[session('y', 'TRIGGERED', NOON), open]],
        cancel: ['ok'],
        get: [open, 'CLOSED'],
      });
      await inFlight(state, { phase: 'creating', seen: ['theirs'] });
      expect(await settleJournal(context)).toBe(ours ? 1 : 0);
      const look = `get ${open.id}`;
      expect(calls).toEqual(ours ? ['list', look, `cancel ${open.id}`, look] : ['list', look]);
      expect(events).toEqual(
        ours ? [{ type: 'journal:settled', sessionId: undefined, outcome: 'dropped' }] : [],
      );
    });

    it('and without a session to be found stays in the journal, for the list may be an old one', async () => {
      const { context, state, calls } = scripted({
        list: [[], [], [], [session('late', 'CREATED', NOON + 1000)]],
        get: [session('late', 'CREATED', NOON + 1000), 'CLOSED'],
        cancel: ['ok'],
      });
      await inFlight(state, { phase: 'creating' });
      const at = (ms: number) => ({ ...context, okta: { ...context.okta, serverDate: () => NOON + ms } });
      for (const ms of [0, 1000, 899_999]) expect(await settleJournal(at(ms))).toBe(0);
      expect(await state.journal.open()).toHaveLength(1);
      expect(context.own.lost).toHaveLength(1);
      expect(await settleJournal(at(899_999))).toBe(1);
      expect(calls.at(-2)).toBe('cancel late');
      expect(context.own.lost).toEqual([]);
    });

    it('is forgotten after a quarter of an hour', async () => {
      const { context, state } = scripted({ list: [[]] });
      await inFlight(state, { phase: 'creating' });
      const okta = { ...context.okta, serverDate: () => NOON + 900_000 };
      expect(await settleJournal({ ...context, okta })).toBe(1);
      expect(await state.journal.open()).toEqual([]);
    });

    it.each([
      ['stays beside the next session while Okta may still act on it', 179_999, [undefined, 'fresh']],
      ['is closed by the next session once Okta does not act on it any more', 180_000, ['fresh']],
    ])('%s', async (_, ageMs, sessions) => {
      const fresh = session('fresh', 'CREATED', NOON);
      const { context, state } = scripted({ list: [[], []], create: [fresh] });
      await inFlight(state, { phase: 'creating', startedAt: NOON - ageMs });
      await settleJournal(context);
      await openSession(context, undefined);
      expect((await state.journal.open()).map(({ sessionId }) => sessionId)).toEqual(sessions);
    });

    it('is used by the next run where it turns up in time', async () => {
      const late = session('late', 'CREATED', NOON + 1000);
      const { context, state, calls } = scripted({ list: [[], [late]], get: [late] });
      const id = await inFlight(state, { phase: 'creating' });
      await settleJournal(context);
      expect(await openSession(context, undefined)).toEqual({ journalId: id, sessionId: 'late' });
      expect(calls).not.toContain('create');
    });
  });

  it('all of it is settled, oldest first', async () => {
    const { context, state, calls } = scripted({ get: ['COMPLETED', 'COMPLETED'] });
    await inFlight(state, { phase: 'triggered' });
    await inFlight(state, { phase: 'triggered' });
    expect(await settleJournal(context)).toBe(2);
    expect(calls).toEqual(['get s', 'get s']);
    expect(await state.journal.open()).toEqual([]);
  });
});
