import { expect, it } from 'vitest';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync } from '../../src/sync/sync.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, makeOrg } from '../support/world.js';

it('a process that syncs twice with one client counts the time between its runs as part of the wait', async () => {
  await inVirtualTime(async (clock) => {
    const org = makeOrg({ clock, cooldownMs: 60_000, cooldownApplies: 'always', importMs: 1000 });
    const okta = clientOf(org);
    const state = memoryState();
    // Memberships come in a second session, so the rule is learned.
    await sync({ okta, state, ...company(20), clock });
    await clock.sleep(200_000);
    const beganAt = clock.now();
    const report = await sync({ okta, state, users: company(21).users, clock });
    expect(report.confirmed.users.creates).toBe(1);
    expect(clock.now() - beganAt).toBeLessThan(10_000);
  });
});
