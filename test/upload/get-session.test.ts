import { describe, expect, it } from 'vitest';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync } from '../../src/sync/sync.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, expectConverged, makeOrg, SOURCE } from '../support/world.js';

describe('a session that is denied', () => {
  it.each([1, 2])('%i times in a row, and is there, is not given up', async (times) => {
    await inVirtualTime(async (clock) => {
      // The load is lost, so the session is cancelled; the cancel is denied, and the look at what became of it.
      let denied = 0;
      const org = makeOrg({
        clock,
        fault: ({ method, path }) => {
          if (path.endsWith('/bulk-upsert') && org.requests.every(({ fault }) => fault === undefined))
            return { kind: 'resetAfter' };
          if (method === 'DELETE' && denied === 0) return { kind: 'notFound' };
          if (method === 'GET' && path.includes('/sessions/') && denied < times) {
            denied++;
            return { kind: 'notFound' };
          }
          return undefined;
        },
      });
      const okta = clientOf(org);
      const source = company(20);
      const report = await sync({ okta, state: memoryState(), ...source, clock });
      expect(report.remaining).toBe(0);
      expect(denied).toBe(times);
      expectConverged(org, source);
      expect(org.sessions(SOURCE)[0]?.status).toBe('CLOSED');
      await okta.close();
    });
  });

  it('while it is loaded, and is there, has no record refused', async () => {
    await inVirtualTime(async (clock) => {
      let denied = false;
      const org = makeOrg({
        clock,
        fault: ({ path }) => {
          if (denied || !path.endsWith('/bulk-upsert')) return undefined;
          denied = true;
          return { kind: 'notFound' };
        },
      });
      const okta = clientOf(org);
      const source = company(1);
      const report = await sync({ okta, state: memoryState(), ...source, clock });
      expect(denied).toBe(true);
      expect(report.refused).toEqual([]);
      expectConverged(org, source);
      await okta.close();
    });
  });
});
