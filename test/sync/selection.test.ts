import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesOf } from '../../src/core/results.js';
import { OptionsError } from '../../src/core/errors.js';
import type { SimulatedOrg } from '../../src/simulator/index.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import { plan, sync, type SyncOptions } from '../../src/sync/sync.js';
import { readWatermark } from '../../src/sync/watermark.js';
import { runs } from '../support/runs.js';
import { inVirtualTime } from '../support/virtual-time.js';
import {
  clientOf,
  company,
  expectConverged,
  held,
  makeOrg,
  wanted,
  type SourceDirectory,
} from '../support/world.js';

const guard = { maxDeletePercent: 100, maxUpdatePercent: 100, maxGroupLossPercent: 100, maxIdChanges: 1000 };
const source = company(30);

function run(org: SimulatedOrg, state: StateStore, options: Partial<SyncOptions>) {
  return inVirtualTime(() => sync({ okta: clientOf(org), state, guard, ...options }));
}

/** An org and a state that are in sync with a directory. */
async function world(directory: SourceDirectory = source) {
  const [org, state] = [makeOrg(), memoryState()];
  await run(org, state, { ...directory });
  return { org, state };
}

/** The directory with other first names, without a user, and with a new one in a group. */
const next: SourceDirectory = {
  users: [
    ...company(30, '!').users.filter(({ externalId }) => externalId !== 'u1'),
    { externalId: 'new', profile: { userName: 'new@example.com', email: 'new@example.com' } },
  ],
  groups: source.groups,
  memberships: [
    ...source.memberships.filter(({ memberExternalId }) => memberExternalId !== 'u1'),
    { groupExternalId: 'g0', memberExternalId: 'new' },
  ],
};

/** True if the next directory or Okta has a user or group with this id. */
function isKnown(org: SimulatedOrg, id: string): boolean {
  return [wanted(next), held(org)].some(({ users, groups }) => id in users || id in groups);
}

describe('first', () => {
  it('sends the first creations only, and says what it left out; the next sync sends the rest', async () => {
    const [org, state] = [makeOrg(), memoryState()];
    const report = await run(org, state, { ...source, first: 5 });
    expect(Object.keys(held(org).users).sort()).toEqual(['u0', 'u1', 'u2', 'u3', 'u4']);
    expect(held(org)).toMatchObject({ groups: {}, memberships: [] });
    expect(report.plan.entities.users).toEqual({ creates: 5, updates: 0, deletes: 0 });
    expect(report.remaining).toBe(0);
    expect(report.sources.users).toMatchObject({ read: 30, creates: 30, unsent: 25 });
    expect(report.sources.groups?.unsent).toBe(3);
    const rest = await run(org, state, { ...source });
    expect(rest.plan.entities.users.creates).toBe(25);
    expect(rest.sources.users?.unsent).toBe(0);
    expectConverged(org, source);
  });

  it('removes nothing, and a plan that the guard would stop for its deletions passes', async () => {
    const { org, state } = await world();
    const strict = { maxDeletePercent: 0, minDeletes: 0, maxUpdates: 2 };
    const report = await run(org, state, { ...next, guard: strict, first: 2 });
    expect(report.plan.entities).toMatchObject({
      users: { creates: 0, updates: 2, deletes: 0 },
      memberships: { creates: 0, deletes: 0 },
    });
    expect(Object.keys(held(org).users)).toHaveLength(30);
  });

  it('sends no membership of a user or group that it does not send', async () => {
    const [org, state] = [makeOrg(), memoryState()];
    const report = await run(org, state, { ...source, first: 30 + 3 + 4 });
    expect(report.plan.entities.memberships.creates).toBe(4);
    expect(org.violations).toEqual([]);
    // A user who waits for a login is not sent, so a membership of this user is not either.
    const moved = {
      users: source.users.map((user) =>
        user.externalId === 'u0'
          ? { ...user, profile: { ...user.profile, userName: 'other@example.com' } }
          : user,
      ),
      groups: source.groups,
      memberships: [...source.memberships, { groupExternalId: 'g1', memberExternalId: 'heir' }],
    };
    const heir = {
      externalId: 'heir',
      profile: { userName: 'u0@example.com', email: 'u0@example.com' },
    };
    await run(org, state, { ...source });
    const kept = await plan({ state, guard, ...moved, users: [...moved.users, heir], first: 9 });
    expect(kept.entities).toMatchObject({ users: { creates: 1, updates: 1 }, memberships: { creates: 1 } });
    const left = { ...moved, users: [...moved.users.slice(1), heir] };
    const lost = await plan({ state, guard, ...left, first: 9 });
    expect(lost.entities).toMatchObject({ users: { creates: 0 }, memberships: { creates: 0 } });
  });
});

describe('only', () => {
  it('sends the changes of the ids, with their memberships, and no removal of anybody else', async () => {
    const { org, state } = await world();
    const before = held(org);
    const report = await run(org, state, { ...next, only: ['u7', 'new'] });
    expect(report.plan.entities).toEqual({
      users: { creates: 1, updates: 1, deletes: 0 },
      groups: { creates: 0, updates: 0, deletes: 0 },
      memberships: { creates: 1, updates: 0, deletes: 0 },
    });
    const now = held(org);
    expect(now.users).toEqual({
      ...before.users,
      u7: wanted(next).users['u7'],
      new: wanted(next).users['new'],
    });
    expect(now.memberships).toEqual([...before.memberships, 'g0/new'].sort());
    await run(org, state, { ...next });
    expectConverged(org, next);
  });

  it('sends a removal that is named', async () => {
    const { org, state } = await world();
    const report = await run(org, state, { ...next, only: ['u1'] });
    expect(report.plan.entities.users).toEqual({ creates: 0, updates: 0, deletes: 1 });
    expect(held(org).users['u1']).toBeUndefined();
  });

  it('a membership waits for its user and group, and its end for the new one', async () => {
    const { org, state } = await world();
    const moved: SourceDirectory = {
      users: source.users,
      groups: [...source.groups, { externalId: 'gnew', profile: { displayName: 'New', description: null } }],
      memberships: [
        ...source.memberships.filter(({ memberExternalId }) => memberExternalId !== 'u4'),
        { groupExternalId: 'gnew', memberExternalId: 'u4' },
      ],
    };
    // Without the new group, the user gets no new membership, and so does not lose the old one; nor does the old group lose it.
    for (const only of [['u4'], ['g1']]) {
      const { entities, sources } = await plan({ state, guard, ...moved, only });
      expect(changesOf(entities)).toBe(0);
      expect(sources.memberships?.unsent).toBe(2);
    }
    const report = await run(org, state, { ...moved, only: ['u4', 'gnew'] });
    expect(report.plan.entities).toMatchObject({
      groups: { creates: 1 },
      memberships: { creates: 1, deletes: 1 },
    });
    expectConverged(org, moved);
  });

  it('a group whose member moves elsewhere is not removed alone', async () => {
    const { state } = await world();
    const moved: SourceDirectory = {
      users: source.users,
      groups: source.groups.filter(({ externalId }) => externalId !== 'g2'),
      memberships: source.memberships.map((membership) =>
        membership.groupExternalId === 'g2' ? { ...membership, groupExternalId: 'g0' } : membership,
      ),
    };
    const { entities } = await plan({ state, guard, ...moved, onDuplicate: 'reject', only: ['g2'] });
    expect(entities.groups.deletes).toBe(0);
  });

  it('a login moves only with its holder', async () => {
    const { org, state } = await world();
    const heir = { externalId: 'heir', profile: { userName: 'u1@example.com', email: 'u1@example.com' } };
    const users = [...source.users.filter(({ externalId }) => externalId !== 'u1'), heir];
    const alone = await plan({ state, guard, users, only: ['heir'] });
    expect(alone).toMatchObject({ entities: { users: { creates: 0 } }, sources: { users: { unsent: 2 } } });
    await run(org, state, { users, only: ['heir', 'u1'] });
    expect(Object.keys(held(org).users).filter((id) => id === 'u1' || id === 'heir')).toEqual(['heir']);
  });

  it('refuses an id that nobody has, before anything is sent; not one of somebody who is in sync', async () => {
    const { org, state } = await world();
    const requests = org.requests.length;
    await expect(run(org, state, { ...next, only: ['u7', 'u77'] })).rejects.toThrow(/^only: .*"u77"/);
    expect(org.requests.slice(requests).every(({ method }) => method === 'GET')).toBe(true);
    expect(await plan({ state, guard, ...source, only: ['u7'] })).toMatchObject({ requests: 0 });
  });
});

describe('a run of a part', () => {
  it('counts no absences, and keeps no watermark', async () => {
    const { org, state } = await world();
    const absence = { reads: 2, minAgeMs: 0 };
    await run(org, state, { ...next, absence, only: ['u7'], watermark: 'w' });
    expect(await state.absences('users')).toEqual(new Map());
    expect(await readWatermark(state)).toBeUndefined();
    await run(org, state, { ...next, absence });
    expect(held(org).users['u1']).toBeDefined();
  });

  it('the resends of the rest do not hide creations from the guard', async () => {
    const { state } = await world();
    const options = { state, users: next.users, resend: ['users'], guard: { ...guard, maxCreates: 0 } };
    expect((await plan({ ...options, only: ['new'] })).trips).toMatchObject([
      { entity: 'users', rule: 'creates', actual: 1 },
    ]);
    expect((await plan({ ...options, only: ['u7'] })).trips).toEqual([]);
  });

  it('checks its options', async () => {
    const { state } = await world();
    for (const wrong of [
      { first: 0 },
      { first: 1.5 },
      { only: [] },
      { only: [''] },
      { only: ['u1'], first: 1 },
    ])
      await expect(plan({ state, ...source, ...wrong })).rejects.toThrow(OptionsError);
  });

  it('whatever parts are sent, Okta keeps the contract, and a whole sync ends as without them', async () => {
    const ids = fc.constantFrom(...next.users.map(({ externalId }) => externalId), 'u1', 'g0', 'g1', 'g2');
    const part = fc.oneof(
      fc.record({ first: fc.integer({ min: 1, max: 60 }) }),
      fc.record({ only: fc.uniqueArray(ids, { minLength: 1, maxLength: 6 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 3 }), async (parts) => {
        const { org, state } = await world();
        for (const options of parts) {
          if ('only' in options && !options.only.every((id) => isKnown(org, id))) {
            await expect(run(org, state, { ...next, ...options })).rejects.toThrow(OptionsError);
            continue;
          }
          const report = await run(org, state, { ...next, ...options });
          const { plan: planned, sources } = report;
          const found = Object.values(sources).reduce((n, s) => n + s.creates + s.updates + s.deletes, 0);
          const unsent = Object.values(sources).reduce((n, s) => n + s.unsent, 0);
          expect(changesOf(planned.entities) + unsent).toBe(found);
          expect(report.remaining).toBe(0);
        }
        await run(org, state, { ...next });
        expectConverged(org, next);
      }),
      { numRuns: runs(10), examples: [[[{ only: ['u1', 'u0'] }, { only: ['u1'] }, { only: ['u0'] }]]] },
    );
  });
});
