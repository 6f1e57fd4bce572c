import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clientOf,
  company,
  held,
  withValue,
  makeOrg,
  SOURCE,
  wanted,
  type SourceDirectory,
} from '../support/world.js';
import type { UserRecord } from '../../src/core/model.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { systemClock } from '../../src/core/clock.js';
import { sync, type SyncOptions } from '../../src/sync/sync.js';
import { adopt } from '../../src/sync/adopt.js';
import { plan } from '../../src/sync/sync.js';
import { readWatermark } from '../../src/sync/watermark.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { SimulatedOrg } from '../../src/simulator/index.js';
import type { StateStore } from '../../src/state/store.js';
import { AbsenceRules } from '../../src/diff/absence-rules.js';
import { upserted } from '../support/rows.js';

const guard = { maxDeletePercent: 100, maxUpdatePercent: 100, allowEmpty: true };

/** A small company that Okta holds already. */
async function settledWorld(source: SourceDirectory = company(30)) {
  const org = makeOrg();
  const state = memoryState();
  await run(org, state, source);
  return { org, state, source };
}

function run(
  org: SimulatedOrg,
  state: StateStore,
  source: Partial<SyncOptions>,
  options: Partial<SyncOptions> = {},
) {
  return inVirtualTime(() => sync({ okta: clientOf(org), state, guard, ...source, ...options }));
}

const without = (source: SourceDirectory, id: string): SourceDirectory => ({
  users: source.users.filter((user) => user.externalId !== id),
  groups: source.groups,
  memberships: source.memberships.filter((membership) => membership.memberExternalId !== id),
});

describe('absence with grace', () => {
  it('an entity is deleted once it was missing from so many complete reads in a row', async () => {
    const { org, state, source } = await settledWorld();
    const absence = { reads: 3, minAgeMs: 0 };
    const less = without(source, 'u3');
    for (const deletes of [0, 0, 1]) {
      const report = await run(org, state, less, { absence });
      expect(report.plan.entities.users.deletes).toBe(deletes);
      if (deletes === 0) expect(report.sources.users?.sparedDeletes).toBe(1);
    }
    expect(held(org)).toEqual(wanted(less));
    expect(org.violations).toEqual([]);
  });

  it('several reads within the least age count as one', async () => {
    const { org, state, source } = await settledWorld();
    const less = without(source, 'u3');
    const at = async (minutes: number) => {
      const clock = { ...systemClock, now: () => Date.now() + minutes * 60_000 };
      const [first, ...others] = less.users as [UserRecord, ...UserRecord[]];
      const users = [{ ...first, profile: { ...first.profile, title: `${minutes}` } }, ...others];
      const report = await run(org, state, { ...less, users }, { absence: { reads: 3 }, clock });
      return report.plan.entities.users.deletes;
    };
    const deletes: number[] = [];
    for (const minutes of [0, 10, 59, 60, 70, 119, 120]) deletes.push(await at(minutes));
    expect(deletes).toEqual([0, 0, 0, 0, 0, 0, 1]);
  });

  it('a read of the same content counts only after almost a day, and one that misses others at once', async () => {
    const { org, state, source } = await settledWorld();
    const at = async (hours: number, ...missing: string[]) => {
      const clock = { ...systemClock, now: () => Date.now() + hours * 3_600_000 };
      const less = missing.reduce(without, source);
      const report = await run(org, state, less, { absence: { reads: 3 }, clock });
      return report.plan.entities.users.deletes;
    };
    const deletes: number[] = [];
    for (const hours of [0, 2, 12, 22.9, 23, 40]) deletes.push(await at(hours, 'u3'));
    for (const hours of [41, 42, 63.9, 64]) deletes.push(await at(hours, 'u3', 'u4'));
    // u3 was missing at 0, 23 and 41 hours, and u4 at 41 hours and, without u3, at 42 and 65 hours.
    expect(deletes).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    expect(await at(65, 'u3', 'u4')).toBe(1);
  });

  it('who comes back in between starts anew', async () => {
    const { org, state, source } = await settledWorld();
    const absence = { reads: 2, minAgeMs: 0 };
    const less = without(source, 'u3');
    for (const read of [less, source, less]) {
      const report = await run(org, state, read, { absence });
      expect(report.plan.entities.users.deletes).toBe(0);
    }
    expect((await run(org, state, less, { absence })).plan.entities.users.deletes).toBe(1);
  });

  it('a read without the option in between starts the count anew', async () => {
    const { org, state, source } = await settledWorld();
    const less = without(source, 'u3');
    await run(org, state, less, { absence: { reads: 3, minAgeMs: 0 } });
    await run(org, state, source);
    expect(await state.absences('users')).toEqual(new Map());
  });

  it('a read that a record without id leaves open, or that the guard stops, does not count', async () => {
    const { org, state, source } = await settledWorld();
    const less = without(source, 'u3');
    const open = { ...less, users: [...less.users, { externalId: '', profile: { userName: 'x' } }] };
    await run(org, state, open, { absence: { reads: 2, minAgeMs: 0 } });
    await expect(
      run(org, state, without(less, 'u4'), { absence: { reads: 1, minAgeMs: 0 }, guard: { maxDeletes: 0 } }),
    ).rejects.toMatchObject({ code: 'ERR_ROLLCALL_GUARD' });
    await plan({ state, ...less, absence: { reads: 2, minAgeMs: 0 }, guard });
    expect(
      (await run(org, state, less, { absence: { reads: 2, minAgeMs: 0 } })).plan.entities.users.deletes,
    ).toBe(0);
    expect(
      (await run(org, state, less, { absence: { reads: 2, minAgeMs: 0 } })).plan.entities.users.deletes,
    ).toBe(1);
  });

  it('a membership may go on naming a user who is spared', async () => {
    const { org, state, source } = await settledWorld();
    const less = { ...source, users: source.users.filter((user) => user.externalId !== 'u3') };
    const report = await run(org, state, less, { absence: { reads: 2, minAgeMs: 0 } });
    expect(report.rejections).toEqual([]);
    expect(held(org)).toEqual(wanted(source));
  });

  it('what is protected is never deleted, by id or by prefix, memberships by either end', async () => {
    const { org, state, source } = await settledWorld();
    const absence = {
      users: { protect: { ids: ['u3'], prefixes: ['u1'] } },
      memberships: { protect: { ids: ['u3', 'g0'] } },
    };
    await run(org, state, { users: [], groups: source.groups, memberships: [] }, { absence });
    const left = held(org);
    expect(Object.keys(left.users).sort()).toEqual(
      source.users
        .map((user) => user.externalId)
        .filter((id) => id === 'u3' || id.startsWith('u1'))
        .sort(),
    );
    const names = source.memberships.filter((m) => m.memberExternalId === 'u3' || m.groupExternalId === 'g0');
    expect(left.memberships).toEqual(
      expect.arrayContaining(
        names
          .filter((m) => m.memberExternalId in left.users)
          .map((m) => `${m.groupExternalId}/${m.memberExternalId}`),
      ),
    );
  });

  it('excluded entities are neither sent, changed nor deleted, unless an option deletes them', async () => {
    const { org, state, source } = await settledWorld();
    const exclude = (id: string) => id === 'u3' || id === 'new';
    const changed = {
      ...source,
      users: [
        ...source.users.map((user) => ({ ...user, profile: { ...user.profile, title: 'x' } })),
        { externalId: 'new', profile: { userName: 'new', email: 'n@x.example' } },
      ],
    };
    const report = await run(org, state, changed, { absence: { exclude } });
    expect(report.sources.users).toMatchObject({
      read: 31,
      updates: 29,
      excluded: 2,
      creates: 0,
      deletes: 0,
    });
    expect(held(org).users['u3']).toEqual(withValue(source.users[3]?.profile ?? {}));
    await run(org, state, without(changed, 'u3'), { absence: { exclude } });
    expect(held(org).users['u3']).toBeDefined();
    const asked = await run(org, state, without(changed, 'u3'), {
      absence: { exclude, deleteExcluded: true },
    });
    expect(asked.plan.entities.users.deletes).toBe(1);
    expect(held(org).users['u3']).toBeUndefined();
  });

  it('whatever the options, what is protected is spared and what is in the source is not asked about', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.array(fc.string({ minLength: 1 })),
        fc.nat(5),
        (id, prefixes, missed) => {
          const rules = new AbsenceRules('users', { reads: 3, protect: { prefixes } });
          const expected = prefixes.some((prefix) => id.startsWith(prefix))
            ? 'protected'
            : missed < 3
              ? 'waiting'
              : 'delete';
          expect(rules.verdict(id, missed)).toBe(expected);
        },
      ),
    );
  });

  it('refuses options that cannot be meant', () => {
    expect(() => new AbsenceRules('users', { reads: 0 })).toThrow('absence.reads');
    expect(() => new AbsenceRules('users', { read: 2 } as object)).toThrow('read');
    expect(() => new AbsenceRules('users', { protect: { id: [] } as object })).toThrow('id');
  });
});

/** A record that is rejected, and has an id. */
const rejected = (externalId: string) => ({ externalId, profile: { userName: '', displayName: '' } });

describe('a delta feed', () => {
  it('spares who is protected, marked or not', async () => {
    const { org, state, source } = await settledWorld();
    const absence = { protect: { ids: ['u3'], prefixes: ['g'] } };
    const report = await run(
      org,
      state,
      {
        users: ['u3', 'u4'].map((externalId) => ({ externalId, deleted: true as const })),
        memberships: source.memberships
          .filter(({ memberExternalId }) => memberExternalId === 'u5')
          .map((one) => ({ ...one, deleted: true as const })),
      },
      { mode: 'delta', absence },
    );
    expect(report.sources.users).toMatchObject({ read: 2, deletes: 1, sparedDeletes: 1, unchanged: 1 });
    expect(report.sources.memberships).toMatchObject({ read: 1, deletes: 0, sparedDeletes: 1 });
    expect(held(org).users).toHaveProperty('u3');
    expect(held(org).users).not.toHaveProperty('u4');
  });

  it('removes only what is marked, and sends the rest', async () => {
    const { org, state, source } = await settledWorld();
    const users = [
      { externalId: 'u1', deleted: true as const },
      { externalId: 'nobody', deleted: true as const },
      { externalId: 'u2', profile: { userName: 'u2', email: 'u2@example.com' } },
      { externalId: 'n', profile: { userName: 'n', email: 'n@example.com' } },
    ];
    const memberships = source.memberships
      .filter((m) => m.memberExternalId === 'u1')
      .map((m) => ({ ...m, deleted: true as const }));
    const report = await run(org, state, { users, memberships }, { mode: 'delta' });
    expect(report.sources.users).toMatchObject({ read: 4, creates: 1, updates: 1, deletes: 1, unchanged: 1 });
    const now = held(org);
    expect(now.users['u1']).toBeUndefined();
    expect(Object.keys(now.users)).toHaveLength(30);
    expect(now.memberships.some((m) => m.endsWith('/u1'))).toBe(false);
    expect(org.violations).toEqual([]);
  });

  it('the last word on an entity stands', async () => {
    const { org, state } = await settledWorld();
    const profile = (title: string) => ({ userName: 'u2', email: 'u2@example.com', title });
    const users = [
      { externalId: 'u2', deleted: true as const },
      { externalId: 'u2', profile: profile('a') },
      { externalId: 'u2', profile: profile('b') },
      { externalId: 'u5', profile: profile('c') },
      { externalId: 'u5', deleted: true as const },
    ];
    const report = await run(org, state, { users }, { mode: 'delta' });
    expect(report.sources.users).toMatchObject({ read: 5, updates: 1, deletes: 1, superseded: 3 });
    expect(held(org).users['u2']?.['title']).toBe('b');
    expect(held(org).users['u5']).toBeUndefined();
  });

  it.each<[string, Partial<SyncOptions>, 'users' | 'groups']>([
    ['a user', { users: [{ externalId: 'u5', deleted: true }, rejected('u5')] }, 'users'],
    ['a group', { groups: [{ externalId: 'g1', deleted: true }, rejected('g1')] }, 'groups'],
  ])(
    'holds a removal back whose entity is named again later, by a rejected record: %s',
    async (_, feed, entity) => {
      const { org, state, source } = await settledWorld();
      const report = await run(org, state, feed, { mode: 'delta', watermark: 'w' });
      expect(report.sources[entity]).toMatchObject({ read: 2, rejected: 1, deletes: 0, heldBackDeletes: 1 });
      expect(report.owed.records).toMatchObject([{ entity }]);
      expect(held(org)).toEqual(wanted(source));
    },
  );

  it('removes what is marked after a rejected record', async () => {
    const { org, state } = await settledWorld();
    const user = { externalId: 'n', profile: { userName: 'n', email: 'n@example.com' } };
    const users = [rejected('u5'), user, rejected('u6'), { externalId: 'u5', deleted: true as const }];
    const report = await run(org, state, { users }, { mode: 'delta' });
    expect(report.sources.users).toMatchObject({ rejected: 2, deletes: 1, heldBackDeletes: 0 });
    expect(held(org).users).not.toHaveProperty('u5');
  });

  it('removes what is marked also where it is not known whether Okta holds it', async () => {
    const { org, state } = await settledWorld();
    const id = await state.journal.creating(1);
    await state.journal.created(id, 'gone');
    await state.journal.loading(id, [upserted('users', 'u1')]);
    await state.journal.settle(id, 'unknown');
    await run(org, state, { users: [{ externalId: 'u1', deleted: true }] }, { mode: 'delta' });
    expect(held(org).users['u1']).toBeUndefined();
  });

  it('an empty feed changes nothing, and the guard lets it pass', async () => {
    const { org, state, source } = await settledWorld();
    const report = await run(org, state, { users: [] }, { mode: 'delta', guard: {} });
    expect(report.requests).toBe(0);
    expect(held(org)).toEqual(wanted(source));
  });

  it('a membership that names a user the same feed removes is left out', async () => {
    const { org, state } = await settledWorld();
    const report = await run(
      org,
      state,
      {
        users: [{ externalId: 'u1', deleted: true }],
        memberships: [{ groupExternalId: 'g2', memberExternalId: 'u1' }],
      },
      { mode: 'delta' },
    );
    expect(report.rejections).toEqual([]);
    expect(report.sources.memberships).toMatchObject({ read: 1, leftOut: 1 });
  });

  it('a mark means nothing in a full read, and is rejected there', async () => {
    const { org, state, source } = await settledWorld();
    const users = source.users.map((user) =>
      user.externalId === 'u1' ? { externalId: 'u1', deleted: true as const } : user,
    );
    const report = await run(org, state, { ...source, users });
    expect(report.rejections).toMatchObject([{ code: 'MARKED_DELETED', externalId: 'u1' }]);
    expect(held(org)).toEqual(wanted(source));
  });

  it('its watermark is kept with the baseline, and a rejected record is owed', async () => {
    const { org, state } = await settledWorld();
    expect(await readWatermark(state)).toBeUndefined();
    const bad = { externalId: 'u1', profile: { userName: '', email: 'x' } };
    const refused = await run(org, state, { users: [bad] }, { mode: 'delta', watermark: 'w1' });
    expect(refused).toMatchObject({ watermarkKept: true, owed: { count: 1 } });
    expect(await readWatermark(state)).toBeUndefined();
    const kept = await run(
      org,
      state,
      { users: [{ externalId: 'u1', deleted: true }] },
      { mode: 'delta', watermark: async () => 'w2' },
    );
    expect(kept).toMatchObject({ watermarkKept: true, owed: { count: 0, records: [] } });
    expect(await readWatermark(state)).toBe('w2');
  });

  it('its watermark is read when the source has ended, before anything is sent', async () => {
    const { org, state } = await settledWorld();
    let requests: number | undefined;
    const sent = () => org.sessions(SOURCE).length;
    const before = sent();
    const users = [{ externalId: 'u1', deleted: true as const }];
    await run(org, state, { users }, { mode: 'delta', watermark: () => ((requests = sent()), 'w3') });
    expect(requests).toBe(before);
    expect(sent()).toBeGreaterThan(before);
    expect(await readWatermark(state)).toBe('w3');
  });
});

describe('adopt', () => {
  const target = { orgUrl: 'https://test.okta.example', identitySourceId: '0oasimulated000000001' };

  it('takes the source as what Okta holds: nothing is sent, and the next sync has nothing to do', async () => {
    const { org, source } = await settledWorld();
    const lost = memoryState();
    const { hash } = await plan({ state: lost, ...source });
    const before = org.sessions(target.identitySourceId).length;
    const report = await adopt({ state: lost, target, ...source, confirm: hash });
    expect(report.adopted).toBe(source.users.length + source.groups.length + source.memberships.length);
    expect(org.sessions(target.identitySourceId)).toHaveLength(before);
    expect((await run(org, lost, source)).requests).toBe(0);
    const next = await run(org, lost, without(source, 'u1'));
    expect(next.plan.entities.users.deletes).toBe(1);
  });

  it('wants the hash of just this plan', async () => {
    const { source } = await settledWorld();
    const lost = memoryState();
    const { hash } = await plan({ state: lost, ...source });
    await expect(adopt({ state: lost, target, ...source, confirm: 'yes' })).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_OPTIONS',
    });
    await expect(
      adopt({ state: lost, target, ...without(source, 'u1'), confirm: hash }),
    ).rejects.toMatchObject({ code: 'ERR_ROLLCALL_GUARD' });
    expect((await lost.counts()).users.known).toBe(0);
    expect(await lost.target()).toBeUndefined();
  });
});
