import { describe, expect, it } from 'vitest';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { adopt } from '../../src/sync/adopt.js';
import { plan, sync, type SyncOptions } from '../../src/sync/sync.js';
import { readWatermark } from '../../src/sync/watermark.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, held, makeOrg, ORG_URL, SOURCE, wanted } from '../support/world.js';

const guard = { maxDeletePercent: 100, maxUpdatePercent: 100 };

/** An org and a state that hold a small company; `run` syncs it again, with other options. */
async function syncedWorld(options: Parameters<typeof makeOrg>[0] = {}) {
  const org = makeOrg(options);
  const state = memoryState();
  const source = company(10);
  const run = (more: Partial<SyncOptions> = {}) =>
    inVirtualTime(() => sync({ okta: clientOf(org), state, guard, ...source, ...more }));
  await run();
  return { org, state, source, run };
}

describe('a delta feed', () => {
  it('is read again from its last watermark when Okta refused a record of it', async () => {
    let refuses = true;
    const { state, run } = await syncedWorld({
      refuseItem: ({ externalId }) => refuses && externalId === 'new',
    });
    const users = [{ externalId: 'new', profile: { userName: 'new@example.com', email: 'new@example.com' } }];
    const feed = { users, groups: [], memberships: [], mode: 'delta', watermark: 'w1' } as const;
    const first = await run(feed);
    expect([first.refused.length, first.rejections.length, first.watermarkKept]).toEqual([1, 0, true]);
    expect(first.owed).toMatchObject({ count: 1, records: [{ externalId: 'new', watermark: undefined }] });
    expect(await readWatermark(state)).toBeUndefined();
    refuses = false;
    expect(await run(feed)).toMatchObject({ watermarkKept: true, owed: { count: 0 } });
    expect(await readWatermark(state)).toBe('w1');
  });
});

describe('absences', () => {
  it('are not counted by a run that fails while it sends', async () => {
    const { org, state, source, run } = await syncedWorld();
    const absence = { reads: 2, minAgeMs: 0 };
    const users = source.users
      .slice(1)
      .map((user) => ({ ...user, profile: { ...user.profile, title: 'x' } }));
    org.setFault(({ path }) => (path.endsWith('/bulk-upsert') ? { kind: 'unauthorized' } : undefined));
    await expect(run({ users, absence })).rejects.toMatchObject({ status: 401 });
    org.setFault(undefined);
    expect(await state.absences('users')).toEqual(new Map());
    const deletes: number[] = [];
    for (let day = 0; day < 2; day++)
      deletes.push((await run({ users, absence })).plan.entities.users.deletes);
    expect(deletes).toEqual([0, 1]);
  });
});

describe('adopt', () => {
  it('is refused while a session is in flight, whose outcome would contradict it', async () => {
    const { state, source } = await syncedWorld();
    const target = { orgUrl: ORG_URL, identitySourceId: SOURCE };
    const { hash: confirm } = await plan({ state, ...source });
    const id = await state.journal.creating(0);
    await expect(adopt({ state, target, ...source, confirm })).rejects.toThrow('a session is in flight');
    await state.journal.settle(id, 'dropped');
    expect(await adopt({ state, target, ...source, confirm })).toMatchObject({ adopted: 0 });
  });

  it('refuses an option that it does not know', async () => {
    const { state, source } = await syncedWorld();
    const target = { orgUrl: ORG_URL, identitySourceId: SOURCE };
    const { hash: confirm } = await plan({ state, ...source });
    for (const wrong of [{ abscence: {} }, { only: ['u1'] }, { guard: {} }])
      await expect(adopt({ state, target, ...source, confirm, ...wrong })).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_OPTIONS',
      });
  });
});

describe('plan', () => {
  it('shows that the guard stops an empty source', async () => {
    const { state, source } = await syncedWorld();
    const { trips } = await plan({ state, ...source, users: [], guard });
    expect(trips.map(({ entity, rule }) => [entity, rule])).toContainEqual(['users', 'emptySource']);
    const allowed = await plan({ state, ...source, users: [], guard: { ...guard, allowEmpty: true } });
    expect(allowed.trips.map(({ rule }) => rule)).not.toContain('emptySource');
  });
});

describe('the option validate', () => {
  it('of a sync has the rules of each entity', async () => {
    const { org, source, run } = await syncedWorld();
    const report = await run({
      users: source.users.map((user) => ({ ...user, profile: { ...user.profile, firstName: 'Zoë 😀' } })),
      validate: {
        users: { unsupportedCharacters: { replaceWith: '?' } },
        groups: { required: ['displayName', 'description'] },
      },
    });
    const rejected = new Set(report.rejections.map(({ entity }) => entity));
    expect([...rejected]).toEqual(['groups']);
    const replaced = source.users.map((user) => ({
      ...user,
      profile: { ...user.profile, firstName: 'Zoë ?' },
    }));
    expect(held(org).users).toEqual(wanted({ ...source, users: replaced }).users);
  });
});
