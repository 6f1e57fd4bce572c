import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import { AbortedError } from '../../src/core/errors.js';
import { loadLearnedWait } from '../../src/state/learned-wait.js';
import { openSession } from '../../src/upload/open-session.js';
import { resolveUploadOptions } from '../../src/upload/upload-options.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { failure, FAILURES, GONE, NOON, scripted, session, type Script, type Status } from './scripted.js';

const COOLDOWN = 300_000;
const fresh = session('new', 'CREATED', NOON);
const iso = (ms: number) => new Date(ms).toISOString();

/** A state whose last session was triggered this long before noon. */
async function triggered(world: ReturnType<typeof scripted>, msBefore: number) {
  const { journal } = world.state;
  const id = await journal.creating(NOON - msBefore);
  await journal.created(id, 'before');
  await journal.triggering(id);
  await journal.triggered(id, NOON - msBefore);
  await journal.settle(id, 'completed');
}

describe('opening a session', () => {
  it('it is in the journal before Okta is asked, and under its name once it is known', async () => {
    const { context, okta, state } = scripted({ list: [[session('x', 'TRIGGERED')]], create: [fresh] });
    const before: unknown[] = [];
    const createSession: typeof okta.createSession = async () => {
      before.push(...(await state.journal.open()));
      return okta.createSession();
    };
    const opened = await openSession({ ...context, okta: { ...okta, createSession } }, undefined);
    expect(before).toMatchObject([{ phase: 'creating', sessionId: undefined, startedAt: NOON, seen: ['x'] }]);
    expect(opened.sessionId).toBe('new');
    expect(await state.journal.open()).toMatchObject([
      { id: opened.journalId, phase: 'loading', sessionId: 'new' },
    ]);
  });

  it('it is dated by the server, where its time is known', async () => {
    const { context, state } = scripted({ list: [[]], create: [fresh] });
    await openSession({ ...context, okta: { ...context.okta, serverDate: () => NOON - 7000 } }, undefined);
    expect(await state.journal.open()).toMatchObject([{ startedAt: NOON - 7000 }]);
  });

  it('sessions that are imported or over are in nobody’s way', async () => {
    const open = [session('a', 'TRIGGERED'), session('b', 'COMPLETED'), session('c', 'ERROR')];
    const { context, calls } = scripted({ list: [open], create: [fresh] });
    await openSession(context, undefined);
    expect(calls).toEqual(['list', 'create']);
  });

  it.each<[string, Script, string[]]>([
    [
      'open: it is cancelled',
      { get: ['IN_PROGRESS', 'CLOSED'], cancel: ['ok'] },
      ['get ours', 'cancel ours', 'get ours'],
    ],
    ['closed', { get: ['CLOSED'] }, ['get ours']],
    ['gone', { get: ['gone'] }, ['get ours']],
    ['asked for in vain', { get: [FAILURES.page] }, ['get ours']],
  ])('asks by its id for one that was given up and that an old list lacks: %s', async (_, script, asked) => {
    const { context, calls } = scripted({ ...script, list: [[]], create: [fresh] });
    context.own.markDoubtful('ours');
    context.own.markEnded('another');
    expect((await openSession(context, undefined)).sessionId).toBe('new');
    expect(calls).toEqual(['list', ...asked, 'create']);
  });

  describe('while another’s is open', () => {
    it.each(['CREATED', 'IN_PROGRESS'] as const)('touches nothing (%s)', async (status) => {
      const theirs = session('theirs', status, NOON - 90_000);
      const { context, calls, state } = scripted({
        list: [[session('a', 'TRIGGERED'), theirs]],
        get: [theirs, theirs],
      });
      expect(await failure(openSession(context, undefined))).toMatchObject({
        code: 'ERR_ROLLCALL_FOREIGN_SESSION',
        sessionId: 'theirs',
        status,
        // Two seconds passed between two looks at it.
        ageMs: 92_000,
        message: expect.stringContaining('92 s old') as string,
      });
      expect(calls).toEqual(['list', 'get theirs', 'get theirs']);
      expect(await state.journal.open()).toEqual([]);
    });

    it('does not make up an age that Okta does not tell', async () => {
      const theirs = session('theirs', 'CREATED');
      const { context } = scripted({ list: [[theirs]], get: [theirs, theirs] });
      expect(await failure(openSession(context, undefined))).toMatchObject({ ageMs: undefined });
    });

    it.each(['CREATED', 'IN_PROGRESS'] as const)('cancels it when asked to (%s)', async (status) => {
      const { context, calls } = scripted(
        { list: [[session('theirs', status)]], cancel: ['ok'], get: [status, 'CLOSED'], create: [fresh] },
        { foreignSession: 'cancel' },
      );
      expect((await openSession(context, undefined)).sessionId).toBe('new');
      expect(calls).toEqual(['list', 'get theirs', 'cancel theirs', 'get theirs', 'create']);
    });

    it('adopts it when asked to, where it is empty', async () => {
      const { context, calls, state } = scripted(
        { list: [[session('theirs', 'CREATED')]], get: ['CREATED', 'CREATED'] },
        { foreignSession: 'adopt' },
      );
      expect((await openSession(context, undefined)).sessionId).toBe('theirs');
      expect(calls).toEqual(['list', 'get theirs', 'get theirs']);
      expect(await state.journal.open()).toMatchObject([{ sessionId: 'theirs', phase: 'loading' }]);
    });

    it('adopts none that was loaded', async () => {
      const { context } = scripted(
        { list: [[session('theirs', 'IN_PROGRESS')]], get: ['IN_PROGRESS', 'IN_PROGRESS'] },
        { foreignSession: 'adopt' },
      );
      expect(await failure(openSession(context, undefined))).toMatchObject({
        code: 'ERR_ROLLCALL_FOREIGN_SESSION',
      });
    });
  });

  describe('is not misled by looks that are old', () => {
    it.each<[string, Status]>([
      ['ended since', 'CLOSED'],
      ['is imported since', 'TRIGGERED'],
      ['is not there any more', 'gone'],
    ])('a session that is listed as open, and %s', async (_, status) => {
      const looks = status === 'gone' ? [...GONE] : [status];
      const { context, calls } = scripted({
        list: [[session('a', 'IN_PROGRESS')]],
        get: looks,
        create: [fresh],
      });
      expect((await openSession(context, undefined)).sessionId).toBe('new');
      expect(calls.at(-1)).toBe('create');
    });

    it('a session that its first look shows as open, and the second does not', async () => {
      const { context, calls, sleeps } = scripted({
        list: [[session('a', 'IN_PROGRESS')]],
        get: ['IN_PROGRESS', 'COMPLETED'],
        create: [fresh],
      });
      await openSession(context, undefined);
      expect(calls).toEqual(['list', 'get a', 'get a', 'create']);
      expect(sleeps).toEqual([2000]);
    });

    it('a session of ours that was triggered or has ended, whatever is shown of it', async () => {
      const { context, calls } = scripted({ list: [[session('a', 'IN_PROGRESS')]], create: [fresh] });
      context.own.markEnded('a');
      await openSession(context, undefined);
      expect(calls).toEqual(['list', 'create']);
    });

    it('a session of ours that was given up while Okta did not know it, and is there again: it is cancelled', async () => {
      const { context, calls } = scripted({
        list: [[session('a', 'IN_PROGRESS')]],
        get: ['IN_PROGRESS', 'CLOSED'],
        cancel: ['ok'],
        create: [fresh],
      });
      context.own.markDoubtful('a');
      await openSession(context, undefined);
      expect(calls).toEqual(['list', 'get a', 'cancel a', 'get a', 'create']);
      expect(context.own.stateOf('a')).toBe('ended');
    });
  });

  describe('when the answer is lost', () => {
    const SEARCH = [1000, 2000, 4000, 8000, 16_000];

    it('takes the one that appeared inside our own attempt', async () => {
      const triggeredOne = session('a', 'TRIGGERED');
      const { context, calls, state } = scripted({
        list: [[triggeredOne], [triggeredOne, fresh]],
        create: [FAILURES.lost],
        get: [fresh],
      });
      const { journalId, sessionId } = await openSession(context, undefined);
      expect(sessionId).toBe('new');
      expect(calls).toEqual(['list', 'create', 'list', 'get new']);
      expect(await state.journal.open()).toMatchObject([
        { id: journalId, sessionId: 'new', phase: 'loading' },
      ]);
    });

    it.each(['lost', 'fault', 'page', 'timedOut', 'redirect'] as const)(
      'finds the one that a slow service made a second later (%s)',
      async (kind) => {
        const late = session('new', 'CREATED', NOON + 1000);
        const { context, calls, sleeps } = scripted({
          list: [[], [], [late]],
          create: [FAILURES[kind]],
          get: [late],
        });
        expect((await openSession(context, undefined)).sessionId).toBe('new');
        expect(calls.filter((call) => call === 'create')).toHaveLength(1);
        expect(sleeps).toEqual([1000]);
      },
    );

    it('finds the one that a lagging list did not show, when the next creation is refused for it', async () => {
      const { context, calls } = scripted({
        list: [[], ...SEARCH.map(() => []), [], [], [fresh]],
        create: [FAILURES.lost, FAILURES.refused],
        get: [fresh],
      });
      const { sessionId } = await openSession(context, undefined);
      expect(sessionId).toBe('new');
      expect(calls.filter((call) => call === 'create')).toHaveLength(2);
    });

    it('looks for it for half a minute, and creates another then', async () => {
      const { context, calls, sleeps, state } = scripted({
        list: [[], [], ...SEARCH.map(() => []), []],
        create: [FAILURES.lost, fresh],
      });
      const { journalId } = await openSession(context, undefined);
      expect(calls.filter((call) => call === 'create')).toHaveLength(2);
      expect(sleeps).toEqual(SEARCH);
      // With one open there is no other of ours.
      expect((await state.journal.open()).map(({ id }) => id)).toEqual([journalId]);
    });

    it('goes on looking where a look is not answered', async () => {
      const { context, sleeps } = scripted({
        list: [[], FAILURES.fault, [fresh]],
        create: [FAILURES.lost],
        get: [fresh],
      });
      expect((await openSession(context, undefined)).sessionId).toBe('new');
      expect(sleeps).toEqual([1000]);
    });

    it('leaves the attempt to the journal where it cannot look', async () => {
      const { context, state } = scripted({ list: [[], FAILURES.unauthorized], create: [FAILURES.lost] });
      expect(await failure(openSession(context, undefined))).toBe(FAILURES.unauthorized);
      expect(await state.journal.open()).toMatchObject([{ phase: 'creating', sessionId: undefined }]);
    });

    it.each<[string, ReturnType<typeof session>]>([
      ['was made before our attempt', session('theirs', 'CREATED', NOON - 2001)],
      ['was made long after it', session('theirs', 'CREATED', NOON + 60_001)],
      ['was loaded', session('theirs', 'IN_PROGRESS', NOON)],
      ['was touched since', { ...session('theirs', 'CREATED', NOON), lastUpdated: iso(NOON + 2001) }],
      ['is of unknown age', session('theirs', 'CREATED')],
    ])('touches none that %s: the error names it and its age, and that it may be ours', async (_, theirs) => {
      const { context, calls } = scripted({
        list: [[], [theirs], [theirs]],
        create: [FAILURES.lost],
        get: [theirs, theirs, theirs],
      });
      const { created } = theirs;
      expect(await failure(openSession(context, undefined))).toMatchObject({
        code: 'ERR_ROLLCALL_FOREIGN_SESSION',
        sessionId: 'theirs',
        ageMs: created === undefined ? undefined : NOON + 2000 - Date.parse(created),
        message: expect.stringContaining('not certain that this state created it') as string,
      });
      expect(calls).not.toContain('cancel theirs');
    });

    it('takes none that was there before', async () => {
      // Listed as closed before, and as open now: it is not the one that we made.
      const theirs = session('theirs', 'CREATED', NOON);
      const { context } = scripted({
        list: [[session('theirs', 'CLOSED', NOON)], [theirs], [theirs]],
        create: [FAILURES.lost],
        get: [theirs, theirs, theirs],
      });
      expect(await failure(openSession(context, undefined))).toMatchObject({
        code: 'ERR_ROLLCALL_FOREIGN_SESSION',
      });
    });

    it('knows its session in the whole run, when it turns up after another was made', async () => {
      const world = scripted({
        list: [[], [], ...SEARCH.map(() => []), []],
        create: [FAILURES.lost, fresh],
      });
      await openSession(world.context, undefined);
      const late = session('late', 'CREATED', NOON + 60_000);
      world.script.list = [[late]];
      world.script.get = [late];
      const { journalId, sessionId } = await openSession(world.context, undefined);
      expect(sessionId).toBe('late');
      expect(await world.state.journal.open()).toContainEqual(
        expect.objectContaining({ id: journalId, sessionId: 'late', phase: 'loading' }),
      );
    });
  });

  describe('when nothing was sent', () => {
    it.each(['tooMany', 'unsent', 'readOnly'] as const)('waits and tries again (%s)', async (kind) => {
      const { context, sleeps, events, state } = scripted({
        list: [[], [], []],
        create: [FAILURES[kind], FAILURES[kind], fresh],
      });
      const { journalId } = await openSession(context, undefined);
      expect(sleeps).toEqual([1000, 2000]);
      expect(events[0]).toEqual({
        type: 'wait:start',
        reason: kind === 'readOnly' ? 'read-only' : 'back-off',
        until: new Date(NOON + 1000),
        sessionId: undefined,
      });
      expect((await state.journal.open()).map(({ id }) => id)).toEqual([journalId]);
    });

    it('gives up with the failure when patience is at its end, and leaves nothing in the journal', async () => {
      const { context, sleeps, state } = scripted(
        { list: Array.from({ length: 9 }, () => []), create: Array<Error>(9).fill(FAILURES.tooMany) },
        { patienceMs: 100_000 },
      );
      expect(await failure(openSession(context, undefined))).toBe(FAILURES.tooMany);
      expect(sleeps).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000]);
      expect(await state.journal.open()).toEqual([]);
    });

    it.each(['unauthorized', 'forbidden', 'signIn'] as const)(
      'for want of permission (%s) ends the run, and leaves nothing in the journal that could be mistaken',
      async (kind) => {
        const { context, calls, state } = scripted({ list: [[]], create: [FAILURES[kind]] });
        expect(await failure(openSession(context, undefined))).toBe(FAILURES[kind]);
        expect(calls).toEqual(['list', 'create']);
        expect(await state.journal.open()).toEqual([]);
      },
    );

    it('because the run was aborted leaves nothing in the journal', async () => {
      const { context, state } = scripted({ list: [[]], create: [new AbortedError()] });
      expect(await failure(openSession(context, undefined))).toMatchObject({ code: 'ERR_ROLLCALL_ABORTED' });
      expect(await state.journal.open()).toEqual([]);
    });
  });

  it('a failure that says nothing at all ends the run, and the journal keeps the attempt', async () => {
    const { context, calls, state } = scripted({ list: [[]], create: [FAILURES.bug] });
    expect(await failure(openSession(context, undefined))).toBe(FAILURES.bug);
    expect(calls).toEqual(['list', 'create']);
    expect(await state.journal.open()).toMatchObject([{ phase: 'creating' }]);
  });

  describe('when Okta refuses', () => {
    const refusals = (times: number) => ({
      list: Array.from({ length: times + 1 }, () => []),
      create: [...Array<Error>(times).fill(FAILURES.refused), fresh],
    });

    it('waits until a minute after the trigger, and says so', async () => {
      const world = scripted(refusals(1));
      await triggered(world, 10_000);
      await openSession(world.context, undefined);
      expect(world.sleeps).toEqual([50_000]);
      expect(world.events).toEqual([
        {
          type: 'wait:start',
          reason: 'session-cooldown',
          until: new Date(NOON + 50_000),
          sessionId: undefined,
        },
      ]);
    });

    it('keeps in the state what it learned, and the next time waits for what worked', async () => {
      const world = scripted({ list: [[], [], []], create: [FAILURES.refused, fresh, fresh] });
      await triggered(world, 10_000);
      await openSession(world.context, undefined);
      expect(await loadLearnedWait(world.state)).toEqual({
        afterImport: false,
        createdMs: 60_000,
        refusedMs: 10_000,
        sessions: 1,
      });
      world.context.own.lastTriggeredAt = world.clock.now();
      await openSession(
        { ...world.context, options: { ...world.context.options, cooldownMinMs: 55_000 } },
        undefined,
      );
      expect(world.sleeps).toEqual([50_000, 55_000]);
    });

    it('leaves nothing of the refused attempt in the journal', async () => {
      const { context, state } = scripted(refusals(1));
      const { journalId } = await openSession(context, undefined);
      expect((await state.journal.open()).map(({ id }) => id)).toEqual([journalId]);
    });

    it('because of a trigger that is not known, pauses longer and longer', async () => {
      const { context, sleeps, events } = scripted(refusals(7));
      await openSession(context, undefined);
      expect(sleeps).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
      expect(events).toHaveLength(7);
    });

    it('gives up when that goes on for longer than any wait, and leaves nothing in the journal', async () => {
      const { context, clock, state } = scripted(refusals(50));
      expect(await failure(openSession(context, undefined))).toMatchObject({ code: 'ERR_ROLLCALL_SESSION' });
      expect(clock.now() - NOON).toBe(330_000);
      expect(await state.journal.open()).toEqual([]);
    });

    it('believes no clock that was set back to wait for longer than a minute', async () => {
      const world = scripted(refusals(1));
      await triggered(world, -3_600_000);
      await openSession(world.context, undefined);
      expect(world.sleeps).toEqual([60_000]);
    });
  });

  describe('while a session is imported', () => {
    const importing = () => {
      let done: () => void = () => undefined;
      return { promise: new Promise<void>((resolve) => (done = resolve)), done: () => done() };
    };

    it('waits until a minute is over, and says so', () =>
      inVirtualTime(async (clock) => {
        const world = scripted({ list: [[]], create: [fresh] });
        await triggered(world, 10_000);
        const options = resolveUploadOptions({ clock, events: world.context.options.events });
        const started = clock.now();
        await openSession({ ...world.context, options }, importing().promise);
        expect(clock.now() - started).toBe(50_000);
        expect(world.events).toEqual([
          {
            type: 'wait:start',
            reason: 'session-cooldown',
            until: new Date(started + 50_000),
            sessionId: undefined,
          },
        ]);
      }, NOON));

    it('goes on as soon as the import is over', () =>
      inVirtualTime(async (clock) => {
        const world = scripted({ list: [[]], create: [fresh] });
        await triggered(world, 10_000);
        const { promise, done } = importing();
        void clock.sleep(30_000).then(done);
        const { signal } = new AbortController();
        let waiting = 0;
        const counted: Clock = {
          ...clock,
          sleep: (ms, until) => {
            waiting++;
            return clock.sleep(ms, until).finally(() => waiting--);
          },
        };
        const started = clock.now();
        const options = resolveUploadOptions({ clock: counted, signal });
        await openSession({ ...world.context, options }, promise);
        expect(clock.now() - started).toBe(30_000);
        // And leaves nothing behind.
        expect(waiting).toBe(0);
        expect(getEventListeners(signal, 'abort')).toEqual([]);
      }, NOON));

    it('ends at once when the run is aborted', () =>
      inVirtualTime(async (clock) => {
        const world = scripted({ list: [FAILURES.bug] });
        await triggered(world, 10_000);
        const abort = new AbortController();
        void clock.sleep(1000).then(() => abort.abort());
        const started = clock.now();
        const options = resolveUploadOptions({ clock, signal: abort.signal });
        await failure(openSession({ ...world.context, options }, importing().promise));
        expect(clock.now() - started).toBe(1000);
      }, NOON));

    it.each([
      ['a minute is over', 60_000],
      ['the five minutes are over', COOLDOWN],
      ['they were over long ago', 10 * COOLDOWN],
    ])('does not wait when %s', async (_, msBefore) => {
      const world = scripted({ list: [[]], create: [fresh] });
      await triggered(world, msBefore);
      await openSession(world.context, importing().promise);
      expect([world.sleeps, world.events]).toEqual([[], []]);
    });

    it('does not wait when nothing was ever triggered', async () => {
      const { context, sleeps } = scripted({ list: [[]], create: [fresh] });
      await openSession(context, importing().promise);
      expect(sleeps).toEqual([]);
    });
  });

  it('does not wait when nothing is imported, for then Okta may take it at once', async () => {
    const world = scripted({ list: [[]], create: [fresh] });
    await triggered(world, 1000);
    await openSession(world.context, undefined);
    expect(world.sleeps).toEqual([]);
  });
});
