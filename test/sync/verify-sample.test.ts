import { describe, expect, it } from 'vitest';
import { OktaHttpError, OptionsError } from '../../src/core/errors.js';
import { membershipKey, type Entity } from '../../src/core/model.js';
import type { SampleReport } from '../../src/core/sample-results.js';
import { differenceId, type Difference } from '../../src/core/verify-results.js';
import type { DirectoryEdit, SimulatedOrg } from '../../src/simulator/index.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import { ChosenChanges } from '../../src/sync/sample/chosen-changes.js';
import { startSync, sync, type SyncOptions } from '../../src/sync/sync.js';
import { readWatermark } from '../../src/sync/watermark.js';
import { replaced } from '../support/replaced.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, expectConverged, makeOrg } from '../support/world.js';

const guard = { maxDeletePercent: 100, maxUpdatePercent: 100, maxGroupLossPercent: 100 };
const source = company(30);
const all = 1000;

interface World {
  readonly org: SimulatedOrg;
  readonly state: StateStore;
}

const world = (): World => ({ org: makeOrg(), state: memoryState() });

/** A sync after which somebody changes the org by hand, just before the changes are read back. */
async function sampled(
  { org, state }: World,
  options: Partial<SyncOptions> = {},
  edit?: (edit: DirectoryEdit) => void,
) {
  const report = await inVirtualTime(() =>
    sync({
      okta: clientOf(org),
      state,
      guard,
      ...source,
      verifySample: all,
      onEvent: ({ type }) => type === 'sample:start' && edit && org.edit(edit),
      ...options,
    }),
  );
  return { report, sample: report.sample as SampleReport };
}

const told = (difference: Difference) =>
  [difference.entity, difference.status, differenceId(difference), ...difference.attributes].join(' ');

/** The rows of the state that are unknown. */
async function doubted(state: StateStore): Promise<string[]> {
  const rows: string[] = [];
  for (const entity of ['users', 'groups', 'memberships'] as const)
    for await (const chunk of state.rows(entity))
      for (const { key, held } of chunk) if (held.kind === 'unknown') rows.push(`${entity} ${key}`);
  return rows.sort();
}

describe('the option verifySample', () => {
  it('reads every confirmed change back if there are fewer, and each group once', async () => {
    const here = world();
    const { sample } = await sampled(here);
    const changes = source.users.length + source.groups.length + source.memberships.length;
    expect(sample).toEqual({
      confirmed: changes,
      counts: { same: changes, missing: 0, differing: 0, foreign: 0, undetermined: 0 },
      differences: 0,
      examples: [],
      repaired: 0,
      notes: [],
    });
    const members = here.org.requests.filter(({ path }) => path.includes('/membership'));
    expect(members).toHaveLength(source.groups.length);
    expectConverged(here.org, source);
    expect(await doubted(here.state)).toEqual([]);
  });

  it('reads only as many as it says, and none if nothing was sent or without the option', async () => {
    const here = world();
    const first = await sampled(here, { verifySample: 7, random: () => 0.3 });
    expect(first.sample.counts).toMatchObject({ same: 7 });
    const before = here.org.requests.length;
    const idle = await sampled(here);
    expect([idle.sample.confirmed, idle.sample.counts.same]).toEqual([0, 0]);
    expect((await sampled(here, { verifySample: 0 })).report.sample).toBeUndefined();
    expect(here.org.requests).toHaveLength(before);
  });

  it('says what is missing and what differs; the next sync sends what is missing', async () => {
    const here = world();
    const { report, sample } = await sampled(here, {}, (edit) => {
      edit.removeUser('u1');
      edit.setUser('u3', { ...source.users[3]!.profile, lastName: 'Secret', costCenter: '12' });
      edit.setGroup('g1', { displayName: 'Secret', description: null });
      edit.removeGroup('g2');
      edit.removeMember('g0', 'u0');
    });
    const lost = source.memberships
      .filter(
        ({ groupExternalId: g, memberExternalId: m }) =>
          g === 'g2' || m === 'u1' || (g === 'g0' && m === 'u0'),
      )
      .map((one) => membershipKey(one.groupExternalId, one.memberExternalId));
    expect(sample.examples.slice(0, 4).map(told).sort()).toEqual([
      'groups differing g1 displayName',
      'groups missing g2',
      'users differing u3 lastName',
      'users missing u1',
    ]);
    expect(sample.counts).toMatchObject({ missing: 2 + lost.length, differing: 2, foreign: 0 });
    expect(sample.repaired).toBe(2 + lost.length);
    expect(await doubted(here.state)).toEqual(
      ['users u1', 'groups g2', ...lost.map((key) => `memberships ${key}`)].sort(),
    );
    expect(JSON.stringify(report)).not.toContain('Secret');
    const next = await sampled(here);
    expect(next.report.remaining).toBe(0);
    expect(next.sample).toMatchObject({ confirmed: 2 + lost.length, differences: 0 });
    expect(await doubted(here.state)).toEqual([]);
  });

  it('what is missing doubts its memberships too, which the sample did not read; the next sync sends them', async () => {
    const here = world();
    await sampled(here, { verifySample: 0 });
    const { users, groups, memberships } = company(30, ' changed');
    const changed = {
      users: source.users.map((user, i) => (i === 1 ? (users[i] as typeof user) : user)),
      groups: groups.map((group, i) => ({
        ...group,
        profile: { ...group.profile, description: i === 2 ? 'changed' : null },
      })),
    };
    // Only the changed user and the changed group are read back, and memberships have no source in this run.
    const run = { ...changed, memberships: undefined } as unknown as Partial<SyncOptions>;
    const { sample } = await sampled(here, run, (edit) => {
      edit.removeUser('u1');
      edit.removeGroup('g2');
    });
    expect(sample).toMatchObject({ confirmed: 2, counts: { missing: 2 }, repaired: 2 });
    const lost = memberships.filter(
      ({ groupExternalId: g, memberExternalId: m }) => g === 'g2' || m === 'u1',
    );
    expect(lost.length).toBeGreaterThan(2);
    const keys = lost.map((one) => membershipKey(one.groupExternalId, one.memberExternalId));
    expect(await doubted(here.state)).toEqual(
      ['users u1', 'groups g2', ...keys.map((key) => `memberships ${key}`)].sort(),
    );
    const next = await sampled(here, changed);
    expect(next.sample).toMatchObject({ confirmed: 2 + lost.length, differences: 0 });
    expectConverged(here.org, { ...source, ...changed });
    expect(await doubted(here.state)).toEqual([]);
  });

  it('who is only different, or is still there after a deletion, doubts no membership', async () => {
    const here = world();
    await sampled(here, { verifySample: 0 });
    const { users } = company(30, ' changed');
    const changed = source.users.map((user, i) => (i === 1 ? (users[i] as typeof user) : user));
    const { sample } = await sampled(here, { users: changed }, (edit) => {
      edit.setUser('u1', { ...source.users[1]!.profile, lastName: 'Other' });
    });
    expect(sample).toMatchObject({ confirmed: 1, counts: { differing: 1 }, repaired: 0 });
    expect(await doubted(here.state)).toEqual([]);
  });

  it('after deletions, what is still there is deleted again; a user who is shown is undetermined', async () => {
    const here = world();
    await sampled(here);
    const less = {
      users: source.users.filter(({ externalId }) => externalId !== 'u1'),
      groups: source.groups.filter(({ externalId }) => externalId !== 'g2'),
      memberships: source.memberships.filter(
        ({ groupExternalId: g, memberExternalId: m }) =>
          g !== 'g2' && m !== 'u1' && !(g === 'g0' && m === 'u0'),
      ),
    };
    const { sample } = await sampled(here, less, (edit) => {
      edit.setGroup('g2', { displayName: 'Back' });
      edit.addMember('g0', 'u0');
    });
    expect(sample.examples.map(told).sort()).toEqual(['groups foreign g2', 'memberships foreign g0/u0']);
    // The simulator shows deactivated users, as Okta may.
    expect(sample.counts).toMatchObject({ missing: 0, foreign: 2, undetermined: 1 });
    expect(await doubted(here.state)).toEqual(['groups g2', `memberships ${membershipKey('g0', 'u0')}`]);
    const next = await sampled(here, less);
    expect(next.sample).toMatchObject({ confirmed: 2, differences: 0 });
    expectConverged(here.org, less);
  });

  it('a deletion of a user whom Okta does not show any more is as sent', async () => {
    const here = world();
    await sampled(here);
    const less = {
      users: source.users.filter(({ externalId }) => externalId !== 'u1'),
      memberships: source.memberships.filter(({ memberExternalId }) => memberExternalId !== 'u1'),
    };
    const { sample } = await sampled(here, less, (edit) => edit.removeUser('u1'));
    expect(sample).toMatchObject({ differences: 0, counts: { undetermined: 0 } });
  });

  it('an outdated answer is not a difference', async () => {
    const here = world();
    const okta = clientOf(here.org);
    const asked = new Set<string>();
    const late = replaced(clientOf(here.org), {
      getUser: async (id, options) => {
        if (asked.has(id)) return okta.getUser(id, options);
        asked.add(id);
        return undefined;
      },
    });
    const { sample } = await sampled(here, { okta: late });
    expect(sample.differences).toBe(0);
    expect(sample.counts.undetermined).toBe(0);
  });

  it('a refusal or a failure is explained, doubts nothing, and does not fail the run', async () => {
    const failures: [Error, string][] = [
      [new OktaHttpError('getIdentitySourceUser', 403), 'okta.identitySources.read'],
      [new OktaHttpError('getIdentitySourceUser', 503), '503'],
      [new Error('u7@example.com'), 'an unknown failure'],
    ];
    for (const [error, text] of failures) {
      const here = world();
      const getUser = () => Promise.reject(error);
      const { report, sample } = await sampled(here, { okta: replaced(clientOf(here.org), { getUser }) });
      expect(report.remaining).toBe(0);
      expect(sample.counts.undetermined).toBe(source.users.length);
      expect(sample.counts.same).toBe(source.groups.length + source.memberships.length);
      expect(sample.notes.join()).toContain(text);
      expect(JSON.stringify(sample)).not.toContain('u7@example.com');
      expect(await doubted(here.state)).toEqual([]);
    }
  });

  it('if Okta has nothing of the sample, it says that the calls may not be offered', async () => {
    const here = world();
    const nobody = async () => undefined;
    const okta = replaced(clientOf(here.org), { getUser: nobody, getGroup: nobody, getMemberships: nobody });
    const { sample } = await sampled(here, { okta });
    expect(sample.notes).toEqual([expect.stringContaining('does not offer these calls')]);
    expect(sample.repaired).toBe(sample.confirmed);
  });

  it('keeps the watermark of a feed only if nothing is missing', async () => {
    const here = world();
    const { users } = source;
    await sampled(here, { mode: 'delta', users, watermark: 'one' }, (edit) => edit.removeUser('u4'));
    expect(await readWatermark(here.state)).toBeUndefined();
    const next = await sampled(here, { mode: 'delta', users, watermark: 'one' });
    // The user and its membership.
    expect(next.sample.confirmed).toBe(2);
    expect(await readWatermark(here.state)).toBe('one');
  });

  it('an abort ends the reading, doubts nothing, and the run has its report', async () => {
    const here = world();
    const running = await inVirtualTime(async () => {
      const run = startSync({
        okta: clientOf(here.org),
        state: here.state,
        ...source,
        verifySample: all,
        onEvent: ({ type }) => {
          if (type !== 'sample:start') return;
          here.org.edit((edit) => edit.removeUser('u1'));
          run.abort();
        },
      });
      return run.done;
    });
    expect(running.remaining).toBe(0);
    expect(running.sample).toMatchObject({ differences: 0, repaired: 0 });
    expect(running.sample?.counts.undetermined).toBeGreaterThan(0);
    expect(running.sample?.notes).not.toEqual([]);
    expect(await doubted(here.state)).toEqual([]);
  });

  it('refuses a number that is none, and a client that cannot read single entities', () => {
    const { org, state } = world();
    const options = { okta: clientOf(org), state, ...source };
    for (const verifySample of [-1, 1.5, 100_001, Number.NaN])
      expect(() => startSync({ ...options, verifySample })).toThrow(OptionsError);
    const { getUser, ...rest } = Object.fromEntries(
      ['orgUrl', 'identitySourceId', 'getUser', 'getGroup'].map((name) => [name, () => undefined]),
    );
    expect(getUser).toBeDefined();
    const okta = rest as unknown as SyncOptions['okta'];
    expect(() => startSync({ ...options, okta, verifySample: 1 })).toThrow(/no getUser/);
  });
});

describe('the changes of a sample', () => {
  const outcome = (externalId: string, entity: Entity = 'users') =>
    ({ entity, kind: 'upsert', externalId, created: true, sessionId: 's', outcome: 'confirmed' }) as const;

  it('are chosen with the same probability, from confirmed changes only', () => {
    let seed = 7;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const times = new Map<string, number>();
    for (let round = 0; round < 3000; round++) {
      const changes = new ChosenChanges(3, random);
      for (let i = 0; i < 10; i++) changes.add([outcome(`u${i}`), { ...outcome('no'), outcome: 'refused' }]);
      expect(changes.confirmed).toBe(10);
      expect(new Set(changes.chosen.map(({ key }) => key)).size).toBe(3);
      for (const { key } of changes.chosen) times.set(key, (times.get(key) ?? 0) + 1);
    }
    // 900 expected each; the standard deviation is 25.
    for (let i = 0; i < 10; i++) expect(Math.abs((times.get(`u${i}`) ?? 0) - 900)).toBeLessThan(125);
    expect(times.get('no')).toBeUndefined();
  });
});
