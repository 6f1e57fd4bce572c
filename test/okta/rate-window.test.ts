import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateWindow } from '../../src/okta/rate-limit/rate-window.js';
import { LONGEST_WAIT_MS } from '../../src/okta/rate-limit/retry-after.js';
import type { WireResponse } from '../../src/okta/wire.js';

const EPOCH = 1_800_000_000;

interface Told {
  limit?: number;
  remaining?: number;
  reset?: number;
  date?: number | string;
  status?: number;
}

/** An answer at second `date` of the server's time, about a window that ends at second `reset`. */
function answer(
  { limit = 100, remaining = 50, reset = 60, date = 0, status = 200 }: Told = {},
  headers: Record<string, string | undefined> = {},
): WireResponse {
  return {
    status,
    headers: {
      date: typeof date === 'string' ? date : new Date((EPOCH + date) * 1000).toUTCString(),
      'x-rate-limit-limit': String(limit),
      'x-rate-limit-remaining': String(remaining),
      'x-rate-limit-reset': String(EPOCH + reset),
      ...headers,
    },
    body: '',
  };
}

/** A window on a clock that is moved by hand; `send` is one whole request, false where none may be sent. */
function bucket(share = 1, now = EPOCH * 1000, least = 1) {
  const clock = { now: () => now, sleep: async () => undefined };
  const window = new RateWindow(clock, { share, least });
  return {
    window,
    pass: (ms: number) => (now += ms),
    send: (response: WireResponse | undefined): boolean => {
      if (!window.start()) return false;
      window.done(response);
      return true;
    },
    /** Requests that may be sent at once, none of them answered. */
    sendable: (most = 1000): number => {
      let sent = 0;
      while (sent < most && window.start()) sent++;
      for (let n = 0; n < sent; n++) window.done(undefined);
      return sent;
    },
  };
}

describe('our share of a rate-limit window', () => {
  it.each([
    [15, 10],
    [12, 7],
    [11, 6],
    [10, 5],
    [4, 2],
    [1, 1],
    [600, 300],
  ])('of %i requests is at least ten, of which five are left to others: %i', (limit, ours) => {
    const { sendable, send } = bucket(0.5, EPOCH * 1000, 10);
    send(answer({ limit, remaining: limit - 1 }));
    expect(1 + sendable()).toBe(ours);
  });
});

describe('polls in a rate-limit window', () => {
  it('leave the last four requests of our share to other calls', () => {
    const { window, send } = bucket(0.5);
    expect(window.polls).toBeUndefined();
    send(answer({ limit: 16, remaining: 15 }));
    expect(window.polls).toBe(4);
    const polls = Array.from({ length: 6 }, () => window.start('poll')).filter(Boolean);
    expect([polls.length, window.waitMs('poll'), window.waitMs()]).toEqual([3, 61_000, 0]);
    const others = Array.from({ length: 6 }, () => window.start()).filter(Boolean);
    expect(others.length).toBe(4);
  });

  it('leave two requests after others were sent, which they were kept for', () => {
    const { window, send, pass } = bucket();
    send(answer({ limit: 7, remaining: 6 }));
    pass(61_000);
    expect([window.start(), window.start()]).toEqual([true, true]);
    const polls = Array.from({ length: 9 }, () => window.start('poll')).filter(Boolean);
    expect(polls.length).toBe(3);
    expect([window.start(), window.start(), window.start()]).toEqual([true, true, false]);
  });

  it('leave the last four requests of the window that Okta tells, when others use it too', () => {
    const { window, send } = bucket();
    send(answer({ limit: 15, remaining: 4 }));
    expect([window.waitMs('poll'), window.waitMs()]).toEqual([61_000, 0]);
  });

  it.each([1, 2, 3, 4])('may use one request of a window of %i', (limit) => {
    const { window, send, pass } = bucket();
    send(answer({ limit, remaining: limit - 1 }));
    pass(61_000);
    expect(window.polls).toBe(1);
    expect([window.start('poll'), window.start('poll')]).toEqual([true, false]);
  });

  it('of a new window, with the answers to all of them outstanding, wait for one', () => {
    const { window, send, pass } = bucket();
    send(answer({ limit: 5, remaining: 4 }));
    pass(61_000);
    expect(window.start('poll')).toBe(true);
    expect([window.isUnknown('poll'), window.isUnknown()]).toEqual([true, false]);
  });
});

describe('a rate-limit window', () => {
  it('is open until an answer tells of a limit', () => {
    const { window, sendable } = bucket();
    expect(window.waitMs()).toBe(0);
    expect(sendable()).toBe(1000);
  });

  it('that is exhausted opens a second after its reset, measured by the two times of the server alone', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 290 }),
        fc.integer({ min: -86_400_000, max: 86_400_000 }),
        (seconds, skewMs) => {
          const { window, send, pass } = bucket(1, EPOCH * 1000 + skewMs);
          send(answer({ remaining: 0, reset: seconds }));
          expect(window.waitMs()).toBe(seconds * 1000 + 1000);
          expect(send(undefined)).toBe(false);
          pass(seconds * 1000 + 999);
          expect(window.waitMs()).toBe(1);
          pass(1);
          expect(window.waitMs()).toBe(0);
          expect(send(undefined)).toBe(true);
        },
      ),
    );
  });

  it('has nobody wait for less than a second, nor for longer than five minutes, whatever its headers say', () => {
    const past = bucket();
    past.send(answer({ remaining: 0, reset: -1 }));
    expect(past.window.waitMs()).toBe(1000);
    for (const reset of [-100, 301, 90_000]) {
      const wrong = bucket();
      wrong.send(answer({ remaining: 0, reset }));
      expect(wrong.window.waitMs()).toBe(60_000);
    }
    const far = bucket();
    far.send(answer({ remaining: 0, reset: 300 }));
    expect(far.window.waitMs()).toBe(LONGEST_WAIT_MS + 1000);
  });

  it('whose answer has no date is measured by the local clock', () => {
    for (const date of ['', 'yesterday']) {
      const { window, send } = bucket(1, (EPOCH + 20) * 1000);
      send(answer({ remaining: 0, reset: 60, date }));
      expect(window.waitMs()).toBe(41_000);
    }
  });

  it('waits no longer than it was first told to when the local clock is set back', () => {
    const { window, send, pass } = bucket();
    send(answer({ remaining: 0 }));
    pass(-3_600_000);
    expect(window.waitMs()).toBe(61_000);
  });

  it('is not opened by a local clock that is set forward where there is one that nobody sets', () => {
    let elapsed = 5;
    let now = EPOCH * 1000;
    const window = new RateWindow(
      { now: () => now, elapsed: () => elapsed, sleep: async () => undefined },
      { share: 1, least: 1 },
    );
    window.start();
    window.done(answer({ remaining: 0 }));
    now += 3_600_000;
    expect(window.waitMs()).toBe(61_000);
    elapsed += 60_500.5;
    expect(window.waitMs()).toBe(500);
  });

  it.each([
    ['limit', 'many'],
    ['limit', ''],
    ['limit', '-5'],
    ['limit', '0'],
    ['limit', undefined],
    ['remaining', '1.5'],
    ['remaining', '0x0'],
    ['remaining', undefined],
  ])('learns nothing from an answer whose %s is %s', (name, value) => {
    const { window, send } = bucket();
    send(answer({ remaining: 0 }, { [`x-rate-limit-${name}`]: value }));
    expect(window.waitMs()).toBe(0);
    // Nor does it spoil what the next one says.
    send(answer({ remaining: 0 }));
    expect(window.waitMs()).toBe(61_000);
  });

  it.each(['1234567890123', 'x1800000060', '1800000060x', undefined])(
    'lasts a minute where its reset is %s',
    (reset) => {
      const { window, send } = bucket();
      send(answer({ remaining: 0 }, { 'x-rate-limit-reset': reset }));
      expect(window.waitMs()).toBe(60_000);
    },
  );

  it('is closed for as long as a 429 asks, with or without a limit', () => {
    const asks = { 'retry-after': '90' };
    const told = bucket();
    told.send(answer({ status: 429, reset: 20 }, asks));
    expect(told.window.waitMs()).toBe(90_000);
    const untold = bucket();
    untold.send(answer({ status: 429 }, { ...asks, 'x-rate-limit-limit': undefined }));
    expect(untold.window.waitMs()).toBe(90_000);
    const concurrency = bucket();
    concurrency.send(answer({ status: 429, limit: 0 }, asks));
    expect(concurrency.window.waitMs()).toBe(0);
  });

  it('is known again at the next answer after one of a node whose reset is minutes ahead', () => {
    const { window, send, pass, sendable } = bucket();
    send(answer({ limit: 10, remaining: 8, reset: 290 }));
    pass(10_000);
    send(answer({ limit: 10, remaining: 3, reset: 60, date: 10 }));
    expect(sendable()).toBe(3);
    send(answer({ limit: 10, remaining: 0, reset: 60, date: 10 }));
    expect(window.waitMs()).toBe(51_000);
  });

  it('is not taken for a new one because an answer was slow', () => {
    const { window, pass } = bucket();
    window.start();
    const slow = window.sent;
    window.start();
    window.done(answer({ limit: 10, remaining: 1 }));
    pass(30_000);
    window.done(answer({ limit: 10, remaining: 9 }), slow);
    expect([window.start(), window.start()]).toEqual([false, false]);
  });

  it('that no answer has told of yet is no larger than the one before', () => {
    const { window, send, pass } = bucket(0.5);
    expect(window.isUnknown()).toBe(false);
    send(answer({ limit: 4, remaining: 0 }));
    expect(window.isUnknown()).toBe(false);
    pass(61_000);
    expect([window.start(), window.isUnknown(), window.start(), window.isUnknown()]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect([window.start(), window.waitMs()]).toEqual([false, 0]);
    window.done(answer({ limit: 4, remaining: 3, reset: 120, date: 61 }));
    expect([window.isUnknown(), window.waitMs()]).toEqual([false, 60_000]);
  });

  it('of which nothing is heard is asked one at a time, and stops nobody', async () => {
    const { window, send, pass } = bucket();
    send(answer({ limit: 1, remaining: 0 }));
    pass(61_000);
    for (let n = 0; n < 3; n++) {
      expect([window.start(), window.start()]).toEqual([true, false]);
      const heard = window.answered();
      window.done(undefined);
      await heard;
    }
  });

  it('allows what is left, and no more', () => {
    const { send, sendable } = bucket();
    send(answer({ limit: 10, remaining: 4 }));
    expect(sendable()).toBe(4);
  });

  it('counts what is under way as used, for the answer may not have', () => {
    const { window } = bucket();
    for (let n = 0; n < 4; n++) window.start();
    // Three more are under way, of which this answer knows nothing.
    window.done(answer({ limit: 10, remaining: 5 }));
    expect([window.start(), window.start(), window.start()]).toEqual([true, true, false]);
  });

  it('only falls within a window, in whatever order answers arrive', () => {
    const { window, send, sendable } = bucket();
    send(answer({ limit: 10, remaining: 9 }));
    window.start();
    window.start();
    window.done(answer({ limit: 10, remaining: 2 }));
    window.done(answer({ limit: 10, remaining: 8 }));
    expect(sendable()).toBe(1);
  });

  it('is not changed by an answer of a window before it', () => {
    const { window, send } = bucket();
    window.start();
    const before = window.sent;
    send(answer({ remaining: 50, reset: 120, date: 61 }));
    window.done(answer({ remaining: 0, reset: 60, date: 59 }), before);
    expect(window.waitMs()).toBe(0);
    expect(window.start()).toBe(true);
  });

  it('that is new replaces the one before it', () => {
    const { window, send, pass, sendable } = bucket();
    send(answer({ limit: 10, remaining: 2, reset: 60 }));
    pass(60_000);
    window.start();
    window.done(answer({ limit: 10, remaining: 9, reset: 120, date: 60 }));
    expect(sendable()).toBe(9);
  });

  it('is exhausted after a 429, whatever else it says', () => {
    const { window, send } = bucket();
    send(answer({ status: 429, remaining: 7 }));
    expect(window.waitMs()).toBe(61_000);
  });

  it('once over is open until an answer tells of the next, and that one counts what was under way', () => {
    const { window, pass } = bucket();
    for (let n = 0; n < 3; n++) window.start();
    window.done(answer({ limit: 5, remaining: 2 }));
    expect(window.waitMs()).toBe(61_000);
    pass(61_000);
    expect(window.start()).toBe(true);
    window.done(answer({ limit: 5, remaining: 4, reset: 120, date: 61 }));
    expect([window.start(), window.start(), window.start()]).toEqual([true, true, false]);
  });

  it('leaves others their share, and is never without one request of our own', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (limit, share) => {
          const { send, sendable, pass } = bucket(share);
          const ours = Math.max(1, Math.floor(limit * share));
          send(answer({ limit, remaining: limit - 1 }));
          // The request that told of the limit was one of them.
          expect(sendable()).toBe(ours - 1);
          pass(61_000);
          send(answer({ limit, remaining: limit - 1, reset: 120, date: 61 }));
          expect(sendable()).toBe(ours - 1);
        },
      ),
    );
  });

  it('counts what others were under way when it began as ours', () => {
    const { window } = bucket(0.5);
    for (let n = 0; n < 3; n++) window.start();
    window.done(answer({ limit: 8, remaining: 7 }));
    // Half of eight are ours: one was answered, two are under way.
    expect([window.start(), window.start()]).toEqual([true, false]);
  });

  it('is opened by who slept through its wait, although the clock was set back meanwhile', () => {
    const { window, send } = bucket();
    send(answer({ remaining: 0 }));
    const { generation } = window;
    window.slept(generation);
    expect(window.waitMs()).toBe(0);
  });

  it('is not opened by who slept through the wait of another', () => {
    const { window, send, pass } = bucket();
    send(answer({ remaining: 0 }));
    const { generation } = window;
    pass(61_000);
    send(answer({ remaining: 0, reset: 180, date: 62 }));
    window.slept(generation);
    expect(window.waitMs()).toBe(119_000);
    // Nor twice by those who waited together: what the first of them used is used.
    const second = window.generation;
    window.slept(second);
    const open = window.generation;
    expect(open).not.toBe(second);
    send(answer({ remaining: 0, reset: 240, date: 182 }));
    window.slept(open);
    expect(window.waitMs()).toBe(59_000);
  });

  it('is never sent into once it is exhausted, and is waited for a minute at most, whichever node answers', () => {
    const node = fc.oneof(
      fc.constant({ date: 0, reset: 0 }),
      // The clock of the node is wrong by minutes or hours.
      fc.integer({ min: -7200, max: 7200 }).map((ahead) => ({ date: ahead, reset: ahead })),
      // Only its `Date`, or only its reset, is wrong by hours.
      fc.integer({ min: 600, max: 7200 }).map((ahead) => ({ date: ahead, reset: 0 })),
      fc.integer({ min: 600, max: 7200 }).map((ahead) => ({ date: 0, reset: ahead })),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(node, fc.integer({ min: 0, max: 30_000 })), { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 10 }),
        (requests, limits) => {
          const { window, send, pass } = bucket();
          const server = { ms: 0, window: -1, used: 0 };
          const later = (ms: number) => {
            pass(ms);
            server.ms += ms;
          };
          for (const [{ date, reset }, pauseMs] of requests) {
            later(pauseMs);
            const waitMs = window.waitMs();
            expect(waitMs).toBeLessThanOrEqual(62_000);
            later(waitMs);
            const current = Math.floor(server.ms / 60_000);
            if (current !== server.window) Object.assign(server, { window: current, used: 0 });
            const limit = limits[current % limits.length] as number;
            expect(server.used).toBeLessThan(limit);
            server.used++;
            const told = { limit, remaining: limit - server.used };
            const now = Math.floor(server.ms / 1000);
            expect(send(answer({ ...told, date: now + date, reset: (current + 1) * 60 + reset }))).toBe(true);
          }
        },
      ),
    );
  });
});
