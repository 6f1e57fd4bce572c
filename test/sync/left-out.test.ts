import { describe, expect, it } from 'vitest';
import type { UserRecord } from '../../src/core/model.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync, type SyncOptions } from '../../src/sync/sync.js';
import { leftOutRecord } from '../../src/validate/left-out-record.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, held, makeOrg } from '../support/world.js';

const user = (id: string): UserRecord => ({
  externalId: id,
  profile: { userName: `${id}@x.example`, email: `${id}@x.example` },
});
const group = (id: string) => ({ externalId: id, profile: { displayName: id } });
const pair = (text: string) => {
  const [groupExternalId = '', memberExternalId = ''] = text.split('/');
  return { groupExternalId, memberExternalId };
};

/** An org with the users a and b, both in group g, and a function that syncs other users and memberships. */
async function world() {
  const [org, state] = [makeOrg(), memoryState()];
  const run = (users: readonly UserRecord[], pairs: readonly string[], more: Partial<SyncOptions> = {}) =>
    inVirtualTime(() =>
      sync({
        okta: clientOf(org),
        state,
        users,
        groups: [group('g'), group('h')],
        memberships: pairs.map(pair),
        ...more,
      }),
    );
  await run([user('a'), user('b')], ['g/a', 'g/b']);
  return { org, run };
}

const PAIRS = ['g/a', 'h/a', 'g/b', 'h/b'];

describe('a user whom a condition leaves out', () => {
  it.each<readonly [why: string, users: readonly UserRecord[], more: Partial<SyncOptions>]>([
    ['held back', [leftOutRecord<'users'>('a'), user('b'), user('')], {}],
    ['waited for', [leftOutRecord<'users'>('a'), user('b')], { absence: { reads: 2 } }],
    [
      'protected from',
      [leftOutRecord<'users'>('a'), user('b')],
      { absence: { users: { protect: { ids: ['a'] } } } },
    ],
  ])('and whose deletion is %s gets no new membership, and keeps those of before', async (_, users, more) => {
    const { org, run } = await world();
    const report = await run(users, PAIRS, more);
    expect(held(org)).toMatchObject({ memberships: ['g/a', 'g/b', 'h/b'] });
    expect(Object.keys(held(org).users)).toEqual(['a', 'b']);
    expect(report.sources.memberships).toMatchObject({
      read: 4,
      unchanged: 2,
      creates: 1,
      leftOut: 1,
      deletes: 0,
    });
  });

  it('and whom an earlier run removed without memberships loses them, though the source still names them', async () => {
    const { org, run } = await world();
    const users = [leftOutRecord<'users'>('a'), user('b')];
    await run(users, [], { memberships: undefined as never });
    expect(held(org)).toMatchObject({ memberships: ['g/a', 'g/b'] });
    const report = await run(users, PAIRS);
    expect(held(org).memberships).toEqual(['g/b', 'h/b']);
    expect(report.sources.memberships).toMatchObject({ leftOut: 2, creates: 1, deletes: 1 });
    expect((await run(users, PAIRS)).requests).toBe(0);
  });

  it('in one row, and who is accepted in another, gets all memberships', async () => {
    const { org, run } = await world();
    for (const users of [
      [leftOutRecord<'users'>('a'), user('a'), user('b'), user('')],
      [user('a'), user('b'), leftOutRecord<'users'>('a'), user('')],
    ]) {
      await run(users, PAIRS);
      expect(held(org).memberships).toEqual(['g/a', 'g/b', 'h/a', 'h/b']);
      await run([user('a'), user('b')], ['g/a', 'g/b']);
    }
  });
});
