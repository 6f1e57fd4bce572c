import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import { RecordError } from '../../src/core/errors.js';
import type { OrgOptions } from '../../src/simulator/index.js';
import { MemoryDisk } from '../../src/state/memory/memory-disk.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync, type SyncOptions } from '../../src/sync/sync.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, held, makeOrg, SOURCE, type SourceDirectory } from '../support/world.js';

const user = (id: string) => ({
  externalId: id,
  profile: { userName: id.slice(0, 50), email: 'somebody@example.com' },
});
const group = (id: string) => ({ externalId: id, profile: { displayName: id } });
const member = (id: string) => ({ groupExternalId: 'g', memberExternalId: id });

function world(clock: Clock, options: Omit<OrgOptions, 'clock'>) {
  const org = makeOrg({ clock, ...options });
  const okta = clientOf(org);
  const disk = new MemoryDisk();
  const run = (source: Partial<SourceDirectory>, more: Partial<SyncOptions> = {}) =>
    sync({ okta, state: memoryState({ disk }), ...source, clock, ...more });
  return { org, run };
}

const unexpected = (org: ReturnType<typeof makeOrg>) =>
  org.violations.filter(({ rule }) => rule !== 'invalid-value');

describe('what Okta refuses', () => {
  it('of the memberships does not let others go before the users that they name', async () => {
    await inVirtualTime(async (clock) => {
      // Two requests of memberships that need not wait, one of them with a member that Okta refuses.
      const old = Array.from({ length: 1200 }, (_, i) => `${i}-`.padEnd(250, 'x'));
      let triggers = 0;
      const { org, run } = world(clock, {
        importMs: 1_200_000,
        refuseItem: ({ entity, memberExternalId }) => entity === 'memberships' && memberExternalId === old[3],
        // The session that creates the newcomer takes long, and fails.
        fault: ({ path }) =>
          path.endsWith('/start-import') && ++triggers === 2
            ? { kind: 'sessionError', applied: 0 }
            : undefined,
      });
      await run({ users: old.map(user), groups: [group('g')] });
      const report = await run({
        users: [...old, 'newcomer'].map(user),
        groups: [group('g')],
        memberships: [...old, 'newcomer'].map(member),
      });
      expect(report.refused).toHaveLength(1);
      expect(unexpected(org)).toEqual([]);
      expect(held(org).memberships).toContain('g/newcomer');
      expect(held(org).memberships).toHaveLength(1200);
    });
  });

  it('of the users takes their memberships along, also in a mixed session', async () => {
    await inVirtualTime(async (clock) => {
      let refusing = true;
      const { org, run } = world(clock, {
        // A mixed session counts on its order.
        shuffle: false,
        refuseItem: ({ entity, externalId }) => refusing && entity === 'users' && externalId === 'b',
      });
      const source = {
        users: ['a', 'b'].map(user),
        groups: [group('g')],
        memberships: ['a', 'b'].map(member),
      };
      const report = await run(source, { mixed: true });
      expect(report.refused.map(({ externalId, code }) => [externalId, code])).toEqual([
        ['b', 'E0000001'],
        ['g/b', 'REFERENCE_REFUSED'],
      ]);
      expect(report.remaining).toBe(0);
      expect(unexpected(org)).toEqual([]);
      refusing = false;
      expect((await run(source, { mixed: true })).refused).toEqual([]);
      expect(held(org).memberships).toEqual(['g/a', 'g/b']);
    });
  });

  it('day after day does not stop the others, nor the removal of those who left', async () => {
    await inVirtualTime(async (clock) => {
      const refused = new Set(Array.from({ length: 25 }, (_, i) => `u${i * 3}`));
      const { org, run } = world(clock, {
        refuseItem: ({ entity, externalId }) => entity === 'users' && refused.has(externalId),
      });
      const { users } = company(1000);
      expect((await run({ users })).refused).toHaveLength(25);
      const report = await run({ users: users.slice(0, -2) });
      expect(report.refused).toHaveLength(25);
      expect(report.confirmed.users).toEqual({ creates: 0, updates: 0, deletes: 2 });
      expect(Object.keys(held(org).users)).toHaveLength(973);
    });
  });

  it('from the very first stops the run at once', async () => {
    await inVirtualTime(async (clock) => {
      const { org, run } = world(clock, { refuseItem: ({ entity }) => entity === 'users' });
      const error: unknown = await run({ users: company(1000).users }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(RecordError);
      expect((error as RecordError).report).toMatchObject({ remaining: 960 });
      expect(org.sessions(SOURCE).every(({ status }) => status === 'CLOSED')).toBe(true);
    });
  });

  it('of a twentieth of the directory stops the run', async () => {
    await inVirtualTime(async (clock) => {
      let from = Infinity;
      const { run } = world(clock, {
        refuseItem: ({ entity, externalId }) => entity === 'users' && Number(externalId.slice(1)) >= from,
      });
      await run({ users: company(1000).users });
      from = 900;
      const users = company(1000).users.map((one, i) =>
        i < 600 ? one : { ...one, profile: { ...one.profile, title: 'changed' } },
      );
      const error: unknown = await run({ users }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(RecordError);
      expect((error as RecordError).report?.refused).toHaveLength(51);
    });
  });
});
