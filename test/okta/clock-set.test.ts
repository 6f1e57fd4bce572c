import { describe, expect, it } from 'vitest';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, makeOrg } from '../support/world.js';

/** The service's time, which goes on evenly whatever the machine's clock is set to. */
function serverClock() {
  let set = 0;
  return {
    clock: {
      now: () => Date.now() - set,
      sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)),
    },
    moved: (ms: number) => (set += ms),
  };
}

describe('a clock that is set while a client is at work', () => {
  it('back by a day holds no request up', async () => {
    await inVirtualTime(async (_, setTime) => {
      const server = serverClock();
      const org = makeOrg({ clock: server.clock });
      const okta = clientOf(org);
      await okta.listSessions();
      const day = 24 * 60 * 60_000;
      setTime(-day);
      server.moved(-day);
      const before = org.now;
      await okta.listSessions();
      expect(org.now - before).toBeLessThan(1000);
      await okta.close();
    });
  });

  it('forward sends nothing into a window that is still closed', async () => {
    await inVirtualTime(async (_, setTime) => {
      const server = serverClock();
      let requests = 0;
      const org = makeOrg({
        clock: server.clock,
        fault: () => (++requests === 1 ? { kind: 'rateLimit' } : undefined),
      });
      const okta = clientOf(org);
      const first = okta.listSessions();
      const second = new Promise((done) => setTimeout(done, 5000)).then(() => {
        setTime(3_600_000);
        server.moved(3_600_000);
        // This call comes while the window is closed, and sees a clock by which it is long open.
        return okta.createSession();
      });
      await Promise.all([first, second]);
      expect(org.violations).toEqual([]);
      await okta.close();
    });
  });
});
