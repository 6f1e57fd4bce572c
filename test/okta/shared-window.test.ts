import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/okta/client.js';
import type { Transport } from '../../src/okta/wire.js';
import { directTransport, makeOrg, ORG_URL, SOURCE } from '../support/world.js';
import { inVirtualTime } from '../support/virtual-time.js';

const CLIENTS = [0, 1, 2];
const CALLS = 80;

describe('clients of one org that do not know each other', () => {
  it.each([1, 4])(
    'send into a window that another one has used up what they have under way until they hear of it: %s at a time',
    async (atOnce) => {
      const refused = await inVirtualTime(async (clock) => {
        const org = makeOrg({ latencyMs: 50, rateLimits: { sessions: { limit: 15, windowMs: 60_000 } } });
        const direct = directTransport(org, (ms) => clock.sleep(ms));
        /** The requests that were refused, by client and window. */
        const refused = new Map<string, number>();
        const transportOf =
          (client: number): Transport =>
          async (request) => {
            const response = await direct(request);
            const window = `${client} ${response.headers['x-rate-limit-reset']}`;
            if (response.status === 429) refused.set(window, (refused.get(window) ?? 0) + 1);
            return response;
          };
        const callAll = async (number: number) => {
          const client = createClient({
            orgUrl: ORG_URL,
            identitySourceId: SOURCE,
            auth: { token: org.token },
            transport: transportOf(number),
            concurrency: atOnce,
            clock,
          });
          let left = CALLS;
          const callOneByOne = async () => {
            while (left-- > 0) await client.listSessions();
          };
          await Promise.all(Array.from({ length: atOnce }, callOneByOne));
          await client.close();
        };
        await Promise.all(CLIENTS.map(callAll));
        return refused;
      });
      // In each window at least one of the three finds it used up.
      expect(refused.size).toBeGreaterThan(10);
      const most = Math.max(...refused.values());
      expect(most).toBeLessThanOrEqual(atOnce);
      expect(most > 1).toBe(atOnce > 1);
    },
  );
});
