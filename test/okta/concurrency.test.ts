import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { createClient } from '../../src/okta/client.js';
import { isConcurrencyLimit } from '../../src/okta/rate-limit/rate-limit.js';
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
function heldOrg(clock: Clock, concurrency = 4) {
  const waiting: ((response: WireResponse) => void)[] = [];
  const transport: Transport = () => new Promise((resolve) => waiting.push(resolve));
  const client = createClient({
    orgUrl: 'https://example.okta.com',
    identitySourceId: 'ids1',
    auth: { token: 't' },
    transport,
    random: () => 0,
    concurrency,
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

  it('comes back after ten answers without a fault for each that may run, and never above its bound', () =>
    inVirtualTime(async (clock) => {
      const { client, settle, underWay, answer } = heldOrg(clock, 2);
      const calls = Array.from({ length: 80 }, () => client.listSessions());
      await settle();
      await answer(tooMany);
      await answer(fine);
      expect(underWay()).toBe(1);
      for (let i = 0; i < 8; i++) await answer(fine);
      expect(underWay()).toBe(1);
      await answer(fine);
      expect(underWay()).toBe(2);
      for (let i = 0; i < 60; i++) {
        await answer(fine);
        expect(underWay()).toBe(2);
      }
      while (underWay() > 0) await answer(fine);
      await Promise.all(calls);
      await client.close();
    }));

  it('is never above its bound over all kinds of calls together', () =>
    inVirtualTime(async (clock) => {
      const { client, settle, underWay, answer } = heldOrg(clock, 2);
      const calls = Array.from({ length: 60 }, (_, i) =>
        i % 2 === 0 ? client.listSessions() : client.deleteGroups('s', ['g']),
      );
      await settle();
      while (underWay() > 0) {
        expect(underWay()).toBeLessThanOrEqual(2);
        await answer(fine);
      }
      await Promise.all(calls);
      await client.close();
    }));

  it.each([
    ['both are 0', 429, '0', '0', true],
    ['there is a limit: it is the rate', 429, '60', '0', false],
    ['something remains', 429, '0', '1', false],
    ['neither is told', 429, undefined, undefined, false],
    ['it is no refusal', 200, '0', '0', false],
  ])('is the reason of an answer: %s', (_, status, limit, remaining, expected) => {
    const headers = { 'x-rate-limit-limit': limit, 'x-rate-limit-remaining': remaining };
    expect(isConcurrencyLimit({ status, headers, body: '' })).toBe(expected);
  });
});
