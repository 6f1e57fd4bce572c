import { describe, expect, it } from 'vitest';
import { makeBatch } from '../../src/okta/bulk-body.js';
import { OktaHttpError, StateError } from '../../src/core/errors.js';
import type { Batch, ChangeKind, Entity } from '../../src/core/model.js';
import type { SessionStatus } from '../../src/okta/wire.js';
import { SessionLifecycle } from '../../src/upload/lifecycle.js';
import { openSession } from '../../src/upload/open-session.js';
import type { UploadOptions } from '../../src/upload/upload-options.js';
import type { Journal } from '../../src/state/journal.js';
import type { StateStore } from '../../src/state/store.js';
import { membershipChange, profileChange } from '../support/changes.js';
import { failure, FAILURES, GONE, NOON, scripted, session, type Script } from './scripted.js';
import { confirmed } from '../support/rows.js';

const upserts = makeBatch('users', 'upsert', [profileChange('users', 'upsert', 'u', 'x')]);
const deletes = makeBatch('users', 'delete', [profileChange('users', 'delete', 'u', 'x')]);

/** A session that was just opened, with nothing said of its opening. */
async function opened(script: Script, options: UploadOptions = {}) {
  const world = scripted({ ...script, list: [[]], create: [session('s', 'CREATED')] }, options);
  const lifecycle = new SessionLifecycle(world.context, await openSession(world.context, undefined));
  world.calls.length = 0;
  const journal = async () => (await world.state.journal.open())[0];
  return { ...world, lifecycle, journal };
}

/** A state whose journal is another. */
const withJournal = (state: StateStore, journal: Journal): StateStore =>
  Object.defineProperty(Object.create(state) as StateStore, 'journal', { value: journal });

const rowOf = async (world: Awaited<ReturnType<typeof opened>>) => {
  const { users } = await world.state.counts();
  return users.known > 0 ? 'completed' : users.unknown > 0 ? 'unknown' : 'dropped';
};

describe('a load', () => {
  it.each<[Entity, ChangeKind, string]>([
    ['users', 'upsert', 'upsertUsers'],
    ['users', 'delete', 'deleteUsers'],
    ['groups', 'upsert', 'upsertGroups'],
    ['groups', 'delete', 'deleteGroups'],
    ['memberships', 'upsert', 'upsertMemberships'],
    ['memberships', 'delete', 'deleteMemberships'],
  ])('of %s to %s goes by its own call', async (entity, kind, call) => {
    const change =
      entity === 'memberships' ? membershipChange(kind, 'g', 'u') : profileChange(entity, kind, 'k', 'x');
    const { lifecycle, calls } = await opened({ load: ['ok'] });
    expect(await lifecycle.load(makeBatch(entity, kind, [change]))).toEqual({ kind: 'loaded' });
    expect(calls).toEqual([`${call} s`]);
    expect(lifecycle.mode).toBe('loading');
  });

  it('is in the journal before it is sent, and acknowledged after', async () => {
    const { context, okta, state, lifecycle: _, ...world } = await opened({ load: ['ok'] });
    const before: unknown[] = [];
    const upsertUsers: typeof okta.upsertUsers = async (id, body) => {
      before.push(await world.journal());
      return okta.upsertUsers(id, body);
    };
    const [{ id } = { id: 0 }] = await state.journal.open();
    const lifecycle = new SessionLifecycle(
      { ...context, okta: { ...okta, upsertUsers } },
      { sessionId: 's', journalId: id },
    );
    await lifecycle.load(upserts);
    expect(before).toMatchObject([{ loads: 1, acknowledged: 0, rows: 1, hasUpserts: true }]);
    expect(await world.journal()).toMatchObject({ loads: 1, acknowledged: 1 });
  });

  it('is sent only when the acknowledgment of the one before is on disk, which is waited for together', async () => {
    const { context, state, calls, lifecycle: _ } = await opened({ load: ['ok', 'ok'] });
    const [{ id } = { id: 0 }] = await state.journal.open();
    const written: string[] = [];
    let release = () => {};
    const journal = {
      ...state.journal,
      loading: async (...args: Parameters<typeof state.journal.loading>) => {
        const load = await state.journal.loading(...args);
        written.push('loading');
        return load;
      },
      loaded: async (loaded: number) => {
        await new Promise<void>((resolve) => (release = resolve));
        await state.journal.loaded(loaded);
        written.push('loaded');
      },
    };
    const lifecycle = new SessionLifecycle(
      { ...context, state: withJournal(state, journal) },
      { sessionId: 's', journalId: id },
    );
    await lifecycle.load(upserts);
    const second = lifecycle.load(deletes);
    await new Promise(setImmediate);
    expect(written).toEqual(['loading', 'loading']);
    expect(calls).toEqual(['upsertUsers s']);
    release();
    await second;
    expect(calls).toEqual(['upsertUsers s', 'deleteUsers s']);
  });

  it('whose acknowledgment cannot be written ends the session, which is cancelled', async () => {
    const {
      context,
      state,
      calls,
      journal,
      lifecycle: _,
    } = await opened({
      load: ['ok'],
      cancel: ['ok'],
      get: ['CLOSED'],
    });
    const [{ id } = { id: 0 }] = await state.journal.open();
    const full = new StateError('the state could not be written');
    const failing = { ...state.journal, loaded: () => Promise.reject(full) };
    const lifecycle = new SessionLifecycle(
      { ...context, state: withJournal(state, failing) },
      { sessionId: 's', journalId: id },
    );
    await lifecycle.load(upserts);
    await expect(lifecycle.load(deletes)).rejects.toBe(full);
    await lifecycle.abandon();
    expect(calls).toEqual(['upsertUsers s', 'cancel s', 'get s']);
    expect(await journal()).toBeUndefined();
  });

  it.each(['lost', 'page', 'fault', 'timedOut', 'unknown'] as const)(
    'is lost when it is not known what became of it (%s), and nobody asks',
    async (kind) => {
      const { lifecycle, calls, journal } = await opened({ load: [FAILURES[kind]] });
      const { code } = FAILURES[kind];
      expect(await lifecycle.load(upserts)).toMatchObject({ kind: 'lost', reason: code });
      expect(calls).toEqual(['upsertUsers s']);
      expect(await journal()).toMatchObject({ loads: 1, acknowledged: 0 });
    },
  );

  it.each(['CREATED', 'IN_PROGRESS'] as const)(
    'is refused when the session goes on (%s), and the journal forgets it',
    async (status) => {
      const { lifecycle, journal } = await opened({ load: [FAILURES.refused], get: [status] });
      expect(await lifecycle.load(upserts)).toEqual({
        kind: 'refused',
        errorCode: 'E0000001',
        reason: undefined,
      });
      expect(await journal()).toMatchObject({ loads: 0, rows: 0, phase: 'loading' });
    },
  );

  it.each<SessionStatus>(['TRIGGERED', 'COMPLETED', 'ERROR', 'CLOSED', 'EXPIRED'])(
    'is lost with its session, which is %s',
    async (status) => {
      const { lifecycle } = await opened({ load: [FAILURES.refused], get: [status] });
      expect(await lifecycle.load(upserts)).toMatchObject({
        kind: 'lost',
        reason: `the session is ${status}`,
      });
    },
  );

  it('is lost with its session, which is gone', async () => {
    const { lifecycle } = await opened({ load: [FAILURES.conflict], get: [...GONE] });
    expect(await lifecycle.load(upserts)).toMatchObject({ kind: 'lost', reason: 'the session is gone' });
  });

  it('that is refused without a code has none', async () => {
    const { lifecycle } = await opened({ load: [new OktaHttpError('op', 400)], get: ['IN_PROGRESS'] });
    expect(await lifecycle.load(upserts)).toEqual({
      kind: 'refused',
      errorCode: undefined,
      reason: undefined,
    });
  });

  it('of one record is looked at twice by a session that takes nothing: the first look may be old', async () => {
    const { refused } = FAILURES;
    const world = await opened({
      load: [refused, refused, 'ok', refused],
      get: ['IN_PROGRESS', 'IN_PROGRESS', 'EXPIRED', 'IN_PROGRESS'],
    });
    const { lifecycle } = world;
    expect(await lifecycle.load(upserts)).toMatchObject({ kind: 'refused' });
    expect(await lifecycle.load(upserts)).toMatchObject({
      kind: 'lost',
      reason: 'the session is EXPIRED',
    });
    expect(world.sleeps).toEqual([2000]);
    expect(await lifecycle.load(upserts)).toEqual({ kind: 'loaded' });
    expect(await lifecycle.load(upserts)).toMatchObject({ kind: 'refused' });
    expect(world.sleeps).toEqual([2000]);
  });

  it.each(['signIn', 'tooMany', 'unsent', 'readOnly', 'bug'] as const)(
    'that fails for another reason (%s) ends the run',
    async (kind) => {
      const { lifecycle } = await opened({ load: [FAILURES[kind]] });
      expect(await failure(lifecycle.load(upserts))).toBe(FAILURES[kind]);
    },
  );
});

describe('a trigger', () => {
  const loaded = async (script: Script, batch: Batch = upserts, options: UploadOptions = {}) => {
    const world = await opened({ ...script, load: ['ok'] }, options);
    await world.lifecycle.load(batch);
    world.calls.length = 0;
    return world;
  };

  it('is journaled before and after, and told', async () => {
    const { context, okta, state, journal, events } = await loaded({ start: ['ok'] });
    const before: unknown[] = [];
    const startImport: typeof okta.startImport = async (id) => {
      before.push(await journal());
      return okta.startImport(id);
    };
    const [{ id } = { id: 0 }] = await state.journal.open();
    const lifecycle = new SessionLifecycle(
      { ...context, okta: { ...okta, startImport, serverDate: () => NOON + 5 } },
      { sessionId: 's', journalId: id },
    );
    expect(await lifecycle.trigger(true)).toBe('triggered');
    expect(lifecycle.mode).toBe('triggered');
    expect(before).toMatchObject([{ phase: 'triggering' }]);
    expect(await journal()).toMatchObject({ phase: 'triggered', triggeredAt: NOON + 5 });
    expect(await state.journal.lastTriggeredAt()).toBe(NOON + 5);
    expect(events).toEqual([{ type: 'session:triggered', sessionId: 's' }]);
  });

  it('is dated by our clock while the time of the server is not known', async () => {
    const { lifecycle, state } = await loaded({ start: ['ok'] });
    await lifecycle.trigger(true);
    expect(await state.journal.lastTriggeredAt()).toBe(NOON);
  });

  it.each([
    ['creations', true],
    ['deletions', false],
  ])('of %s is not preceded by a look, which could be an old one', async (_, hasUpserts) => {
    const { lifecycle, calls } = await loaded({ start: ['ok'] }, hasUpserts ? upserts : deletes);
    expect(await lifecycle.trigger(hasUpserts)).toBe('triggered');
    expect(calls).toEqual(['start s']);
  });

  const { refused } = FAILURES;
  const ghost = async (script: Script) => {
    const world = await loaded(script, deletes);
    await world.state.adopt([confirmed('users', 'u')]);
    return world;
  };

  it('of deletions that matched nothing is refused twice: the session is cancelled, and they count as done', async () => {
    const world = await ghost({
      start: [refused, refused],
      get: ['CREATED', 'CREATED', 'CLOSED'],
      cancel: ['ok'],
    });
    expect(await world.lifecycle.trigger(false)).toBe('no-effect');
    expect(world.calls).toEqual(['start s', 'get s', 'start s', 'get s', 'cancel s', 'get s']);
    expect(world.sleeps).toEqual([5000]);
    expect(world.lifecycle.mode).toBe('settled');
    expect((await world.state.counts()).users).toEqual({ known: 0, unknown: 0 });
    expect(world.events).toEqual([{ type: 'session:cancelled', sessionId: 's' }]);
  });

  it.each<[string, Script, string, { known: number; unknown: number }]>([
    [
      'was triggered by one that was lost, while looks were old',
      { start: [FAILURES.lost, refused, refused], get: ['CREATED', 'CREATED', 'TRIGGERED'] },
      'triggered',
      { known: 1, unknown: 0 },
    ],
    [
      'was triggered by one that was lost, as its cancelling shows',
      {
        start: [FAILURES.lost, refused, refused],
        get: ['CREATED', 'CREATED', 'CREATED', 'TRIGGERED', 'ERROR'],
        cancel: [refused],
      },
      'unknown',
      { known: 0, unknown: 1 },
    ],
    [
      'is not known any more when it is cancelled',
      { start: [refused, refused], get: ['CREATED', 'CREATED', ...GONE], cancel: ['ok'] },
      'unknown',
      { known: 0, unknown: 1 },
    ],
    [
      'expired',
      { start: [refused], get: ['EXPIRED', 'EXPIRED'], cancel: [refused] },
      'lost',
      { known: 1, unknown: 0 },
    ],
  ])('of deletions whose session %s, is not called one without effect', async (_, script, result, users) => {
    const world = await ghost(script);
    expect(await world.lifecycle.trigger(false)).toBe(result);
    expect((await world.state.counts()).users).toEqual(users);
  });

  it.each(['TRIGGERED', 'COMPLETED', 'ERROR'] as const)(
    'whose answer was lost has happened when the session is %s',
    async (status) => {
      const { lifecycle, sleeps } = await loaded({ start: [FAILURES.lost], get: [status] });
      expect(await lifecycle.trigger(true)).toBe('triggered');
      expect(sleeps).toEqual([]);
    },
  );

  it.each<SessionStatus>(['CLOSED', 'EXPIRED'])(
    'is lost with what was loaded when the session is %s, also where one had no answer',
    async (status) => {
      for (const kind of ['refused', 'lost'] as const) {
        const world = await loaded({ start: [FAILURES[kind]], get: [status, status], cancel: ['ok'] });
        expect(await world.lifecycle.trigger(true)).toBe('lost');
        expect(world.lifecycle.mode).toBe('settled');
        expect(await rowOf(world)).toBe('dropped');
        expect(await world.state.journal.open()).toEqual([]);
      }
    },
  );

  it('is lost with what was loaded when it is refused twice and the session is CREATED', async () => {
    const world = await loaded({
      start: [refused, refused],
      get: ['CREATED', 'CREATED', 'CLOSED'],
      cancel: ['ok'],
    });
    expect(await world.lifecycle.trigger(true)).toBe('lost');
    expect(await rowOf(world)).toBe('dropped');
  });

  it('whose answer was lost leaves the rows unknown when the session is not known for a minute', async () => {
    const world = await loaded({ start: [FAILURES.lost], get: [...GONE] });
    expect(await world.lifecycle.trigger(true)).toBe('unknown');
    expect(world.calls).not.toContain('cancel s');
    expect(world.lifecycle.mode).toBe('settled');
    expect(await rowOf(world)).toBe('unknown');
    expect(world.events).toEqual([{ type: 'session:failed', sessionId: 's', status: 'gone' }]);
    expect(world.context.own.stateOf('s')).toBe('doubtful');
  });

  it('that was refused, of a session that is not known for a minute, leaves nothing open that is', async () => {
    const world = await loaded({ start: [FAILURES.unknown], get: [...GONE, 'CLOSED'], cancel: ['ok'] });
    expect(await world.lifecycle.trigger(true)).toBe('lost');
    expect(await rowOf(world)).toBe('dropped');
    const gone = await loaded({ start: [FAILURES.unknown], get: [...GONE, ...GONE], cancel: ['ok'] });
    expect(await gone.lifecycle.trigger(true)).toBe('unknown');
    expect(await rowOf(gone)).toBe('unknown');
  });

  it('of a session in a status that is not known has happened', async () => {
    const { lifecycle } = await loaded({ start: [FAILURES.lost], get: ['PAUSED'] });
    expect(await lifecycle.trigger(true)).toBe('triggered');
  });

  it('is sent again while the session still takes loads, with growing pauses', async () => {
    const { lifecycle, sleeps, calls } = await loaded({
      start: [FAILURES.lost, FAILURES.fault, 'ok'],
      get: ['IN_PROGRESS', 'IN_PROGRESS'],
    });
    expect(await lifecycle.trigger(true)).toBe('triggered');
    expect(sleeps).toEqual([1000, 2000]);
    expect(calls).toEqual(['start s', 'get s', 'start s', 'get s', 'start s']);
  });

  it('is left to the journal after six attempts', async () => {
    const { lifecycle, sleeps, journal } = await loaded({
      start: Array<Error>(6).fill(FAILURES.lost),
      get: Array<SessionStatus>(6).fill('IN_PROGRESS'),
    });
    expect(await failure(lifecycle.trigger(true))).toMatchObject({
      code: 'ERR_ROLLCALL_SESSION',
      sessionId: 's',
      status: 'IN_PROGRESS',
    });
    expect(sleeps).toEqual([1000, 2000, 4000, 8000, 16_000]);
    expect(lifecycle.mode).toBe('triggering');
    expect(await journal()).toMatchObject({ phase: 'triggering' });
  });

  it.each(['signIn', 'tooMany', 'unsent', 'bug'] as const)(
    'that fails for another reason (%s) ends the run',
    async (kind) => {
      const { lifecycle } = await loaded({ start: [FAILURES[kind]] });
      expect(await failure(lifecycle.trigger(true))).toBe(FAILURES[kind]);
    },
  );

  it('that waits ends with the run', async () => {
    const abort = new AbortController();
    const world = await loaded({ start: [FAILURES.lost], get: ['IN_PROGRESS'] }, upserts, {
      signal: abort.signal,
    });
    abort.abort();
    expect(await failure(world.lifecycle.trigger(true))).toMatchObject({ code: 'ERR_ROLLCALL_ABORTED' });
  });
});

describe('the end of a session', () => {
  const triggered = async (script: Script) => {
    const world = await opened({ ...script, load: ['ok'], start: ['ok'] });
    await world.lifecycle.load(upserts);
    await world.lifecycle.trigger(true);
    world.events.length = 0;
    return world;
  };

  it('COMPLETED commits its rows', async () => {
    const world = await triggered({ get: ['TRIGGERED', 'COMPLETED'] });
    expect(await world.lifecycle.finish()).toBe('COMPLETED');
    expect(await rowOf(world)).toBe('completed');
    expect(world.lifecycle.mode).toBe('settled');
    expect(await world.state.journal.open()).toEqual([]);
    expect(world.events.map(({ type }) => type)).toEqual(['wait:start']);
  });

  it.each<SessionStatus | 'gone'>(['ERROR', 'CLOSED', 'EXPIRED', 'gone'])(
    '%s makes them unknown, and is told',
    async (status) => {
      const world = await triggered({ get: status === 'gone' ? [...GONE] : [status] });
      expect(await world.lifecycle.finish()).toBe(status);
      expect(await rowOf(world)).toBe('unknown');
      expect(world.lifecycle.mode).toBe('settled');
      expect(world.events.at(-1)).toEqual({ type: 'session:failed', sessionId: 's', status });
    },
  );
});

describe('a session that is given up', () => {
  const loadedOne = async (script: Script, options: UploadOptions = {}) => {
    const world = await opened({ ...script, load: ['ok'] }, options);
    await world.lifecycle.load(upserts);
    world.calls.length = 0;
    return world;
  };

  it('is journaled as cancelling, cancelled, and its rows stay as they were', async () => {
    const world = await loadedOne({ cancel: ['ok'], get: ['CLOSED'] });
    const phases: unknown[] = [];
    const { okta } = world;
    const deleteSession = async (id: string) => {
      phases.push((await world.journal())?.phase);
      return okta.deleteSession(id);
    };
    const [{ id } = { id: 0 }] = await world.state.journal.open();
    const lifecycle = new SessionLifecycle(
      { ...world.context, okta: { ...okta, deleteSession } },
      { sessionId: 's', journalId: id },
    );
    await lifecycle.cancel();
    expect(phases).toEqual(['cancelling']);
    expect(lifecycle.mode).toBe('settled');
    expect(await rowOf(world)).toBe('dropped');
    expect(world.events).toEqual([{ type: 'session:cancelled', sessionId: 's' }]);
  });

  it('and turns out to have been triggered is waited for, and its rows are unknown', async () => {
    const world = await loadedOne({ cancel: ['ok'], get: ['TRIGGERED', 'TRIGGERED', 'COMPLETED'] });
    await world.lifecycle.cancel('completed');
    expect(world.calls).toEqual(['cancel s', 'get s', 'get s', 'get s']);
    expect(await rowOf(world)).toBe('unknown');
  });

  it.each(['CLOSED', 'EXPIRED'] as const)('and ends as %s after all has dropped its rows', async (end) => {
    const world = await loadedOne({ cancel: ['ok'], get: ['PAUSED', end] });
    expect(await world.lifecycle.cancel()).toBe('dropped');
    expect(await rowOf(world)).toBe('dropped');
  });

  it('and is not known any more leaves its rows unknown', async () => {
    const world = await loadedOne({ cancel: ['ok'], get: [...GONE] });
    expect(await world.lifecycle.cancel()).toBe('unknown');
    expect(await rowOf(world)).toBe('unknown');
    expect(world.context.own.stateOf('s')).toBe('doubtful');
  });

  it('and cannot be cancelled with certainty stays in the journal', async () => {
    const world = await loadedOne({
      cancel: Array<'ok'>(6).fill('ok'),
      get: Array<SessionStatus>(6).fill('IN_PROGRESS'),
    });
    expect(await failure(world.lifecycle.cancel())).toMatchObject({ code: 'ERR_ROLLCALL_SESSION' });
    expect(world.lifecycle.mode).toBe('cancelling');
    expect(await world.journal()).toMatchObject({ phase: 'cancelling' });
  });

  it('on an abort is cancelled where that is certain', async () => {
    const world = await loadedOne({ cancel: ['ok'], get: ['CLOSED'] }, {});
    await world.lifecycle.abandon();
    expect(world.lifecycle.mode).toBe('settled');
    expect(await world.state.journal.open()).toEqual([]);
    expect(await rowOf(world)).toBe('dropped');
    expect(world.events).toEqual([{ type: 'session:cancelled', sessionId: 's' }]);
  });

  it('on an abort is left to the journal where it is not', async () => {
    const world = await loadedOne({ cancel: ['ok'], get: ['TRIGGERED'] });
    await world.lifecycle.abandon();
    expect(world.lifecycle.mode).toBe('cancelling');
    expect(await world.journal()).toMatchObject({ phase: 'cancelling' });
    expect(world.events).toEqual([]);
  });

  it.each(['tooMany', 'unsent'] as const)('whose trigger was never sent (%s) is cancelled', async (kind) => {
    const world = await loadedOne({ start: [FAILURES[kind]], cancel: ['ok'], get: ['CLOSED'] });
    expect(await failure(world.lifecycle.trigger(true))).toBe(FAILURES[kind]);
    await world.lifecycle.abandon();
    expect(await world.state.journal.open()).toEqual([]);
  });

  it('whose trigger may have been acted on is left to the journal', async () => {
    const world = await loadedOne({ start: [FAILURES.lost], get: [FAILURES.signIn] });
    expect(await failure(world.lifecycle.trigger(true))).toBe(FAILURES.signIn);
    world.calls.length = 0;
    await world.lifecycle.abandon();
    expect(world.calls).toEqual([]);
    expect(await world.journal()).toMatchObject({ phase: 'triggering' });
  });

  it('on an abort is left alone once it was triggered', async () => {
    const world = await loadedOne({ start: ['ok'] });
    await world.lifecycle.trigger(true);
    world.calls.length = 0;
    await world.lifecycle.abandon();
    expect(world.calls).toEqual([]);
    expect(await world.journal()).toMatchObject({ phase: 'triggered' });
  });
});
