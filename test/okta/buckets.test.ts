import { expect, it } from 'vitest';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, makeOrg } from '../support/world.js';

it('reading what Okta holds waits for its own rate limit, and no session waits for it', async () => {
  await inVirtualTime(async (clock) => {
    const windowMs = 60_000;
    const rateLimits = { 'app-users': { limit: 4, windowMs }, sessions: { limit: 600, windowMs } };
    const org = makeOrg({ clock, rateLimits });
    const okta = clientOf(org);
    const beganAt = clock.now();
    const pages = (async () => {
      for (let page = 0; page < 5; page++) await okta.listAppUsers();
      return clock.now() - beganAt;
    })();
    for (let n = 0; n < 20; n++) await okta.listSessions();
    expect(clock.now() - beganAt).toBeLessThan(10_000);
    // Half of four requests a minute.
    expect(await pages).toBeGreaterThanOrEqual(2 * windowMs);
    expect(org.violations).toEqual([]);
    expect([...okta.rateLimits()].sort()).toEqual([
      ['app-users', 4],
      ['sessions', 600],
    ]);
  });
});
