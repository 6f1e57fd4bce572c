import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { UserRecord } from '../../src/core/model.js';
import { exportState } from '../../src/state/export-import/export-state.js';
import { importState } from '../../src/state/export-import/import-state.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import { plan, sync, type SyncOptions } from '../../src/sync/sync.js';
import { verify } from '../../src/verify/verify.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, held, makeOrg } from '../support/world.js';

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const user = (externalId: string, userName: string, title = 'x'): UserRecord => ({
  externalId,
  profile: { userName, email: `${externalId}@example.com`, title },
});
const anna = (externalId: string, title?: string) => user(externalId, 'anna.berg@example.com', title);
/** Nothing but the logins is of interest here. */
const guard = { maxDeletePercent: 100, maxDeletes: 1000, maxUpdatePercent: 100, allowEmpty: true };

function started(state: StateStore = memoryState()) {
  const org = makeOrg();
  const run = (users: readonly UserRecord[], options: Partial<SyncOptions> = {}, of = state) =>
    inVirtualTime(() =>
      sync({ okta: clientOf(org), state: of, users, uniqueLogins: true, guard, ...options }),
    );
  const logins = () =>
    Object.fromEntries(Object.entries(held(org).users).map(([id, { userName }]) => [id, userName]));
  return { org, state, run, logins };
}

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'rollcall-unique-'));
  cleanUps.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function onDisk(): Promise<StateStore> {
  const state = await openState(await directory());
  cleanUps.push(() => state.close());
  return state;
}

const BOTH = { a: 'anna.berg@example.com', b: 'anna.berg2@example.com' };

it('gives attributes that follow the same number, and refuses options that are not valid', async () => {
  const { run, org } = started();
  const users = ['a', 'b'].map((id) => {
    const { profile } = anna(id);
    return { externalId: id, profile: { ...profile, email: 'Anna.Berg@mail.example.com' } };
  });
  const emails = () => Object.entries(held(org).users).map(([id, { email }]) => [id, email]);
  const uniqueLogins = { follow: ['email', 'secondEmail'] };
  await run(users, { uniqueLogins });
  const both = [
    ['a', 'Anna.Berg@mail.example.com'],
    ['b', 'Anna.Berg2@mail.example.com'],
  ];
  expect(emails()).toEqual(both);
  const again = await run([...users].reverse(), { uniqueLogins });
  expect([again.requests, emails()]).toEqual([0, both]);
  for (const bad of [{ follow: 'email' }, { follow: ['userName'] }, { follow: [''] }, { follows: [] }, 1])
    await expect(
      plan({ state: memoryState(), users: [], uniqueLogins: bad as never }),
      JSON.stringify(bad),
    ).rejects.toThrow(/uniqueLogins|follows/);
});

describe.each([
  ['in memory', () => memoryState()],
  ['on disk', onDisk],
] as const)('a login that is taken, with a state %s', (_, open) => {
  it('gets the next free form, which stays whatever the order of rows and whoever leaves', async () => {
    const { run, logins } = started(await open());
    await run([anna('a'), anna('b')]);
    expect(logins()).toEqual(BOTH);
    const again = await run([anna('b'), anna('c'), anna('a')]);
    expect(again.sources.users).toMatchObject({ unchanged: 2, creates: 1, updates: 0, rejected: 0 });
    expect(logins()).toEqual({ ...BOTH, c: 'anna.berg3@example.com' });
    await run([anna('c'), anna('b')]);
    expect(logins()).toEqual({ b: BOTH.b, c: 'anna.berg3@example.com' });
    const changed = await run([anna('c', 'y'), anna('b', 'y'), anna('d')]);
    expect(changed.sources.users).toMatchObject({ updates: 2, creates: 1 });
    expect(logins()).toEqual({ b: BOTH.b, c: 'anna.berg3@example.com', d: BOTH.a });
  });

  it('is not that of a person who leaves in the same run', async () => {
    const { run, logins } = started(await open());
    await run([anna('a')]);
    await run([anna('b')]);
    expect(logins()).toEqual({ b: BOTH.b });
  });
});

describe('forms of a login', () => {
  it('ignore case, keep it, and need no address', async () => {
    const { run, logins } = started();
    await run([user('a', 'Ab@example.com'), user('b', 'aB@example.com'), user('c', 'AB@EXAMPLE.COM')]);
    expect(logins()).toEqual({ a: 'Ab@example.com', b: 'aB2@example.com', c: 'AB3@EXAMPLE.COM' });
    await run([user('c', 'ab@example.com'), user('b', 'ab@example.com'), user('a', 'ab@example.com')]);
    expect(logins()).toEqual({ a: 'ab@example.com', b: 'ab2@example.com', c: 'ab3@example.com' });
    const plain = started();
    await plain.run([user('a', 'ann'), user('b', 'ann')]);
    expect(plain.logins()).toEqual({ a: 'ann', b: 'ann2' });
  });

  it('skip a login that another person has of its own', async () => {
    const { run, logins } = started();
    await run([user('own', BOTH.b), anna('a'), anna('b')]);
    expect(logins()).toEqual({ own: BOTH.b, a: BOTH.a, b: 'anna.berg3@example.com' });
    await run([anna('new'), user('own', BOTH.b), anna('b'), anna('a')]);
    expect(logins()).toMatchObject({
      own: BOTH.b,
      b: 'anna.berg3@example.com',
      new: 'anna.berg4@example.com',
    });
  });

  it('are given anew to a person whose login changes', async () => {
    const { run, logins } = started();
    await run([anna('a'), anna('b'), user('c', 'cid@example.com')]);
    await run([anna('a'), user('b', 'cid@example.com'), user('c', 'cid@example.com')]);
    expect(logins()).toEqual({ a: BOTH.a, b: 'cid2@example.com', c: 'cid@example.com' });
  });

  it('are many, and stay', async () => {
    const { run, logins } = started();
    const users = Array.from({ length: 90 }, (_, i) => anna(`u${i}`));
    await run(users);
    const before = logins();
    expect(new Set(Object.values(before)).size).toBe(90);
    expect(before['u89']).toBe('anna.berg90@example.com');
    const report = await run([...users].reverse());
    expect(report.sources.users).toMatchObject({ unchanged: 90, updates: 0 });
  });

  it('are not taken by duplicate records, and not by records without a login', async () => {
    const { run, logins } = started();
    const broken = { externalId: 'x', profile: { userName: 5, email: 'x@example.com' } };
    const report = await run([anna('a'), anna('a'), broken as unknown as UserRecord, anna('b')]);
    expect(report.sources.users).toMatchObject({ creates: 2, rejected: 2 });
    expect(logins()).toEqual(BOTH);
  });

  it('belong to a person whose record is rejected for a day', async () => {
    const { run, logins } = started();
    await run([anna('a')]);
    const bad = { externalId: 'a', profile: { ...anna('a').profile, email: 'none' } };
    await run([bad, anna('b')]);
    await run([anna('b'), anna('a')]);
    expect(logins()).toEqual(BOTH);
  });

  it('are the same in each plan, and a plan takes none', async () => {
    const { run, logins, state } = started();
    const users = [anna('a'), anna('b')];
    const one = await plan({ state, users, uniqueLogins: true });
    const two = await plan({ state, users, uniqueLogins: true });
    expect(two.hash).toBe(one.hash);
    await run([anna('b'), anna('a')]);
    expect(logins()).toEqual({ b: BOTH.a, a: BOTH.b });
  });

  it('stay with a resend, and with rows of unknown outcome', async () => {
    const { run, logins, state } = started();
    await run([anna('a'), anna('b')]);
    await run([anna('b'), anna('a')], { resend: ['all'] });
    expect(logins()).toEqual(BOTH);
    const rows = ['a', 'b'].map((key) => ({ entity: 'users', key, held: { kind: 'unknown' } }) as const);
    await state.adopt(rows);
    const report = await run([anna('c'), anna('b'), anna('a')]);
    expect(report.sources.users).toMatchObject({ creates: 3, rejected: 0 });
    expect(logins()).toEqual({ ...BOTH, c: 'anna.berg3@example.com' });
  });

  it.each([true, false])('survive an export and import, with asOfNow: %s', async (asOfNow) => {
    const { run, logins, state } = started();
    await run([anna('a'), anna('b')]);
    const other = await onDisk();
    const file = join(await directory(), 'state.ndjson');
    await exportState(state, file);
    await importState(file, other, { asOfNow });
    const report = await run([anna('c'), anna('b'), anna('a')], {}, other);
    expect(report.sources.users).toMatchObject(asOfNow ? { unchanged: 2, creates: 1 } : { creates: 3 });
    expect(logins()).toEqual({ ...BOTH, c: 'anna.berg3@example.com' });
  });

  it('are those of the state for a feed of changes, and for verify with sources', async () => {
    const { run, logins, state, org } = started();
    await run([anna('a'), anna('b')]);
    const feed = { mode: 'delta' as const };
    await run([anna('c'), anna('b', 'y'), anna('c', 'y')], feed);
    expect(logins()).toEqual({ ...BOTH, c: 'anna.berg3@example.com' });
    const users = [anna('c', 'y'), anna('b', 'y'), anna('a')];
    const report = await verify({ okta: clientOf(org), state, users, uniqueLogins: true });
    expect(report.counts.users).toMatchObject({ same: 3, missing: 0 });
  });

  it('do not hide ids that have changed', async () => {
    const { state, run } = started();
    const people = (prefix: string) =>
      Array.from({ length: 5 }, (_, i) => user(`${prefix}${i}`, `p${i}@example.com`));
    const others = Array.from({ length: 40 }, (_, i) => user(`o${i}`, `o${i}@example.com`));
    await run([...people('old'), ...others]);
    const made = await plan({ state, users: [...people('new'), ...others], uniqueLogins: true });
    expect(made.trips).toContainEqual(expect.objectContaining({ rule: 'idChanges', actual: 5 }));
  });

  it('end at 199, and the next one is rejected', async () => {
    const state = memoryState();
    const users = Array.from({ length: 201 }, (_, i) => anna(`u${i}`));
    const made = await plan({ state, users, uniqueLogins: true });
    expect(made.sources.users).toMatchObject({ creates: 199, rejected: 2 });
    expect(made.rejections[0]).toMatchObject({ externalId: 'u199', code: 'DUPLICATE_LOGIN' });
  });

  it('are off without the option, which takes true or false', async () => {
    const { run } = started();
    const report = await run([anna('a'), anna('b')], { uniqueLogins: false });
    expect(report.sources.users).toMatchObject({ creates: 1, rejected: 1 });
    await expect(plan({ state: memoryState(), users: [], uniqueLogins: 1 as never })).rejects.toThrow(
      'uniqueLogins',
    );
  });
});
