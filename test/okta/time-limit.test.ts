import { getEventListeners } from 'node:events';
import FakeTimers from '@sinonjs/fake-timers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AbortedError } from '../../src/core/errors.js';
import { withinTime } from '../../src/okta/time-limit.js';
import { TransportError } from '../../src/okta/wire.js';

let timers: FakeTimers.Clock;
beforeEach(() => {
  timers = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => timers.uninstall());

const never = () => new Promise<never>(() => undefined);

describe('a time limit', () => {
  it('gives what came in time, and leaves no timer and no listener', async () => {
    const caller = new AbortController();
    let given: AbortSignal | undefined;
    const value = await withinTime(1000, caller.signal, async (signal) => {
      given = signal;
      return 'done';
    });
    expect(value).toBe('done');
    expect(timers.countTimers()).toBe(0);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    expect(given?.aborted).toBe(false);
  });

  it('tells a failure as it is, and leaves no timer and no listener', async () => {
    const caller = new AbortController();
    const failure = new Error('of its own');
    const failed = withinTime(1000, caller.signal, () => Promise.reject(failure));
    await expect(failed).rejects.toBe(failure);
    expect(timers.countTimers()).toBe(0);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  });

  it('leaves what does not end in time: it was not sent, and its signal is aborted', async () => {
    let given: AbortSignal | undefined;
    let outcome: unknown;
    withinTime(1000, new AbortController().signal, (signal) => {
      given = signal;
      return never();
    }).catch((error: unknown) => (outcome = error));
    await timers.tickAsync(999);
    expect([outcome, given?.aborted]).toEqual([undefined, false]);
    await timers.tickAsync(1);
    expect(outcome).toBeInstanceOf(TransportError);
    expect(outcome).toMatchObject({ sent: false });
    expect(given?.aborted).toBe(true);
  });

  it('ends when its caller leaves, and takes what runs with it', async () => {
    const caller = new AbortController();
    let given: AbortSignal | undefined;
    const left = withinTime(1000, caller.signal, (signal) => {
      given = signal;
      return never();
    });
    caller.abort();
    await expect(left).rejects.toBeInstanceOf(AbortedError);
    expect(given?.aborted).toBe(true);
    expect(timers.countTimers()).toBe(0);
  });

  it('begins nothing for a caller that has left', async () => {
    let began = false;
    const left = withinTime(1000, AbortSignal.abort(), async () => (began = true));
    await expect(left).rejects.toBeInstanceOf(AbortedError);
    expect(began).toBe(false);
    expect(timers.countTimers()).toBe(0);
  });
});
