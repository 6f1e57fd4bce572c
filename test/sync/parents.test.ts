import { describe, expect, it } from 'vitest';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import type { SimulatedOrg } from '../../src/simulator/index.js';
import { sync, type SyncOptions } from '../../src/sync/sync.js';
import { deactivate } from '../../src/upload/deactivate.js';
import { verify } from '../../src/verify/verify.js';
import { withState } from '../support/two-ways.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, expectConverged, held, makeOrg, type SourceDirectory } from '../support/world.js';

const source = company(30);
const GROUP = 'g1';
const MEMBERS = source.memberships
  .filter(({ groupExternalId }) => groupExternalId === GROUP)
  .map((one) => `${GROUP}/${one.memberExternalId}`)
  .sort();
/** The members of the group, and the group itself, are gone. */
const without: SourceDirectory = {
  ...source,
  groups: source.groups.filter(({ externalId }) => externalId !== GROUP),
  memberships: source.memberships.filter(({ groupExternalId }) => groupExternalId !== GROUP),
};
const guard = { maxDeletePercent: 100, maxUpdatePercent: 100, allowEmpty: true };

function run(org: SimulatedOrg, state: StateStore, options: Partial<SyncOptions>) {
  return sync({ okta: clientOf(org), state, guard, ...options });
}

const membersHeld = (org: SimulatedOrg) => held(org).memberships.filter((one) => one.startsWith(`${GROUP}/`));

/** Okta holds the company; `leave` runs, and then everything is as it was before. */
async function afterwards(
  leave: (org: SimulatedOrg, state: StateStore) => Promise<void>,
): Promise<{ org: SimulatedOrg; state: StateStore }> {
  const org = makeOrg();
  const state = memoryState();
  await run(org, state, { ...source });
  await leave(org, state);
  await run(org, state, { ...source });
  return { org, state };
}

describe('a group that ends while its memberships are not in the plan, and returns', () => {
  it.each<[string, (org: SimulatedOrg, state: StateStore) => Promise<void>]>([
    [
      'groups synced alone',
      async (org, state) => {
        await run(org, state, { groups: without.groups });
        expect(held(org).groups).not.toHaveProperty(GROUP);
        expect(membersHeld(org)).toEqual([]);
        expect((await state.counts()).memberships.known).toBe(without.memberships.length);
      },
    ],
    [
      'a delta feed',
      async (org, state) => {
        await run(org, state, { groups: [{ externalId: GROUP, deleted: true }], mode: 'delta' });
        expect(held(org).groups).not.toHaveProperty(GROUP);
      },
    ],
  ])('has its members sent: %s', async (_, leave) => {
    await inVirtualTime(async () => {
      const { org } = await afterwards(leave);
      expect(membersHeld(org)).toEqual(MEMBERS);
      expectConverged(org, source);
    });
  });

  it('has its members sent, also where they return in a feed', async () => {
    await inVirtualTime(async () => {
      const org = makeOrg();
      const state = memoryState();
      await run(org, state, { ...source });
      await run(org, state, { groups: [{ externalId: GROUP, deleted: true }], mode: 'delta' });
      await run(org, state, {
        groups: source.groups.filter(({ externalId }) => externalId === GROUP),
        memberships: source.memberships.filter(({ groupExternalId }) => groupExternalId === GROUP),
        mode: 'delta',
      });
      expectConverged(org, source);
    });
  });

  it('has its members sent over a state on disk, with and without screening', async () => {
    for (const screening of [true, false])
      await withState(async (state) => {
        const org = makeOrg();
        const options = { pollIntervalMs: 1, screening };
        await run(org, state, { ...source, ...options });
        await run(org, state, { groups: without.groups, ...options });
        const { sources } = await run(org, state, { ...source, ...options });
        expect(sources.memberships).toMatchObject({ creates: MEMBERS.length });
        expectConverged(org, source);
      });
  });
});

describe('a group of which memberships are held back', () => {
  it('stays with them: one membership row has no id', async () => {
    await inVirtualTime(async () => {
      const { org } = await afterwards(async (org, state) => {
        const memberships = [...without.memberships, { groupExternalId: '', memberExternalId: 'u1' }];
        const { sources, plan } = await run(org, state, { ...without, memberships });
        expect(sources.groups).toMatchObject({ deletes: 0, heldBackDeletes: 1 });
        expect(sources.memberships).toMatchObject({ deletes: 0, heldBackDeletes: MEMBERS.length });
        expect(plan.entities.groups.deletes).toBe(0);
        expectConverged(org, source);
        // Without that row both go.
        await run(org, state, { ...without });
        expectConverged(org, without);
      });
      expectConverged(org, source);
    });
  });

  it('stays with them: memberships wait for more reads than groups', async () => {
    await inVirtualTime(async () => {
      const { org } = await afterwards(async (org, state) => {
        const absence = { memberships: { reads: 2, minAgeMs: 0 } };
        const { sources } = await run(org, state, { ...without, absence });
        expect(sources.groups).toMatchObject({ deletes: 0, heldBackDeletes: 1 });
        expectConverged(org, source);
        await run(org, state, { ...without, absence });
        expectConverged(org, without);
      });
      expectConverged(org, source);
    });
  });

  it('stays with a protected member, and loses the others', async () => {
    await inVirtualTime(async () => {
      const [kept = ''] = MEMBERS;
      const { org } = await afterwards(async (org, state) => {
        const absence = { memberships: { protect: { ids: [kept.slice(GROUP.length + 1)] } } };
        const { sources } = await run(org, state, { ...without, absence });
        expect(sources.groups).toMatchObject({ deletes: 0, heldBackDeletes: 1 });
        expect(membersHeld(org)).toEqual([kept]);
        expect(held(org).groups).toHaveProperty(GROUP);
      });
      expectConverged(org, source);
    });
  });

  it('is deleted where only members out of scope are left in it', async () => {
    await inVirtualTime(async () => {
      const [first = ''] = MEMBERS;
      const excluded = first.slice(GROUP.length + 1);
      const { org } = await afterwards(async (org, state) => {
        const absence = { memberships: { exclude: (id: string) => id === excluded } };
        await run(org, state, { ...without, absence });
        expect(held(org).groups).not.toHaveProperty(GROUP);
      });
      expectConverged(org, source);
    });
  });
});

describe('a user who leaves while the memberships are not in the plan', () => {
  it('gets the memberships of the source again on return, and loses those that are not in it', async () => {
    await inVirtualTime(async () => {
      const org = makeOrg();
      const state = memoryState();
      await run(org, state, { ...source });
      const gone = ['u4', 'u5'];
      await run(org, state, { users: source.users.filter(({ externalId }) => !gone.includes(externalId)) });
      const own = source.memberships.filter(({ memberExternalId }) => gone.includes(memberExternalId));
      expect((await state.counts()).memberships.unknown).toBe(own.length);
      const today = { ...source, memberships: source.memberships.filter((one) => one !== own[0]) };
      await run(org, state, { ...today });
      expectConverged(org, today);
      expect((await state.counts()).memberships.unknown).toBe(0);
    });
  });
});

describe('the memberships of a user or group that Okta lost by other means', () => {
  const { users, groups } = source;
  const losses = (org: SimulatedOrg) =>
    org.edit((edit) => {
      edit.removeUser('u7');
      edit.removeGroup(GROUP);
    });
  /** A user is deactivated and loses the memberships, which this simulated org would keep. */
  const deactivated = async (org: SimulatedOrg, state: StateStore) => {
    const [done] = await deactivate({ okta: clientOf(org), state, ids: ['u7'], send: true });
    org.edit((edit) => {
      for (const { groupExternalId, memberExternalId } of source.memberships)
        if (memberExternalId === 'u7') edit.removeMember(groupExternalId, 'u7');
    });
    return done?.outcome;
  };

  it.each<[string, (org: SimulatedOrg, state: StateStore) => Promise<unknown>]>([
    [
      'resend of ids, in a run without memberships',
      (org, state) => {
        losses(org);
        return run(org, state, { users, groups, resend: ['u7', GROUP] });
      },
    ],
    [
      'resend of all users and groups, in a run without memberships',
      (org, state) => {
        losses(org);
        return run(org, state, { users, groups, resend: ['users', 'groups'] });
      },
    ],
    [
      'resend of an id, of which only a part is sent',
      async (org, state) => {
        org.edit((edit) => edit.removeUser('u7'));
        const { sources } = await run(org, state, { ...source, resend: ['u7'], first: 1 });
        expect(sources.memberships?.unsent).toBeGreaterThan(0);
      },
    ],
    [
      'deactivate',
      async (org, state) => {
        expect(await deactivated(org, state)).toBe('ended');
        await run(org, state, { users });
      },
    ],
    [
      'deactivate, whose answer was lost',
      async (org, state) => {
        org.setFault(({ method, path }) =>
          method === 'DELETE' && path.includes('/users/') ? { kind: 'resetAfter' } : undefined,
        );
        expect(await deactivated(org, state)).toBe('unknown');
        org.setFault(undefined);
        await run(org, state, { users });
      },
    ],
  ])('are sent again: %s', async (_, lose) => {
    await inVirtualTime(async () => {
      const { org } = await afterwards(async (...world) => void (await lose(...world)));
      expectConverged(org, source);
    });
  });

  it('are sent again after a repair of users and groups', async () => {
    const [org, state] = [makeOrg(), memoryState()];
    await inVirtualTime(() => run(org, state, { ...source }));
    losses(org);
    // The sources are compared on disk, which virtual time does not wait for.
    expect(await verify({ okta: clientOf(org), state, users, groups, repair: true })).toMatchObject({
      repaired: 2,
    });
    await inVirtualTime(async () => {
      await run(org, state, { users, groups });
      await run(org, state, { ...source });
    });
    expectConverged(org, source);
  });
});
