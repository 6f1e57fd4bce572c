import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/okta/client.js';
import type { ClientWait, Transport } from '../../src/okta/wire.js';
import { runs } from '../support/runs.js';

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

  it('others are left their share of every window', async () => {
    const { client, perWindow, waits } = org(6, 0, 0.5);
    for (let n = 0; n < 9; n += 1) await client.listSessions();
    expect(Math.max(...perWindow)).toBe(3);
    expect(waits[0]).toMatchObject({ reason: 'rate-limit', operation: 'listIdentitySourceSessions' });
  });
});
