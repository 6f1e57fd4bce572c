import { describe, expect, it } from 'vitest';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { plan, sync, type SyncOptions } from '../../src/sync/sync.js';
import { readWatermark } from '../../src/sync/watermark.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, held, makeOrg } from '../support/world.js';

/** A small company that Okta holds already. */
async function companyInOkta() {
  const org = makeOrg();
  const state = memoryState();
  const source = company(30);
  const run = (options: Partial<SyncOptions>) =>
    inVirtualTime(() => sync({ okta: clientOf(org), state, ...options }));
  await run(source);
  return { org, state, source, run };
}

const without = <T extends { readonly externalId: string }>(records: readonly T[], id: string) =>
  records.filter(({ externalId }) => externalId !== id);

describe('users in full and memberships as a feed', () => {
  const mode = { memberships: 'delta' } as const;

  it('removes who is missing, and only the memberships that are marked', async () => {
    const { org, source, run } = await companyInOkta();
    const [first] = source.memberships.filter(({ memberExternalId }) => memberExternalId === 'u5');
    const before = held(org).memberships.length;
    const ofLeaver = source.memberships.filter(({ memberExternalId }) => memberExternalId === 'u3').length;
    const report = await run({
      users: without(source.users, 'u3'),
      memberships: [
        { groupExternalId: 'g2', memberExternalId: 'u3' },
        ...(first === undefined ? [] : [{ ...first, deleted: true as const }]),
      ],
      mode,
    });
    expect(report.sources.users).toMatchObject({ deletes: 1, rejected: 0 });
    expect(report.sources.memberships).toMatchObject({ read: 2, leftOut: 1, rejected: 0 });
    expect(report.sources.memberships?.deletes).toBe(1 + ofLeaver);
    expect(held(org).users['u3']).toBeUndefined();
    expect(held(org).memberships.length).toBe(before - ofLeaver - 1);
  });

  it('may have an empty feed, but no empty export of users', async () => {
    const { state, source } = await companyInOkta();
    const { users } = source;
    expect((await plan({ state, users, memberships: [], mode })).trips).toEqual([]);
    const trips = (await plan({ state, users: [], memberships: [], mode })).trips.map(({ rule }) => rule);
    expect(trips).toContain('emptySource');
  });

  it('keeps a group that is missing from the export, if one of its memberships is protected', async () => {
    const { org, source, run } = await companyInOkta();
    const [{ groupExternalId, memberExternalId }] = source.memberships as [(typeof source.memberships)[0]];
    const report = await run({
      groups: without(source.groups, groupExternalId),
      memberships: [],
      mode,
      absence: { memberships: { protect: { ids: [memberExternalId] } } },
    });
    expect(report.sources.groups).toMatchObject({ deletes: 0, heldBackDeletes: 1 });
    expect(held(org).groups[groupExternalId]).toBeDefined();
  });

  it('owes a membership that is rejected, and not a user, whom the next full read contains', async () => {
    const { state, source, run } = await companyInOkta();
    const users = [...source.users, { externalId: 'bad', profile: { userName: '', email: 'x@y.example' } }];
    const good = await run({ users, memberships: [], mode, watermark: 'w1' });
    expect(good).toMatchObject({
      watermarkKept: true,
      rejections: [{ externalId: 'bad' }],
      owed: { count: 0 },
    });
    const memberships = [{ groupExternalId: 'g1', memberExternalId: 'nobody' }];
    const bad = await run({ users, memberships, mode, watermark: 'w2' });
    expect(bad.owed).toMatchObject({ count: 1, records: [{ externalId: 'g1/nobody', watermark: 'w1' }] });
    expect(bad.watermarkKept).toBe(true);
    expect(await readWatermark(state)).toBe('w1');
    expect(await readWatermark(state, { owed: 'none' })).toBe('w2');
  });
});

describe('users as a feed and memberships in full', () => {
  it('ends the memberships of a user whom the feed removes', async () => {
    const { org, source, run } = await companyInOkta();
    const report = await run({
      users: [{ externalId: 'u3', deleted: true }],
      memberships: source.memberships,
      mode: { users: 'delta' },
    });
    expect(report.rejections).toEqual([]);
    expect(held(org).memberships.filter((membership) => membership.endsWith('/u3'))).toEqual([]);
    expect(Object.keys(held(org).users)).toHaveLength(29);
  });
});

describe('a feed of memberships that is complete for the people it names', () => {
  const options = { mode: { memberships: 'delta' }, completeFor: 'members' } as const;
  const inGroup = (groupExternalId: string, memberExternalId: string) => ({
    groupExternalId,
    memberExternalId,
  });
  const groupsOf = (org: ReturnType<typeof makeOrg>, id: string) =>
    held(org).memberships.filter((membership) => membership.endsWith(`/${id}`));

  it('ends the old membership of a person who moves, and no other', async () => {
    const { org, run } = await companyInOkta();
    const before = held(org).memberships;
    const report = await run({ memberships: [inGroup('g0', 'u5')], ...options });
    expect(report.sources.memberships).toMatchObject({ read: 1, creates: 1, deletes: 1 });
    expect(groupsOf(org, 'u5')).toEqual(['g0/u5']);
    const others = (all: readonly string[]) => all.filter((membership) => !membership.endsWith('/u5'));
    expect(others(held(org).memberships)).toEqual(others(before));
  });

  it('does not end a membership whose record is rejected, and nothing if one cannot be identified', async () => {
    const { org, run } = await companyInOkta();
    const [own] = groupsOf(org, 'u5');
    const memberships = [inGroup('nowhere', 'u5'), inGroup('', 'u7'), inGroup('g0', 'u5')];
    const report = await run({ memberships, ...options });
    expect(report.sources.memberships).toMatchObject({ deletes: 0, heldBackDeletes: 1, rejected: 2 });
    expect(groupsOf(org, 'u5')).toContain(own);
  });

  it('ends nothing of a person whom only a rejected record names', async () => {
    const { org, run } = await companyInOkta();
    const before = held(org).memberships;
    const report = await run({ memberships: [inGroup('g'.repeat(300), 'u5')], ...options });
    expect(report.sources.memberships).toMatchObject({ rejected: 1, deletes: 0 });
    expect(held(org).memberships).toEqual(before);
  });

  it('spares protected memberships', async () => {
    const { org, run } = await companyInOkta();
    const absence = { protect: { ids: ['g2'] } };
    await run({ memberships: [inGroup('g0', 'u5')], ...options, absence });
    expect(groupsOf(org, 'u5')).toEqual(['g0/u5', 'g2/u5']);
  });

  it('needs a feed of memberships', async () => {
    const { run } = await companyInOkta();
    await expect(run({ memberships: [], completeFor: 'members' })).rejects.toThrow('completeFor');
  });
});

describe('the option mode', () => {
  it.each([
    [{ mode: 'partial' }, 'mode'],
    [{ mode: { user: 'delta' } }, 'user'],
    [{ mode: { users: 'partial' } }, 'mode.users'],
    [{ mode: { users: 'delta' }, resend: ['all'] }, 'delta'],
  ])('is refused: %o', async (options, place) => {
    const all = { state: memoryState(), users: [], ...options } as never;
    await expect(plan(all)).rejects.toThrow(place);
  });
});
