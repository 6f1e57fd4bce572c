import { describe, expect, it } from 'vitest';
import { sync } from '../src/sync.js';
import { memoryState } from '../src/state/memory.js';
import { clientOf, company, expectConverged, makeOrg } from './support/world.js';
import { inVirtualTime } from './support/virtual-time.js';

describe('sync', () => {
  it('a first load, a day without changes, and a day with some converge', async () => {
    await inVirtualTime(async (clock) => {
      const org = makeOrg({ clock });
      const okta = clientOf(org);
      const state = memoryState();
      const day1 = company(300);
      const first = await sync({ okta, state, ...day1, clock });
      expectConverged(org, day1);
      expect(first.remaining).toBe(0);
      const before = org.requests.length;
      const idle = await sync({ okta, state, ...day1, clock });
      expect(idle.requests).toBe(0);
      expect(org.requests.length).toBe(before);
      const day2 = {
        users: day1.users.slice(5),
        groups: day1.groups.slice(1),
        memberships: day1.memberships.filter(
          (m) => m.groupExternalId !== 'g0' && !['u0', 'u1', 'u2', 'u3', 'u4'].includes(m.memberExternalId),
        ),
      };
      await sync({ okta, state, ...day2, clock });
      expectConverged(org, day2);
    });
  });
});
