import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RollcallError } from '../../src/core/errors.js';
import { MemoryDisk } from '../../src/state/memory/memory-disk.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync, type SyncOptions } from '../../src/sync/sync.js';
import { anyDay } from '../support/days.js';
import { runs } from '../support/runs.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, expectConverged, makeOrg, type SourceDirectory } from '../support/world.js';

/** Random days may remove everybody: what is tested here is not the guard. */
const permissive: SyncOptions['guard'] = {
  maxDeletePercent: 100,
  maxUpdatePercent: 100,
  allowEmpty: true,
  maxRejectPercent: 100,
};

const FAULTS = {
  refuse: 0.02,
  resetBefore: 0.02,
  resetAfter: 0.03,
  rateLimit: 0.01,
  concurrencyLimit: 0.01,
  unavailable: 0.01,
  errorBefore: 0.02,
  errorAfter: 0.03,
  truncated: 0.02,
  html: 0.02,
  slow: 0.01,
  sessionError: 0.1,
};

/** A record with which every session failed, although the faults were to blame, is tried again after a day. */
const REFUSALS_KEPT_MS = 86_400_000;

/** With the seed beside it, sessions fail until a membership counts as refused, and the process dies after that is remembered. */
const REFUSED_WHILE_DYING: SourceDirectory = {
  users: ['u3', 'u11'].map((externalId) => ({
    externalId,
    profile: {
      userName: `${externalId}@example.com`,
      email: `${externalId}@example.com`,
      firstName: 'Ann',
      title: null,
    },
  })),
  groups: [{ externalId: 'g1', profile: { displayName: 'A', description: null } }],
  memberships: ['u3', 'u11'].map((memberExternalId) => ({ groupExternalId: 'g1', memberExternalId })),
};

describe('convergence', () => {
  it('after each of some random days Okta holds exactly the source, and no rule was broken', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyDay, { minLength: 1, maxLength: 4 }), fc.integer(), async (days, seed) => {
        await inVirtualTime(async (clock) => {
          const org = makeOrg({ clock, seed });
          const okta = clientOf(org);
          const state = memoryState();
          for (const day of days) {
            const report = await sync({ okta, state, ...day, clock, guard: permissive });
            expect(report.remaining).toBe(0);
            expectConverged(org, day);
            const again = await sync({ okta, state, ...day, clock, guard: permissive });
            expect(again.requests).toBe(0);
          }
          await okta.close();
        });
      }),
      { numRuns: runs(60) },
    );
  });

  it('whatever goes wrong with requests and sessions, two runs after the faults stop Okta holds exactly the source', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyDay, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1 }),
        async (days, seed) => {
          await inVirtualTime(async (clock) => {
            const org = makeOrg({ clock, seed, faults: { seed, rates: FAULTS } });
            const okta = clientOf(org);
            const state = memoryState();
            const attempt = (day: (typeof days)[number]) =>
              sync({ okta, state, ...day, clock, guard: permissive });
            for (const day of days) {
              await attempt(day).catch((error: unknown) => {
                if (!(error instanceof RollcallError)) throw error;
              });
            }
            org.stopFaults();
            await clock.sleep(REFUSALS_KEPT_MS);
            const last = days.at(-1) as (typeof days)[number];
            await attempt(last).catch((error: unknown) => {
              if (!(error instanceof RollcallError)) throw error;
            });
            await attempt(last);
            expectConverged(org, last);
            await okta.close();
          });
        },
      ),
      { numRuns: runs(150) },
    );
  });

  it('a process that dies at any write of its state, with whatever goes wrong besides, loses nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyDay, { minLength: 1, maxLength: 2 }),
        fc.integer({ min: 1 }),
        fc.array(fc.nat(40), { minLength: 1, maxLength: 3 }),
        async (days, seed, deaths) => {
          await inVirtualTime(async (clock) => {
            const org = makeOrg({ clock, seed, faults: { seed, rates: FAULTS } });
            const okta = clientOf(org);
            const disk = new MemoryDisk();
            const attempt = (day: (typeof days)[number]) =>
              sync({ okta, state: memoryState({ disk }), ...day, clock, guard: permissive });
            for (const day of days) {
              for (const death of deaths) {
                let writes = 0;
                // From the fatal write on nothing of the dead process reaches the disk, as nothing would of a killed one.
                disk.onWrite = () => {
                  if (++writes > death) throw new Error('dead');
                };
                await attempt(day).catch((error: unknown) => {
                  if (!(error instanceof RollcallError)) throw error;
                });
                disk.onWrite = undefined;
              }
            }
            org.stopFaults();
            const last = days.at(-1) as (typeof days)[number];
            await attempt(last).catch((error: unknown) => {
              if (!(error instanceof RollcallError)) throw error;
            });
            // What was left in flight is settled at once; the day is for refusals alone.
            await attempt(last);
            await clock.sleep(REFUSALS_KEPT_MS);
            await attempt(last);
            expectConverged(org, last);
            await okta.close();
          });
        },
      ),
      { numRuns: runs(200), examples: [[[REFUSED_WHILE_DYING], 2_147_483_637, [12, 38]]] },
    );
  });
});
