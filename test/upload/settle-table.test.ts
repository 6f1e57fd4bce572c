import { describe, expect, it } from 'vitest';
import type { SessionStatus } from '../../src/okta/wire.js';
import { settleJournal } from '../../src/upload/settle-journal.js';
import type { JournalPhase, PendingRow, StateStore } from '../../src/state/store.js';
import { failure, FAILURES, NOON, scripted, session, type Script } from './scripted.js';
import { confirmed, deleted, upserted } from '../support/rows.js';

const created = upserted('users', 'new');
const removed = deleted('users', 'old');

/** A session in flight: its loads, how many of them were acknowledged, and how far it came. */
async function inFlight(
  state: StateStore,
  { phase = 'loading', rows = [created] as readonly PendingRow[], acknowledged = 1, startedAt = NOON } = {},
) {
  await state.adopt([confirmed('users', 'old')]);
  const { journal } = state;
  const id = await journal.creating(startedAt);
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

  it.each<[JournalPhase, number, SessionStatus | 'gone', 'completed' | 'dropped' | 'unknown']>([
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
    ['cancelling', 1, 'CLOSED', 'dropped'],
    ['cancelling', 1, 'COMPLETED', 'completed'],
    ['cancelling', 1, 'EXPIRED', 'unknown'],
  ])(
    '%s with %i of 1 load acknowledged, now %s: its rows are %s',
    async (phase, acknowledged, status, expected) => {
      const get = status === 'gone' ? [status, status, status] : [status];
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

  it.each<[string, Script, Parameters<typeof inFlight>[1]]>([
    ['is imported', { get: ['TRIGGERED'] }, { phase: 'triggered' }],
    ['is triggered', { get: ['IN_PROGRESS'], start: ['ok'] }, {}],
    ['is triggered again', { get: ['IN_PROGRESS', 'gone', 'gone', 'gone'], start: [FAILURES.unknown] }, {}],
    ['was triggered by somebody', { get: ['CREATED', 'TRIGGERED'], cancel: ['ok'] }, {}],
  ])('one that is gone while it %s is unknown', async (_, script, journaled) => {
    const get = [...(script.get ?? []), 'gone' as const, 'gone' as const, 'gone' as const];
    const { outcome } = await settled({ ...script, get }, journaled);
    expect(outcome).toBe('unknown');
  });

  it('one that is not final within the limit stays in the journal', async () => {
    const { context, state } = scripted({ get: ['TRIGGERED', 'TRIGGERED'] }, { pollTimeoutMs: 0 });
    await inFlight(state, { phase: 'triggered' });
    expect(await failure(settleJournal(context))).toMatchObject({ code: 'ERR_ROLLCALL_POLL_TIMEOUT' });
    expect(await state.journal.open()).toHaveLength(1);
  });

  describe('that still takes loads', () => {
    it.each(['loading', 'triggering'] as const)('is triggered when it is complete (%s)', async (phase) => {
      const { outcome, calls, state } = await settled(
        { get: ['IN_PROGRESS', 'COMPLETED'], start: ['ok'] },
        { phase },
      );
      expect(calls).toEqual(['get s', 'start s', 'get s']);
      expect(outcome).toBe('completed');
      expect(await state.journal.lastTriggeredAt()).toBe(NOON);
    });

    it('is journaled as triggered by the time of the server where that is known', async () => {
      const { context, state } = scripted({ get: ['IN_PROGRESS', 'COMPLETED'], start: ['ok'] });
      await inFlight(state);
      await settleJournal({ ...context, okta: { ...context.okta, serverDate: () => NOON - 5000 } });
      expect(await state.journal.lastTriggeredAt()).toBe(NOON - 5000);
    });

    it('is journaled as triggering before it is triggered', async () => {
      const { context, okta, state } = scripted({ get: ['IN_PROGRESS', 'COMPLETED'], start: ['ok'] });
      await inFlight(state);
      const phases: string[] = [];
      const startImport: typeof okta.startImport = async (id) => {
        phases.push(...(await state.journal.open()).map(({ phase }) => phase));
        return okta.startImport(id);
      };
      await settleJournal({ ...context, okta: { ...okta, startImport } });
      expect(phases).toEqual(['triggering']);
    });

    it.each([
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

    it('and is still CREATED although its deletions were acknowledged: they matched nothing, and are done', async () => {
      const { state, events } = await settled(
        { get: ['CREATED', 'CLOSED'], cancel: ['ok'] },
        { rows: [removed] },
      );
      expect(events).toMatchObject([{ outcome: 'completed' }]);
      expect((await state.counts()).users).toEqual({ known: 0, unknown: 0 });
    });

    it.each([
      ['it carries a creation', { rows: [created] }],
      ['a deletion was not acknowledged', { rows: [removed], acknowledged: 0 }],
    ])('and is still CREATED is dropped when %s', async (_, journaled) => {
      const { events } = await settled({ get: ['CREATED', 'CLOSED'], cancel: ['ok'] }, journaled);
      expect(events).toMatchObject([{ outcome: 'dropped' }]);
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
        {},
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
        {},
      );
      expect(outcome).toBe('completed');
      expect(sleeps).toEqual([2000, 4000]);
    });

    it('is left to the next run after six attempts', async () => {
      const { context, state, sleeps } = scripted({
        get: Array<SessionStatus>(7).fill('IN_PROGRESS'),
        start: Array<Error>(6).fill(FAILURES.lost),
      });
      await inFlight(state);
      expect(await failure(settleJournal(context))).toMatchObject({
        code: 'ERR_ROLLCALL_SESSION',
        sessionId: 's',
        status: 'IN_PROGRESS',
      });
      expect(sleeps).toEqual([2000, 4000, 8000, 16_000, 32_000]);
      expect(await state.journal.open()).toMatchObject([{ phase: 'triggering' }]);
    });

    it.each(['signIn', 'bug'] as const)('for another reason (%s) ends the run', async (kind) => {
      const { context, state } = scripted({ get: ['IN_PROGRESS'], start: [FAILURES[kind]] });
      await inFlight(state);
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
      expect(sleeps).toEqual([2000, 4000]);
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
    it.each([
      ['made with our attempt', session('x', 'CREATED', NOON), true],
      ['made two seconds before, for server clocks show seconds', session('x', 'CREATED', NOON - 2000), true],
      ['made three quarters of an hour after', session('x', 'CREATED', NOON + 45 * minutes), true],
      ['made earlier', session('x', 'CREATED', NOON - 2001), false],
      ['made later', session('x', 'CREATED', NOON + 45 * minutes + 1), false],
      ['without a date', session('x', 'CREATED'), false],
      ['that was loaded, which ours never was', session('x', 'IN_PROGRESS', NOON), false],
      ['that is being imported', session('x', 'TRIGGERED', NOON), false],
    ])('an open session %s', async (_, open, ours) => {
      const { calls, events } = await settled(
        { list: [[session('y', 'TRIGGERED', NOON), open]], cancel: ['ok'], get: ['CLOSED'] },
        { phase: 'creating' },
      );
      expect(calls).toEqual(ours ? ['list', 'cancel x', 'get x'] : ['list']);
      expect(events).toEqual([{ type: 'journal:settled', sessionId: undefined, outcome: 'dropped' }]);
    });
  });

  it('all of it is settled, oldest first', async () => {
    const { context, state, calls } = scripted({ list: [[], []] });
    await inFlight(state, { phase: 'creating' });
    await inFlight(state, { phase: 'creating' });
    expect(await settleJournal(context)).toBe(2);
    expect(calls).toEqual(['list', 'list']);
    expect(await state.journal.open()).toEqual([]);
  });
});
