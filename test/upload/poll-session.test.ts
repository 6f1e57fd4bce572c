import { describe, expect, it } from 'vitest';
import { AbortedError, PollTimeoutError } from '../../src/core/errors.js';
import type { CallOptions, SessionStatus } from '../../src/okta/wire.js';
import { pollToEnd as poll } from '../../src/upload/poll-session.js';
import { callOptions, type SessionContext } from '../../src/upload/upload-context.js';
import { getSession, getSessionWithRetries } from '../../src/upload/get-session.js';
import { failure, FAILURES, GONE, NOON, scripted, session } from './scripted.js';

const PAUSES = [500, 1000, 2000, 4000, 8000, 16_000, 30_000];
const triggered = (times: number) => Array<SessionStatus>(times).fill('TRIGGERED');

/** Polls while somebody waits for the end. */
const pollToEnd = (context: SessionContext, sessionId: string, ahead?: Promise<void>) =>
  context.own.imports.untilEnd(poll(context, sessionId, ahead));

describe('waiting for the end of an import', () => {
  it.each(['COMPLETED', 'ERROR', 'CLOSED', 'EXPIRED'] as const)('ends with %s', async (status) => {
    const { context, sleeps, calls } = scripted({ get: [...triggered(3), status] });
    expect(await pollToEnd(context, 's')).toMatchObject({ id: 's', status });
    expect(sleeps).toEqual([2000, 2000, 2000]);
    expect(calls).toEqual(['get s', 'get s', 'get s', 'get s']);
  });

  it('ends without a session when Okta does not know it any more', async () => {
    const { context } = scripted({ get: ['TRIGGERED', ...GONE] });
    expect(await pollToEnd(context, 's')).toBeUndefined();
  });

  it('tells once that it waits, and until when at most', async () => {
    const { context, events } = scripted({ get: [...triggered(2), 'COMPLETED'] }, { pollTimeoutMs: 90_000 });
    await pollToEnd(context, 's');
    expect(events).toEqual([
      { type: 'wait:start', reason: 'import', until: new Date(NOON + 90_000), sessionId: 's' },
    ]);
  });

  it('is not polled before the sessions ahead of it have ended', async () => {
    const { context, calls, clock } = scripted({ get: ['COMPLETED'] });
    let end = () => {};
    const polling = pollToEnd(context, 's', new Promise<void>((resolve) => (end = resolve)));
    await clock.sleep(60_000);
    expect(calls).toEqual([]);
    end();
    await polling;
    expect(calls).toEqual(['get s']);
  });

  it('is polled at once when Okta created a session, because the import may be over', async () => {
    const { context, calls, clock } = scripted({ get: ['TRIGGERED', 'COMPLETED'] });
    const until = (signal?: AbortSignal) =>
      new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(new AbortedError())));
    const options = {
      ...context.options,
      clock: { ...clock, sleep: (_ms: number, signal?: AbortSignal) => until(signal) },
    };
    const polling = pollToEnd({ ...context, options }, 's');
    while (calls.length < 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toHaveLength(1);
    context.own.imports.mayBeOver();
    expect(await polling).toMatchObject({ status: 'COMPLETED' });
  });

  it('counts the time behind other sessions towards the limit', async () => {
    const { context, clock, sleeps } = scripted({ get: triggered(2) }, { pollTimeoutMs: 61_000 });
    const polling = failure(
      pollToEnd(
        context,
        's',
        Promise.resolve().then(() => clock.sleep(60_000)),
      ),
    );
    expect(await polling).toMatchObject({ code: 'ERR_ROLLCALL_POLL_TIMEOUT' });
    expect(sleeps).toEqual([60_000, 1000]);
  });

  it('is polled at the intervals that the client allows, as polls', async () => {
    const { context, okta, sleeps } = scripted({ get: [...triggered(2), 'COMPLETED'] });
    const urgencies: unknown[] = [];
    const getSession: typeof okta.getSession = (id, options) => {
      urgencies.push(options?.urgency);
      return okta.getSession(id);
    };
    await pollToEnd({ ...context, okta: { ...okta, getSession, pollsPerWindow: () => 6 } }, 's');
    expect(sleeps).toEqual([5000, 5000]);
    expect(urgencies).toEqual(['poll', 'poll', 'poll']);
  });

  it.each(['lost', 'page', 'fault', 'forbidden', 'unenveloped', 'timedOut'] as const)(
    'a look without an answer (%s) is made up for by the next',
    async (kind) => {
      const { context, sleeps } = scripted({ get: [FAILURES[kind], 'COMPLETED'] });
      expect(await pollToEnd(context, 's')).toMatchObject({ status: 'COMPLETED' });
      expect(sleeps).toEqual([2000]);
    },
  );

  it.each(['signIn', 'refused', 'tooMany', 'unsent', 'redirect', 'bug'] as const)(
    'another failure (%s) ends it',
    async (kind) => {
      const { context } = scripted({ get: [FAILURES[kind]] });
      expect(await failure(pollToEnd(context, 's'))).toBe(FAILURES[kind]);
    },
  );

  it('ends with what is known when the limit is slept through, and waits no longer than that', async () => {
    const { context, sleeps } = scripted(
      { get: triggered(4) },
      { pollTimeoutMs: 5000, pollIntervalMs: 2000 },
    );
    const error = await failure(pollToEnd(context, 's'));
    expect(error).toBeInstanceOf(PollTimeoutError);
    expect(error).toMatchObject({ sessionId: 's', status: 'TRIGGERED' });
    expect((error as Error).message).toContain('5 s');
    expect(sleeps).toEqual([2000, 2000, 1000]);
  });

  it('without any answer the outcome is not known at all', async () => {
    const { context } = scripted({ get: [FAILURES.lost] }, { pollTimeoutMs: 0 });
    const error = await failure(pollToEnd(context, 's'));
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_POLL_TIMEOUT', status: undefined });
  });

  it('ends when the run is aborted', async () => {
    const { context } = scripted({ get: triggered(9) }, { signal: AbortSignal.abort() });
    expect(await failure(pollToEnd(context, 's'))).toMatchObject({
      code: 'ERR_ROLLCALL_ABORTED',
    });
  });

  it('ends with the failure of the looks when none was answered for as long as patience lasts', async () => {
    const { context, sleeps } = scripted(
      { get: ['TRIGGERED', ...Array<Error>(4).fill(FAILURES.forbidden)] },
      { pollIntervalMs: 2000, patienceMs: 6000 },
    );
    expect(await failure(pollToEnd(context, 's'))).toBe(FAILURES.forbidden);
    expect(sleeps).toEqual([2000, 2000, 2000, 2000]);
  });

  it('counts what was not answered anew after every answer', async () => {
    const { forbidden, lost } = FAILURES;
    const { context } = scripted(
      { get: [forbidden, forbidden, 'TRIGGERED', lost, forbidden, 'COMPLETED'] },
      { pollIntervalMs: 2000, patienceMs: 4000 },
    );
    expect(await pollToEnd(context, 's')).toMatchObject({ status: 'COMPLETED' });
  });

  it('reports a status that is not known, once, and asks on', async () => {
    const { context, events } = scripted({
      get: ['TRIGGERED', 'PAUSED', 'PAUSED', 'TRIGGERED', 'COMPLETED'],
    });
    expect(await pollToEnd(context, 's')).toMatchObject({ status: 'COMPLETED' });
    expect(events.filter(({ type }) => type === 'session:status')).toEqual([
      { type: 'session:status', sessionId: 's', status: 'PAUSED' },
    ]);
  });

  it('takes a look that shows the session as it was before for none that is final', async () => {
    const { context } = scripted({ get: ['IN_PROGRESS', 'CREATED', 'COMPLETED'] });
    expect(await pollToEnd(context, 's')).toMatchObject({ status: 'COMPLETED' });
  });
});

describe('the end of an import', () => {
  const SECOND = 1000;
  /** Polls every thirty seconds an import that is seen to be over with the third poll, with this `lastUpdated`. */
  const timeOf = async (lastUpdated: string | undefined) => {
    const ended = { ...session('s', 'COMPLETED'), lastUpdated };
    const { context } = scripted({ get: [...triggered(2), ended] }, { pollIntervalMs: 30 * SECOND });
    await pollToEnd(context, 's');
    return context.own.imports.last;
  };
  const at = (ms: number) => new Date(NOON + ms).toISOString();

  it('is the moment at which its session was last updated, to a second, if the poll was later', async () => {
    expect(await timeOf(at(40 * SECOND))).toEqual({ afterMs: 39 * SECOND, byMs: 41 * SECOND });
    expect(await timeOf(at(31 * SECOND))).toEqual({ afterMs: 30 * SECOND, byMs: 32 * SECOND });
  });

  it.each([
    ['there is none', undefined],
    ['it cannot be read', 'yesterday'],
    ['it is the moment of the trigger', at(0)],
    ['the import was not over then', at(28 * SECOND)],
    ['it is not over yet', at(61 * SECOND)],
    ['it is of another year', at(-31_536_000 * SECOND)],
  ])('is between two polls if %s', async (_, lastUpdated) => {
    expect(await timeOf(lastUpdated)).toEqual({ afterMs: 30 * SECOND, byMs: 60 * SECOND });
  });

  it('is not counted from a trigger before which the import ahead ended unseen', async () => {
    const { context, clock, sleeps } = scripted({ get: ['TRIGGERED', 'COMPLETED'] });
    const { imports } = context.own;
    imports.ended({ afterMs: 39_900, byMs: 40_000 });
    const ahead = async () => {
      await Promise.resolve();
      await clock.sleep(30 * SECOND);
      imports.over(NOON);
    };
    await pollToEnd(context, 's', ahead());
    // The import began with its trigger, thirty seconds before the end of the one ahead was seen: the rest is ten seconds.
    expect(sleeps.slice(0, 2)).toEqual([30 * SECOND, 10 * SECOND]);
  });
});

describe('a look at a session', () => {
  it.each([0, 1, 2, 7])('believes a session that is there after %i denials', async (denials) => {
    const { context, sleeps } = scripted({ get: [...Array<'gone'>(denials).fill('gone'), 'CREATED'] });
    expect(await getSession(context, 's')).toMatchObject({ status: 'CREATED' });
    expect(sleeps).toEqual(PAUSES.slice(0, denials));
  });

  it('ends with the signal that it is given, and tells where it waits', async () => {
    const { context, okta, events } = scripted();
    const { signal } = new AbortController();
    const call = callOptions({ ...context.options, signal });
    const given: CallOptions[] = [];
    const answer: typeof okta.getSession = async (id, options = {}) => {
      given.push(options);
      options.onWait?.({ reason: 'rate-limit', until: NOON + 5000, operation: 'op' });
      return session(id, 'CREATED');
    };
    await getSession({ ...context, okta: { ...okta, getSession: answer } }, 's', call);
    expect(given[0]?.signal).toBe(signal);
    expect(events).toEqual([
      { type: 'wait:start', reason: 'rate-limit', until: new Date(NOON + 5000), sessionId: undefined },
    ]);
  });

  it('believes denials that go on for a minute', async () => {
    const { context, sleeps, script } = scripted({ get: [...GONE, 'CREATED'] });
    expect(await getSession(context, 's')).toBeUndefined();
    expect(script.get).toEqual(['CREATED']);
    expect(sleeps).toEqual(PAUSES);
  });

  it('that must be answered is repeated with growing pauses, six times at most', async () => {
    const { lost, forbidden, signIn } = FAILURES;
    const patient = scripted({ get: [lost, forbidden, lost, lost, lost, 'CREATED'] });
    expect(await getSessionWithRetries(patient.context, 's')).toMatchObject({ status: 'CREATED' });
    expect(patient.sleeps).toEqual([1000, 2000, 4000, 8000, 16_000]);
    const given = scripted({ get: Array<Error>(6).fill(lost) });
    expect(await failure(getSessionWithRetries(given.context, 's'))).toBe(lost);
    const denied = scripted({ get: [signIn] });
    expect(await failure(getSessionWithRetries(denied.context, 's'))).toBe(signIn);
  });
});
