import { describe, expect, it } from 'vitest';
import { sync } from '../../src/sync/sync.js';
import { validate } from '../../src/validate/validate.js';
import { pipe } from '../../src/flow/pipe.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { clientOf, company, expectConverged, makeOrg } from '../support/world.js';
import { inVirtualTime } from '../support/virtual-time.js';

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

  it('every rejected record is reported, with its reason', async () => {
    await inVirtualTime(async (clock) => {
      const told: string[] = [];
      const events: string[] = [];
      const report = await sync({
        okta: clientOf(makeOrg({ clock })),
        state: memoryState(),
        users: [...company(3).users, { externalId: 'bad', profile: { userName: 'bad' } }],
        memberships: [{ groupExternalId: 'none', memberExternalId: 'u1' }],
        clock,
        onReject: ({ externalId, code }) => told.push(`${externalId} ${code}`),
        onEvent: (event) => {
          if (event.type === 'record:rejected') events.push(event.rejection.reason);
        },
      });
      expect(told).toEqual(['bad REQUIRED', 'none/u1 UNKNOWN_GROUP']);
      expect(events).toEqual(report.rejections.map(({ reason }) => reason));
      expect(report.sources.users).toMatchObject({ read: 4, creates: 3, rejected: 1 });
      expect(report.sources.memberships).toMatchObject({ read: 1, creates: 0, rejected: 1 });
    });
  });

  it('a source that brings a pipe with a validate of its own loses nobody it rejected', async () => {
    await inVirtualTime(async (clock) => {
      const org = makeOrg({ clock });
      const okta = clientOf(org);
      const state = memoryState();
      const day = company(3);
      await sync({ okta, state, users: day.users, clock });
      const broken = day.users.map((user, i) =>
        i === 1 ? { ...user, profile: { ...user.profile, email: 'no address' } } : user,
      );
      const report = await sync({ okta, state, users: pipe(broken, validate('users')), clock });
      expect(report.sources.users).toMatchObject({ read: 3, rejected: 1, unchanged: 2, deletes: 0 });
      expect(report.rejections).toMatchObject([{ externalId: 'u1', code: 'NOT_AN_EMAIL' }]);
      expectConverged(org, { ...day, groups: [], memberships: [] });
      // One that cannot be identified holds back every removal, from there as well.
      const nameless = [{ externalId: '', profile: {} }, ...day.users.slice(1)];
      const held = await sync({ okta, state, users: pipe(nameless, validate('users')), clock });
      expect(held.sources.users).toMatchObject({ read: 3, rejected: 1, deletes: 0, heldBackDeletes: 1 });
      expectConverged(org, { ...day, groups: [], memberships: [] });
    });
  });
});
