import { describe, expect, it } from 'vitest';
import type { UserRecord } from '../../src/core/model.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import type { SimulatedOrg } from '../../src/simulator/index.js';
import { sync, type SyncOptions } from '../../src/sync/sync.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, expectConverged, makeOrg, type SourceDirectory } from '../support/world.js';

const user = (externalId: string, userName = externalId): UserRecord => ({
  externalId,
  profile: { userName, email: 'all@x.example' },
});
const group = (externalId: string) => ({ externalId, profile: { displayName: externalId } });
const pair = (groupExternalId: string, memberExternalId: string) => ({ groupExternalId, memberExternalId });
const guard = { maxDeletePercent: 100, maxUpdatePercent: 100, minGroupLosses: 1000, maxIdChanges: 1000 };

/** The requests of a sync by session, in order. */
async function requestsOf(org: SimulatedOrg, state: StateStore, options: Partial<SyncOptions>) {
  const sessions = new Map<string, string[]>();
  const report = await sync({
    okta: clientOf(org),
    state,
    guard,
    ...options,
    onEvent: (event) => {
      if (event.type !== 'batch:sent') return;
      const requests = sessions.get(event.sessionId) ?? [];
      sessions.set(event.sessionId, [...requests, `${event.entity} ${event.kind}`]);
    },
  });
  expect(report.plan.sessions).toBe(sessions.size);
  return [...sessions.values()];
}

/** The requests of the second day, by session. Okta has the directory of the second day after it. */
async function secondDay(
  first: SourceDirectory,
  second: SourceDirectory,
  options: Partial<SyncOptions> = {},
) {
  return inVirtualTime(async () => {
    const org = makeOrg();
    const state = memoryState();
    await requestsOf(org, state, { ...first });
    const sessions = await requestsOf(org, state, { ...second, ...options });
    expectConverged(org, second);
    expect(await requestsOf(org, state, { ...second })).toEqual([]);
    return sessions;
  });
}

const users = ['a', 'b', 'c', 'd'].map((id) => user(id));
const groups = [group('g'), group('h')];
const first: SourceDirectory = {
  users,
  groups,
  memberships: [pair('g', 'a'), pair('g', 'b'), pair('g', 'c'), pair('h', 'd')],
};

describe('the order of a plan', () => {
  it('ends access in the first session, however large the plan is', async () => {
    const arrivals = Array.from({ length: 12_000 }, (_, i) => user(`n${i}`));
    const sessions = await secondDay(first, {
      users: [...users.slice(1), ...arrivals],
      groups,
      memberships: [pair('g', 'c'), pair('h', 'd')],
    });
    expect(sessions[0]?.slice(0, 3)).toEqual(['users delete', 'memberships delete', 'users upsert']);
    expect(sessions).toHaveLength(2);
  });

  it('gives the new membership to a person who moves before the old one ends', async () => {
    const memberships = [pair('h', 'a'), pair('g', 'c'), pair('h', 'd')];
    expect(await secondDay(first, { users, groups, memberships })).toEqual([
      ['memberships delete', 'memberships upsert', 'memberships delete'],
    ]);
  });

  it('keeps a group until its members have the group that replaces it', async () => {
    const second = {
      users,
      groups: [group('h'), group('new')],
      memberships: [pair('new', 'a'), pair('new', 'b'), pair('new', 'c'), pair('h', 'd')],
    };
    expect(await secondDay(first, second)).toEqual([
      ['groups upsert'],
      ['memberships upsert', 'memberships delete', 'groups delete'],
    ]);
    expect(await secondDay(first, { users, groups: [group('h')], memberships: [pair('h', 'd')] })).toEqual([
      ['memberships delete', 'groups delete'],
    ]);
  });

  it('gives a login to its new user in a session after that of the user before', async () => {
    const second = {
      users: [user('n', 'a'), user('b', 'other'), user('c', 'b'), user('d')],
      groups,
      memberships: [pair('g', 'n'), pair('g', 'b'), pair('g', 'c'), pair('h', 'd')],
    };
    const sessions = [
      ['users delete', 'memberships delete', 'users upsert'],
      ['users upsert'],
      ['memberships upsert'],
    ];
    expect(await secondDay(first, second)).toEqual(sessions);
    expect(await secondDay(first, second, { mixed: true })).toEqual(sessions);
  });

  it('leaves out the memberships of a new user whose login is in use', async () => {
    await inVirtualTime(async () => {
      const org = makeOrg();
      const state = memoryState();
      await requestsOf(org, state, { ...first });
      const report = await sync({
        okta: clientOf(org),
        state,
        guard,
        ...first,
        users: [...users, user('n', 'A')],
        memberships: [...first.memberships, pair('g', 'n')],
      });
      expect(report.rejections.map(({ entity, externalId, code }) => [entity, externalId, code])).toEqual([
        ['users', 'n', 'DUPLICATE_LOGIN'],
        ['memberships', 'g/n', 'UNKNOWN_USER'],
      ]);
      expect(report.requests).toBe(0);
      expectConverged(org, first);
    });
  });
});
