import { describe, expect, it } from 'vitest';
import type { SyncOptions } from '../../src/sync/sync.js';
import { sync } from '../../src/sync/sync.js';
import { forgetOwed, readOwed, readWatermark } from '../../src/sync/watermark.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { oldestDue } from '../../src/state/owed-records.js';
import { FeedOutcomes } from '../../src/flow/feed-outcomes.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, held, makeOrg } from '../support/world.js';

const guard = { maxDeletePercent: 100, maxUpdatePercent: 100, allowEmpty: true, maxRejectPercent: 100 };
const HOUR = 3_600_000;
const person = (id: string, userName = `${id}@example.com`) => ({
  externalId: id,
  profile: { userName, email: `${id}@example.com` },
});
const bad = (id: string) => person(id, '');
/** A record that nobody can identify. */
const nameless = { externalId: '', profile: { userName: 'x', email: 'x@example.com' } };

/** A small company in Okta, a clock that is set by hand, and a function that runs feeds. */
async function companyInOkta() {
  const org = makeOrg();
  const state = memoryState();
  const source = company(20);
  let now = Date.UTC(2026, 0, 1);
  const run = (options: Partial<SyncOptions>) =>
    inVirtualTime(() => sync({ okta: clientOf(org), state, guard, ...options }));
  await run(source);
  const clock = { now: () => now, sleep: async () => undefined };
  return {
    org,
    state,
    source,
    run,
    feed: (users: SyncOptions['users'], watermark: string, options: Partial<SyncOptions> = {}) =>
      run({ users: users as NonNullable<SyncOptions['users']>, mode: 'delta', watermark, clock, ...options }),
    from: (owed?: 'due' | 'all' | 'none') => readWatermark(state, { clock, ...(owed && { owed }) }),
    later: (ms: number) => (now += ms),
  };
}

describe('a feed with a bad record that lasts', () => {
  it('moves on, and returns to the record after one run, and then each time that it is twice as old', async () => {
    const { feed, from, later } = await companyInOkta();
    await feed([], 'w0');
    const first = await feed([bad('u1'), person('new')], 'w1');
    expect(first).toMatchObject({ watermarkKept: true, owed: { count: 1, tooMany: false } });
    expect(first.owed.records).toMatchObject([
      { entity: 'users', externalId: 'u1', code: 'TOO_SHORT', watermark: 'w0' },
    ]);
    const read: (string | undefined)[] = [];
    for (let hour = 1; hour <= 9; hour++) {
      later(HOUR);
      const position = await from();
      read.push(position);
      const report = await feed(position === 'w0' ? [bad('u1')] : [], `w${hour + 1}`);
      expect([report.owed.count, report.watermarkKept]).toEqual([1, true]);
    }
    expect(read).toEqual(['w0', 'w0', 'w3', 'w0', 'w5', 'w6', 'w7', 'w0', 'w9']);
    expect([await from('all'), await from('none')]).toEqual(['w0', 'w10']);
  });

  it('does not owe it any more when it comes mended, or marked as removed', async () => {
    const { feed, state, org } = await companyInOkta();
    expect((await feed([bad('u1'), bad('u2')], 'w1')).owed.count).toBe(2);
    const mended = await feed([person('u1', 'new-login@example.com')], 'w2');
    expect(mended.owed.records).toMatchObject([{ externalId: 'u2' }]);
    expect(held(org).users['u1']).toBeDefined();
    expect((await feed([{ externalId: 'u2', deleted: true }], 'w3')).owed.count).toBe(0);
    expect(await readOwed(state)).toEqual([]);
  });

  it('owes nothing if a later record of the same feed is good, and owes it if the later one is bad', async () => {
    const { feed } = await companyInOkta();
    expect((await feed([bad('u1'), person('u1')], 'w1')).owed.count).toBe(0);
    expect((await feed([person('u2'), bad('u2')], 'w2')).owed.count).toBe(1);
  });

  it('owes records without an id as one entry, until its part of the feed is read without them', async () => {
    const { feed, from, later } = await companyInOkta();
    const first = await feed([nameless, nameless], 'w1');
    expect(first.owed.records).toMatchObject([{ externalId: undefined, code: 'NO_EXTERNAL_ID' }]);
    later(HOUR);
    expect(await from()).toBeUndefined();
    expect((await feed([], 'w2')).owed.count).toBe(0);
  });

  it('does not forget it in a run that does not come to its end', async () => {
    const { feed, state } = await companyInOkta();
    await feed([bad('u1')], 'w1');
    const part = await feed(
      [person('u1', 'new-login@example.com'), person('u2', 'other@example.com')],
      'w2',
      {
        first: 1,
      },
    );
    expect(part.watermarkKept).toBe(false);
    expect(await readOwed(state)).toHaveLength(1);
  });

  it('owes nothing of an entity that is read in full', async () => {
    const { feed, run, source, state } = await companyInOkta();
    await feed([bad('u1')], 'w1');
    await run({ users: source.users });
    expect(await readOwed(state)).toEqual([]);
  });

  it('remembers what it owes without a watermark too', async () => {
    const { run } = await companyInOkta();
    const report = await run({ users: [bad('u1')], mode: 'delta' });
    expect(report).toMatchObject({ watermarkKept: undefined, owed: { count: 1 } });
    expect((await run({ users: [], mode: 'delta' })).owed.count).toBe(1);
  });

  it('stays where it is if more records are bad than a state remembers', async () => {
    const { feed, from } = await companyInOkta();
    const report = await feed(
      Array.from({ length: 10_001 }, (_, i) => bad(`n${i}`)),
      'w1',
    );
    expect(report).toMatchObject({ watermarkKept: false, owed: { count: 10_000, tooMany: true } });
    expect(report.owed.records).toHaveLength(1000);
    expect(await from('none')).toBeUndefined();
  });

  it('is not owed any more when it is forgotten by hand', async () => {
    const { feed, state } = await companyInOkta();
    await feed([bad('u1'), bad('u2'), nameless], 'w1');
    expect(await forgetOwed(state, ['u1', 'nobody'])).toMatchObject([{ externalId: 'u1' }]);
    expect(await forgetOwed(state, ['groups'])).toEqual([]);
    expect(await forgetOwed(state, ['users'])).toHaveLength(2);
    expect(await readOwed(state)).toEqual([]);
  });
});

describe('a feed of memberships', () => {
  const nobody = { groupExternalId: '', memberExternalId: 'u1' };

  it('owes the ends that are held back, until it names the member again', async () => {
    const { feed, source, org } = await companyInOkta();
    const [one] = source.memberships as readonly { groupExternalId: string; memberExternalId: string }[];
    const member = one?.memberExternalId as string;
    const groups = source.groups.map(({ externalId }) => externalId);
    const before = source.memberships.filter(({ memberExternalId }) => memberExternalId === member);
    const other = groups.find((id) =>
      before.every(({ groupExternalId }) => groupExternalId !== id),
    ) as string;
    const moved = { groupExternalId: other, memberExternalId: member };
    const options = { memberships: [moved, nobody], completeFor: 'members' } as const;
    const spoilt = await feed(undefined, 'w1', options);
    expect(spoilt.owed.count).toBe(before.length + 1);
    expect(spoilt.owed.records.map(({ code }) => code)).toContain('HELD_BACK');
    const again = await feed(undefined, 'w2', { ...options, memberships: [moved] });
    expect(again.owed.count).toBe(0);
    expect(held(org).memberships.filter((pair) => pair.includes(member))).toHaveLength(1);
  });

  it('owes nothing of a user whom the feed of users removes', async () => {
    const { feed } = await companyInOkta();
    const memberships = [{ groupExternalId: 'nowhere', memberExternalId: 'u1' }];
    expect((await feed(undefined, 'w1', { memberships })).owed.count).toBe(1);
    const users = [{ externalId: 'u1', deleted: true as const }];
    expect((await feed(users, 'w2', { memberships: [] })).owed.count).toBe(0);
  });
});

describe('what is owed', () => {
  it('is due when it was owed twice as long as at its last time', () => {
    const one = (at: number, tried: number) => ({ entity: 'users' as const, key: 'a', code: 'X', at, tried });
    expect(oldestDue([one(0, 0)], 0)).toBeDefined();
    expect(oldestDue([one(0, 10)], 19)).toBeUndefined();
    expect(oldestDue([one(0, 10), one(5, 5)], 19)).toEqual(one(5, 5));
    expect(oldestDue([one(0, 10), one(5, 5)], 20)).toEqual(one(0, 10));
    expect(oldestDue([], 5)).toBeUndefined();
  });

  it('is collected for feeds only, and not beyond the most that are remembered', () => {
    const outcomes = new FeedOutcomes(['users'], [], 2);
    outcomes.fail('groups', 'g', 'X');
    outcomes.fail('users', 'a', 'X', 1);
    outcomes.fail('users', 'a', 'Y', 2);
    outcomes.fail('users', 'b', 'X', 3);
    expect(outcomes.overflowed).toBe(false);
    outcomes.fail('users', 'c', 'X', 4);
    expect(outcomes.overflowed).toBe(true);
    expect(Array.from(outcomes.failures, ({ key, code }) => [key, code])).toEqual([
      ['a', 'Y'],
      ['b', 'X'],
    ]);
  });
});
