import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/okta/client.js';
import type { ClientWait, Transport } from '../../src/okta/wire.js';
import { runs } from '../support/runs.js';
import { inVirtualTime } from '../support/virtual-time.js';

/** An org with windows of its own time; the client's clock is off by `skewMs`. */
function org(limit: number, skewMs: number, share: number, othersPerRequest = 0) {
  const start = 1_000_000_000_000;
  let elapsed = 0;
  let told: { reset: number; remaining: number } | undefined;
  let used = 0;
  let window = -1;
  const early: number[] = [];
  const perWindow: number[] = [];
  const waits: ClientWait[] = [];
  const transport: Transport = async () => {
    const now = start + elapsed;
    const current = Math.floor(now / 60_000);
    if (told !== undefined && told.remaining === 0 && now < told.reset * 1000) early.push(now);
    if (current !== window) {
      window = current;
      used = 0;
      perWindow.push(0);
    }
    perWindow[perWindow.length - 1]! += 1;
    const allowed = used < limit;
    used = Math.min(limit, used + 1 + othersPerRequest);
    const reset = (current + 1) * 60;
    told = { reset, remaining: limit - used };
    return {
      status: allowed ? 200 : 429,
      headers: {
        date: new Date(now).toUTCString(),
        'x-rate-limit-limit': String(limit),
        'x-rate-limit-remaining': String(told.remaining),
        'x-rate-limit-reset': String(reset),
      },
      body: '[]',
    };
  };
  const client = createClient({
    orgUrl: 'https://example.okta.com',
    identitySourceId: 'ids1',
    auth: { token: 't' },
    transport,
    rateLimitShare: share,
    random: () => 0.5,
    clock: {
      now: () => start + elapsed + skewMs,
      sleep: async (ms) => {
        elapsed += ms;
      },
    },
    onWait: (wait) => waits.push(wait),
  });
  return { client, early, perWindow, waits };
}

describe('polls', () => {
  it('wait for the next window, while other calls are sent before them, even one call at a time', async () => {
    await inVirtualTime(async (clock) => {
      const sent: string[] = [];
      const began = clock.now();
      const client = createClient({
        orgUrl: 'https://example.okta.com',
        identitySourceId: 'ids1',
        auth: { token: 't' },
        rateLimitShare: 1,
        concurrency: 1,
        transport: async ({ url, method }) => {
          sent.push(url.endsWith('/sessions') ? method : 'poll');
          const used = sent.length;
          const body = method === 'GET' && url.endsWith('/sessions') ? '[]' : '{"id":"s","status":"CREATED"}';
          return {
            status: 200,
            headers: {
              date: new Date(clock.now()).toUTCString(),
              'x-rate-limit-limit': '5',
              'x-rate-limit-remaining': String(Math.max(0, 5 - used)),
              'x-rate-limit-reset': String(Math.ceil((began + 60_000) / 1000)),
            },
            body,
          };
        },
      });
      await client.listSessions();
      expect(client.pollsPerWindow?.()).toBe(1);
      const poll = client.getSession('s', { urgency: 'poll' });
      await client.listSessions();
      await client.createSession();
      expect(sent).toEqual(['GET', 'GET', 'POST']);
      await poll;
      expect(clock.now() - began).toBeGreaterThanOrEqual(60_000);
    });
  });
});

describe('rate limits', () => {
  it('nothing is sent into a window that Okta said is exhausted, whatever the clocks say', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: -86_400_000, max: 86_400_000 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 12 }),
        async (limit, skewMs, others, calls) => {
          const { client, early } = org(limit, skewMs, 1, others);
          await Promise.all(Array.from({ length: calls }, () => client.listSessions()));
          expect(early).toEqual([]);
        },
      ),
      { numRuns: runs(40) },
    );
  });

  it('others are left their share of every window after the first, however many calls wait', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 30 }),
        (limit, share, calls) =>
          inVirtualTime(async (clock) => {
            const perWindow = new Map<number, number>();
            const transport: Transport = async () => {
              const window = Math.floor(clock.now() / 60_000);
              const used = (perWindow.get(window) ?? 0) + 1;
              perWindow.set(window, used);
              // What may be sent at once is sent before any of it is answered.
              await clock.sleep(200);
              const headers = {
                date: new Date(clock.now()).toUTCString(),
                'x-rate-limit-limit': String(limit),
                'x-rate-limit-remaining': String(Math.max(0, limit - used)),
                'x-rate-limit-reset': String((window + 1) * 60),
              };
              return { status: used > limit ? 429 : 200, headers, body: '[]' };
            };
            const client = createClient({
              orgUrl: 'https://example.okta.com',
              identitySourceId: 'ids1',
              auth: { token: 't' },
              transport,
              rateLimitShare: share,
              clock,
            });
            // One call tells of the limit; what came before it could not be known.
            await client.listSessions();
            await Promise.all(Array.from({ length: calls }, () => client.listSessions()));
            expect(Math.max(...perWindow.values())).toBeLessThanOrEqual(
              Math.max(1, Math.floor(limit * share)),
            );
            await client.close();
          }),
      ),
      { numRuns: runs(40) },
    );
  });

  it('others are left their share of every window', async () => {
    const { client, perWindow, waits } = org(6, 0, 0.5);
    for (let n = 0; n < 9; n += 1) await client.listSessions();
    expect(Math.max(...perWindow)).toBe(3);
    expect(waits[0]).toMatchObject({ reason: 'rate-limit', operation: 'listIdentitySourceSessions' });
  });
});
