import { describe, expect, it } from 'vitest';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync } from '../../src/sync/sync.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, held, makeOrg, wanted } from '../support/world.js';

describe('a large plan', () => {
  it('12,000 users of mixed sizes take the fewest sessions', async () => {
    await inVirtualTime(async (clock) => {
      const org = makeOrg({ clock });
      let seed = 7;
      const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
      const users = Array.from({ length: 12_000 }, (_, i) => ({
        externalId: `u${i}`,
        profile: {
          userName: `u${i}@example.com`,
          email: `u${i}@example.com`,
          homeAddress: 'x'.repeat(Math.min(4096, Math.round(200 * 25 ** random()))),
        },
      }));
      const bytes = users.reduce((sum, u) => sum + JSON.stringify(u).length + 1, 0);
      const bound = Math.max(Math.ceil(users.length / 200), Math.ceil(bytes / 200_000));
      const report = await sync({ okta: clientOf(org), state: memoryState(), users, clock });
      console.log(
        `12,000 users: ${report.requests} requests (bound ${bound}), ${report.sessions} sessions (bound ${Math.ceil(bound / 50)})`,
      );
      expect(report.requests).toBeLessThanOrEqual(Math.ceil(bound * 1.005));
      expect(report.sessions).toBe(Math.ceil(bound / 50));
      expect(held(org)).toEqual(wanted({ users, groups: [], memberships: [] }));
    });
  });
});
