import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { createClient } from '../../src/okta/client.js';
import type { Transport, WireResponse } from '../../src/okta/wire.js';

const tooMany: WireResponse = {
  status: 429,
  headers: {
    'x-rate-limit-limit': '0',
    'x-rate-limit-remaining': '0',
    'x-rate-limit-reset': '1000000000',
  },
  body: '{"errorCode":"E0000047","errorSummary":"limit"}',
};
const fine: WireResponse = { status: 200, headers: {}, body: '[]' };

/** An org that answers when it is told to, and counts what is under way. */
function heldOrg(clock: Clock) {
  const waiting: ((response: WireResponse) => void)[] = [];
  const transport: Transport = () => new Promise((resolve) => waiting.push(resolve));
  const client = createClient({
    orgUrl: 'https://example.okta.com',
    identitySourceId: 'ids1',
    auth: { token: 't' },
    transport,
    random: () => 0,
    concurrency: 4,
    clock,
  });
  /** Lets everything run that can: back-offs here are of 50 ms. */
  const settle = () => clock.sleep(200);
  return {
    client,
    settle,
    underWay: () => waiting.length,
    answer: async (response: WireResponse) => {
      waiting.shift()?.(response);
      await settle();
    },
  };
}

describe('concurrency', () => {
  it('is never above its bound, is halved by a 429 of its own kind, and comes back one at a time', () =>
    inVirtualTime(async (clock) => {
      const { client, settle, underWay, answer } = heldOrg(clock);
      const calls = Array.from({ length: 120 }, () => client.listSessions());
      await settle();
      expect(underWay()).toBe(4);
      await answer(tooMany);
      // Three are still under way; only two may be from now on.
      await answer(fine);
      expect(underWay()).toBe(2);
      for (let i = 0; i < 19; i++) await answer(fine);
      expect(underWay()).toBeLessThanOrEqual(3);
      for (let i = 0; i < 60; i++) {
        await answer(fine);
        expect(underWay()).toBeLessThanOrEqual(4);
      }
      expect(underWay()).toBe(4);
      while (underWay() > 0) await answer(fine);
      await Promise.all(calls);
      await client.close();
    }));

  it('goes down to one and not to none', () =>
    inVirtualTime(async (clock) => {
      const { client, settle, underWay, answer } = heldOrg(clock);
      const calls = Array.from({ length: 12 }, () => client.listSessions());
      await settle();
      for (let i = 0; i < 6; i++) await answer(tooMany);
      expect(underWay()).toBe(1);
      while (underWay() > 0) await answer(fine);
      await Promise.all(calls);
      await client.close();
    }));
});
