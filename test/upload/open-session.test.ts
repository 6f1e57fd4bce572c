import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import { openSession } from '../../src/upload/open-session.js';
import { resolveUploadOptions } from '../../src/upload/upload-options.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { failure, FAILURES, NOON, scripted, session } from './scripted.js';

const COOLDOWN = 300_000;
const fresh = session('new', 'CREATED', NOON);

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
    const { context, okta, state } = scripted({ list: [[]], create: [fresh] });
    const before: unknown[] = [];
    const createSession: typeof okta.createSession = async () => {
      before.push(...(await state.journal.open()));
      return okta.createSession();
    };
    const opened = await openSession({ ...context, okta: { ...okta, createSession } }, undefined);
    expect(before).toMatchObject([{ phase: 'creating', sessionId: undefined, startedAt: NOON }]);
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

  describe('while another’s is open', () => {
    it.each(['CREATED', 'IN_PROGRESS'] as const)('touches nothing (%s)', async (status) => {
      const theirs = session('theirs', status, NOON - 90_000);
      const { context, calls, state } = scripted({ list: [[session('a', 'TRIGGERED'), theirs]] });
      expect(await failure(openSession(context, undefined))).toMatchObject({
        code: 'ERR_ROLLCALL_FOREIGN_SESSION',
        sessionId: 'theirs',
        status,
        ageMs: 90_000,
      });
      expect(calls).toEqual(['list']);
      expect(await state.journal.open()).toEqual([]);
    });

    it('does not make up an age that Okta does not tell', async () => {
      const { context } = scripted({ list: [[session('theirs', 'CREATED')]] });
      expect(await failure(openSession(context, undefined))).toMatchObject({ ageMs: undefined });
    });

    it.each(['CREATED', 'IN_PROGRESS'] as const)('cancels it when asked to (%s)', async (status) => {
      const { context, calls } = scripted(
        { list: [[session('theirs', status)]], cancel: ['ok'], get: ['CLOSED'], create: [fresh] },
        { foreignSession: 'cancel' },
      );
      expect((await openSession(context, undefined)).sessionId).toBe('new');
      expect(calls).toEqual(['list', 'cancel theirs', 'get theirs', 'create']);
    });

    it('adopts it when asked to, where it is empty', async () => {
      const { context, calls, state } = scripted(
        { list: [[session('theirs', 'CREATED')]] },
        { foreignSession: 'adopt' },
      );
      expect((await openSession(context, undefined)).sessionId).toBe('theirs');
      expect(calls).toEqual(['list']);
      expect(await state.journal.open()).toMatchObject([{ sessionId: 'theirs', phase: 'loading' }]);
    });

    it('adopts none that was loaded', async () => {
      const { context } = scripted(
        { list: [[session('theirs', 'IN_PROGRESS')]] },
        { foreignSession: 'adopt' },
      );
      expect(await failure(openSession(context, undefined))).toMatchObject({
        code: 'ERR_ROLLCALL_FOREIGN_SESSION',
      });
    });
  });

  describe('when the answer is lost', () => {
    it('takes the one that was not there before', async () => {
      const triggeredOne = session('a', 'TRIGGERED');
      const { context, calls } = scripted({
        list: [[triggeredOne], [triggeredOne, fresh]],
        create: [FAILURES.lost],
      });
      expect((await openSession(context, undefined)).sessionId).toBe('new');
      expect(calls).toEqual(['list', 'create', 'list']);
    });

    it('takes none that was there before, or takes no loads', async () => {
      const cancelled = session('theirs', 'CREATED');
      const { context, calls, sleeps } = scripted(
        {
          // One that is listed as open although it was cancelled a moment ago.
          list: [[cancelled], [cancelled, session('b', 'IN_PROGRESS'), session('c', 'TRIGGERED')], []],
          cancel: ['ok'],
          get: ['CLOSED'],
          create: [FAILURES.fault, fresh],
        },
        { foreignSession: 'cancel' },
      );
      expect((await openSession(context, undefined)).sessionId).toBe('new');
      expect(calls.filter((call) => call === 'create')).toHaveLength(2);
      expect(sleeps).toEqual([2000]);
    });
  });

  it.each(['signIn', 'bug'] as const)(
    'a failure that says nothing about sessions (%s) ends the run',
    async (kind) => {
      const { context, calls } = scripted({ list: [[]], create: [FAILURES[kind]] });
      expect(await failure(openSession(context, undefined))).toBe(FAILURES[kind]);
      expect(calls).toEqual(['list', 'create']);
    },
  );

  describe('when Okta refuses', () => {
    const refusals = (times: number) => ({
      list: Array.from({ length: times + 1 }, () => []),
      create: [...Array<Error>(times).fill(FAILURES.refused), fresh],
    });

    it('waits out what is left of the five minutes, and a second', async () => {
      const world = scripted(refusals(1));
      await triggered(world, 100_000);
      await openSession(world.context, undefined);
      expect(world.sleeps).toEqual([201_000]);
      expect(world.events).toEqual([
        {
          type: 'wait:start',
          reason: 'session-cooldown',
          until: new Date(NOON + 201_000),
          sessionId: undefined,
        },
      ]);
    });

    it('leaves nothing of the refused attempt in the journal', async () => {
      const { context, state } = scripted(refusals(1));
      const { journalId } = await openSession(context, undefined);
      expect((await state.journal.open()).map(({ id }) => id)).toEqual([journalId]);
    });

    it('pauses, then waits a whole cooldown, for what we know of the last trigger is wrong, then pauses longer and longer', async () => {
      const { context, sleeps, events } = scripted(refusals(7));
      await openSession(context, undefined);
      expect(sleeps).toEqual([2000, COOLDOWN, 8000, 16_000, 32_000, 60_000, 60_000]);
      expect(events).toHaveLength(7);
    });

    it('gives up after eight attempts, and leaves nothing in the journal', async () => {
      const { context, calls, state } = scripted(refusals(8));
      expect(await failure(openSession(context, undefined))).toMatchObject({ code: 'ERR_ROLLCALL_SESSION' });
      expect(calls.filter((call) => call === 'create')).toHaveLength(8);
      expect(await state.journal.open()).toEqual([]);
    });

    it('believes no clock that was set back to wait for longer than a cooldown', async () => {
      const world = scripted(refusals(1));
      await triggered(world, -3_600_000);
      await openSession(world.context, undefined);
      expect(world.sleeps).toEqual([COOLDOWN + 1000]);
    });
  });

  describe('while a session is imported', () => {
    const importing = () => {
      let done: () => void = () => undefined;
      return { promise: new Promise<void>((resolve) => (done = resolve)), done: () => done() };
    };

    it('waits until the five minutes are over, and says so', () =>
      inVirtualTime(async (clock) => {
        const world = scripted({ list: [[]], create: [fresh] });
        await triggered(world, 100_000);
        const options = resolveUploadOptions({ clock, events: world.context.options.events });
        const started = clock.now();
        await openSession({ ...world.context, options }, importing().promise);
        expect(clock.now() - started).toBe(200_000);
        expect(world.events).toEqual([
          {
            type: 'wait:start',
            reason: 'session-cooldown',
            until: new Date(started + 200_000),
            sessionId: undefined,
          },
        ]);
      }, NOON));

    it('goes on as soon as the import is over', () =>
      inVirtualTime(async (clock) => {
        const world = scripted({ list: [[]], create: [fresh] });
        await triggered(world, 100_000);
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
        await triggered(world, 100_000);
        const abort = new AbortController();
        void clock.sleep(1000).then(() => abort.abort());
        const started = clock.now();
        const options = resolveUploadOptions({ clock, signal: abort.signal });
        await failure(openSession({ ...world.context, options }, importing().promise));
        expect(clock.now() - started).toBe(1000);
      }, NOON));

    it.each([
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
