import { describe, expect, it } from 'vitest';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { UNKNOWN } from '../../src/state/store.js';
import { plan, sync } from '../../src/sync/sync.js';
import { adoptVerified } from '../../src/verify/adopt-verified.js';
import { verify } from '../../src/verify/verify.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, expectConverged, makeOrg } from '../support/world.js';

const source = company(30);

/** An org that has the directory, and a new state. */
async function lost() {
  const org = makeOrg();
  const okta = clientOf(org);
  await inVirtualTime(() => sync({ okta, state: memoryState(), ...source }));
  return { org, okta, state: memoryState() };
}

describe('adoptVerified', () => {
  it('records the whole directory where Okta has it, and the next sync has nothing to send', async () => {
    const { org, okta, state } = await lost();
    const sent = org.requests.length;
    const report = await adoptVerified({ okta, state, ...source });
    expect(report).toMatchObject({ leavers: 0, adopted: 33 + source.memberships.length });
    expect(org.requests.slice(sent).every(({ method }) => method === 'GET')).toBe(true);
    expect((await plan({ state, ...source })).requests).toBe(0);
    expect(await state.target()).toMatchObject({ identitySourceId: okta.identitySourceId });
    expect((await verify({ okta, state })).differences).toBe(0);
  });

  it('adopts only what is the same: the next sync sends the rest, and deletes leavers under the guard', async () => {
    const { org, okta, state } = await lost();
    const { profile } = source.users[3]!;
    org.edit((edit) => {
      edit.removeUser('u1');
      edit.setUser('u3', { ...profile, lastName: 'Other' });
      edit.setStatus('u4', 'DEACTIVATED');
      edit.setUser('gone', { ...profile, userName: 'gone@example.com' });
      edit.setUser('long-gone', { userName: 'x' }, 'DEACTIVATED');
      edit.addMember('g0', 'gone');
    });
    const { verified, leavers } = await adoptVerified({ okta, state, ...source });
    expect(leavers).toBe(2);
    expect(verified.counts.users).toMatchObject({ missing: 1, differing: 1, deactivated: 1, foreign: 1 });
    const planned = await plan({ state, ...source });
    expect(planned.sources.users).toMatchObject({ creates: 3, deletes: 1 });
    await expect(
      sync({ okta, state, ...source, guard: { maxDeletePercent: 0, minDeletes: 0 } }),
    ).rejects.toMatchObject({ code: 'ERR_ROLLCALL_GUARD' });
    await inVirtualTime(() => sync({ okta, state, ...source }));
    expectConverged(org, source);
  });

  it('does not delete a person at Okta whose record is rejected', async () => {
    const { org, okta, state } = await lost();
    const users = source.users.map((user) =>
      user.externalId === 'u7' ? { ...user, profile: { ...user.profile, email: 'wrong' } } : user,
    );
    const report = await adoptVerified({ okta, state, users });
    expect(report).toMatchObject({ adopted: 29, leavers: 1, verified: { rejected: 1 } });
    await inVirtualTime(() => sync({ okta, state, users }));
    expect(org.directory().users.get('u7')?.status).toBe('ACTIVE');
  });

  it('refuses a state that has rows or a session in flight, and a call without sources', async () => {
    const { okta, state } = await lost();
    await expect(adoptVerified({ okta, state })).rejects.toMatchObject({ option: 'users' });
    await state.adopt([{ entity: 'users', key: 'u1', held: UNKNOWN }]);
    await expect(adoptVerified({ okta, state, ...source })).rejects.toMatchObject({ option: 'state' });
    const busy = memoryState();
    await busy.journal.creating(0);
    await expect(adoptVerified({ okta, state: busy, ...source })).rejects.toMatchObject({ option: 'state' });
  });
});
