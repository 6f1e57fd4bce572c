import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { SessionError } from '../../src/core/errors.js';
import { cancelAndConfirm, cancelOnAbort } from '../../src/upload/cancel-session.js';
import { resolveUploadOptions } from '../../src/upload/upload-options.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { failure, FAILURES, GONE, scripted } from './scripted.js';

describe('cancelling a session', () => {
  it.each([
    ['CLOSED', 'closed'],
    ['EXPIRED', 'closed'],
    ['TRIGGERED', 'ran'],
    ['COMPLETED', 'ran'],
    ['ERROR', 'ran'],
    // Not known here, and none in which a session takes loads.
    ['PAUSED', 'ran'],
  ] as const)('a session that is %s afterwards is known to have %s', async (status, outcome) => {
    const { context, calls, sleeps } = scripted({ cancel: ['ok'], get: [status] });
    expect(await cancelAndConfirm(context, 's')).toBe(outcome);
    expect(calls).toEqual(['cancel s', 'get s']);
    expect(sleeps).toEqual([]);
  });

  it('a session that Okta does not know for a minute is gone, and not known to be closed', async () => {
    const { context } = scripted({ cancel: ['ok'], get: [...GONE] });
    expect(await cancelAndConfirm(context, 's')).toBe('gone');
  });

  it.each(['lost', 'page', 'fault', 'timedOut', 'refused', 'unknown', 'conflict'] as const)(
    'an answer that says nothing certain (%s) is made up for by a look',
    async (kind) => {
      const { context } = scripted({ cancel: [FAILURES[kind]], get: ['CLOSED'] });
      expect(await cancelAndConfirm(context, 's')).toBe('closed');
    },
  );

  it.each(['lost', 'fault', 'forbidden'] as const)(
    'a look without an answer (%s) is made up for by the next',
    async (kind) => {
      const { context, calls } = scripted({ cancel: ['ok', 'ok'], get: [FAILURES[kind], 'CLOSED'] });
      expect(await cancelAndConfirm(context, 's')).toBe('closed');
      expect(calls).toEqual(['cancel s', 'get s', 'cancel s', 'get s']);
    },
  );

  it.each(['CREATED', 'IN_PROGRESS'] as const)(
    'a session that stays %s is asked six times with growing pauses, and then left to the journal',
    async (status) => {
      const { context, sleeps, script } = scripted({
        cancel: Array<'ok'>(6).fill('ok'),
        get: Array<typeof status>(6).fill(status),
      });
      const error = await failure(cancelAndConfirm(context, 's'));
      expect(error).toBeInstanceOf(SessionError);
      expect(error).toMatchObject({ sessionId: 's' });
      expect(sleeps).toEqual([500, 1000, 2000, 4000, 8000]);
      expect(script.get).toEqual([]);
    },
  );

  it.each(['signIn', 'tooMany', 'unsent', 'bug'] as const)(
    'what says nothing about the session (%s) is thrown',
    async (kind) => {
      const refused = scripted({ cancel: [FAILURES[kind]] });
      expect(await failure(cancelAndConfirm(refused.context, 's'))).toBe(FAILURES[kind]);
      const looked = scripted({ cancel: ['ok'], get: [FAILURES[kind]] });
      expect(await failure(cancelAndConfirm(looked.context, 's'))).toBe(FAILURES[kind]);
    },
  );
});

describe('cancelling while a run is aborted', () => {
  it('is certain where Okta says that the session is closed, and only then', async () => {
    expect(await cancelOnAbort(scripted({ cancel: ['ok'], get: ['CLOSED'] }).context, 's')).toBe(true);
    expect(await cancelOnAbort(scripted({ cancel: ['ok'], get: ['TRIGGERED'] }).context, 's')).toBe(false);
    expect(await cancelOnAbort(scripted({ cancel: ['ok'], get: [...GONE] }).context, 's')).toBe(false);
  });

  it('works although the signal of the run is aborted', async () => {
    const { context } = scripted({ cancel: ['ok'], get: ['CLOSED'] }, { signal: AbortSignal.abort() });
    expect(await cancelOnAbort(context, 's')).toBe(true);
  });

  it('hides no failure of our own', async () => {
    const { context } = scripted({ cancel: [FAILURES.bug] });
    expect(await failure(cancelOnAbort(context, 's'))).toBe(FAILURES.bug);
  });

  it('ends after four seconds when Okta does not answer, and is not certain', () =>
    inVirtualTime(async (clock) => {
      const { context, okta } = scripted();
      const signals: (AbortSignal | undefined)[] = [];
      const hanging = {
        ...okta,
        deleteSession: (_: string, options?: { signal?: AbortSignal }) => {
          signals.push(options?.signal);
          return systemClock.sleep(3_600_000, options?.signal);
        },
      };
      const started = clock.now();
      const options = resolveUploadOptions({ clock });
      expect(await cancelOnAbort({ ...context, okta: hanging, options }, 's')).toBe(false);
      expect(clock.now() - started).toBe(4000);
      expect(signals).toHaveLength(1);
      expect(signals[0]?.aborted).toBe(true);
    }));

  it('ends at once when it is certain, without waiting for its limit', () =>
    inVirtualTime(async (clock) => {
      const { context } = scripted({ cancel: ['ok'], get: ['CLOSED'] });
      const started = clock.now();
      expect(await cancelOnAbort({ ...context, options: resolveUploadOptions({ clock }) }, 's')).toBe(true);
      expect(clock.now()).toBe(started);
    }));

  it('is not certain while the session takes loads to the end', () =>
    inVirtualTime(async (clock) => {
      const { context } = scripted({
        cancel: Array<'ok'>(9).fill('ok'),
        get: Array<'IN_PROGRESS'>(9).fill('IN_PROGRESS'),
      });
      expect(await cancelOnAbort({ ...context, options: resolveUploadOptions({ clock }) }, 's')).toBe(false);
    }));
});
