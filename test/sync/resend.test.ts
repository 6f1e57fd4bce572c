import { describe, expect, it } from 'vitest';
import type { UserRecord } from '../../src/core/model.js';
import type { PlannedChange } from '../../src/core/planned-change.js';
import type { SimulatedOrg } from '../../src/simulator/index.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import { plan, sync, type SyncOptions } from '../../src/sync/sync.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, expectConverged, held, makeOrg } from '../support/world.js';

const source = company(30);
const guard = { maxDeletePercent: 100, maxCreates: 0, maxUpdatePercent: 0, minUpdates: 0 };

function run(org: SimulatedOrg, state: StateStore, options: Partial<SyncOptions>) {
  return sync({ okta: clientOf(org), state, ...source, ...options });
}

/** An org that lost everything, and a state that has it all as confirmed. */
async function lost(state: StateStore): Promise<SimulatedOrg> {
  await run(makeOrg(), state, {});
  return makeOrg();
}

/** Runs `body` with a new state, in virtual time. */
const law = (name: string, body: (state: StateStore) => Promise<void>) =>
  it(name, () => inVirtualTime(() => body(memoryState())));

describe('resend', () => {
  law('sends everything again, which the guard counts neither as creations nor as updates', async (state) => {
    const org = await lost(state);
    expect(await run(org, state, {})).toMatchObject({ requests: 0 });
    const size = { users: 30, groups: 3, memberships: source.memberships.length };
    const planned = await plan({ state, ...source, guard, resend: ['all'] });
    expect(planned).toMatchObject({ trips: [], resends: size });
    expect(planned.sources.users).toMatchObject({
      read: 30,
      unchanged: 0,
      creates: 30,
      resends: 30,
      updates: 0,
    });
    await run(org, state, { guard, resend: ['all'] });
    expectConverged(org, source);
    expect(await plan({ state, ...source })).toMatchObject({ requests: 0, resends: { users: 0 } });
  });

  law('of one entity leaves the others alone', async (state) => {
    const org = await lost(state);
    await run(org, state, { resend: ['groups', 'users'] });
    expectConverged(org, source);
    const another = makeOrg();
    expect((await run(another, state, { resend: ['memberships'] })).confirmed).toMatchObject({
      users: { creates: 0 },
      groups: { creates: 0 },
      memberships: { creates: source.memberships.length },
    });
  });

  law('of an id sends the user with its memberships, after it', async (state) => {
    const org = await lost(state);
    const own = source.memberships.filter((one) => one.memberExternalId === 'u7');
    const report = await run(org, state, { guard, resend: ['u7'] });
    expect(report.plan.resends).toEqual({ users: 1, groups: 0, memberships: own.length });
    expect(Object.keys(held(org).users)).toEqual(['u7']);
    expect(report.sessions).toBe(2);
  });

  law('deletes a doubted row that left the source', async (state) => {
    const org = makeOrg();
    await run(org, state, {});
    const users = source.users.slice(1);
    const memberships = source.memberships.filter((one) => one.memberExternalId !== 'u0');
    const report = await run(org, state, { guard, users, memberships, resend: ['u0', 'u1'] });
    expect(report.confirmed.users).toEqual({ creates: 1, updates: 0, deletes: 1 });
    expectConverged(org, { ...source, users, memberships });
  });

  law('is said of a user who waits for the login of another one, too', async (state) => {
    const org = makeOrg();
    await run(org, state, {});
    const [leaver, heir, ...others] = source.users as [UserRecord, UserRecord, ...UserRecord[]];
    const users = [
      { ...heir, profile: { ...heir.profile, userName: leaver.profile.userName as string } },
      ...others,
    ];
    const memberships = source.memberships.filter((one) => one.memberExternalId !== 'u0');
    const planned: PlannedChange[] = [];
    const onPlanned = (changes: readonly PlannedChange[]) => void planned.push(...changes);
    const options = { guard, users, memberships, resend: ['u1'], onPlanned };
    expect((await run(org, state, options)).plan.resends.users).toBe(1);
    expect(planned.find(({ externalId }) => externalId === 'u1')).toMatchObject({ reason: 'unknown' });
    expectConverged(org, { ...source, users, memberships });
  });

  law('changes nothing in the state where the guard stops the run', async (state) => {
    const org = await lost(state);
    const users = source.users.slice(20);
    await expect(run(org, state, { users, resend: ['all'] })).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_GUARD',
    });
    expect((await state.counts()).users).toEqual({ known: 30, unknown: 0 });
    expect(await plan({ state, ...source })).toMatchObject({ requests: 0 });
  });

  law('does not leave a rejected record out of the count, or its memberships undone', async (state) => {
    const org = await lost(state);
    const users = source.users.map((user) =>
      user.externalId === 'u7' ? { ...user, profile: { ...user.profile, email: 'wrong' } } : user,
    );
    const report = await run(org, state, { users, resend: ['all'] });
    expect(report.plan.resends.users).toBe(29);
    expect(report.rejections).toMatchObject([{ externalId: 'u7' }]);
    expect(report.remaining).toBe(0);
  });

  law('refuses an id that the state does not have, and a feed', async (state) => {
    const org = await lost(state);
    await expect(run(org, state, { resend: ['u7', 'nobody'] })).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_OPTIONS',
      message: expect.stringContaining('"nobody"') as string,
    });
    expect(() => run(org, state, { resend: ['u7'], mode: 'delta' })).toThrow('resend: not possible');
    // Nothing stays open.
    expect(await run(org, state, { resend: ['u7'] })).toMatchObject({ remaining: 0 });
  });
});
