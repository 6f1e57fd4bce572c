import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OktaAuthError, OktaHttpError, OktaResponseError } from '../../src/core/errors.js';
import type { AppUser } from '../../src/okta/directory-client.js';
import type { DirectoryEdit, OrgOptions } from '../../src/simulator/index.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { UNKNOWN, type StateStore } from '../../src/state/store.js';
import { plan, sync } from '../../src/sync/sync.js';
import type { VerifyOptions } from '../../src/verify/verify-options.js';
import { verify } from '../../src/verify/verify.js';
import { differenceId, type Difference } from '../../src/core/verify-results.js';
import { replaced } from '../support/replaced.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, expectConverged, makeOrg } from '../support/world.js';

const source = company(30);
const writes = /POST|PUT|PATCH|DELETE/;

/** An org and a state that are in sync. */
async function synced(options: OrgOptions = {}, state: StateStore = memoryState()) {
  const org = makeOrg(options);
  const okta = clientOf(org);
  await inVirtualTime(() => sync({ okta, state, ...source }));
  const sent = org.requests.length;
  const check = async (more: Partial<VerifyOptions> = {}) => {
    const found: Difference[] = [];
    const onDifference = (difference: Difference) => void found.push(difference);
    const report = await verify({ okta, state, onDifference, ...more });
    expect(report.differences).toBe(found.length);
    expect(report.examples).toEqual(found.slice(0, 20));
    return { report, found: found.map(told).sort() };
  };
  /** The requests since the sync. */
  const asked = () => org.requests.slice(sent);
  return { org, okta, state, check, asked };
}

const told = (difference: Difference) =>
  [difference.entity, difference.status, differenceId(difference), ...difference.attributes].join(' ');

const { profile } = source.users[3]!;

/** One difference of each kind. */
function drift(edit: DirectoryEdit): void {
  edit.removeUser('u1');
  edit.setUser('u3', { ...profile, lastName: 'Other', firstName: null, costCenter: '12' });
  edit.setStatus('u4', 'DEACTIVATED');
  edit.setStatus('u5', 'UNCONFIRMED');
  edit.setUser('new', { userName: 'new@example.com' });
  edit.setUser('waiting', { userName: 'waiting@example.com' }, 'UNCONFIRMED');
  edit.setUser('gone', { userName: 'gone@example.com' }, 'DEACTIVATED');
  edit.setGroup('g1', { displayName: 'Other', description: 'new' });
  edit.removeGroup('g2');
  edit.setGroup('g9', { displayName: 'Nobody knows' });
  edit.removeMember('g0', 'u0');
  edit.addMember('g0', 'new');
}

const USER_DRIFT = [
  'users deactivated u4',
  'users differing u3 firstName lastName',
  'users foreign new',
  'users foreign waiting',
  'users missing u1',
  'users unconfirmed u5',
];

describe('verify', () => {
  it('finds nothing where nothing differs, and sends nothing', async () => {
    const { check, asked } = await synced();
    const { report, found } = await check();
    expect(found).toEqual([]);
    expect(report).toMatchObject({
      counts: {
        users: { same: 30 },
        groups: { same: 3 },
        memberships: { same: source.memberships.length },
      },
      repaired: 0,
      inFlight: 0,
      notes: [],
    });
    expect(asked().filter(({ method }) => writes.test(method))).toEqual([]);
  });

  it('finds every kind of difference, and names attributes but no values', async () => {
    const { org, check } = await synced();
    org.edit(drift);
    const { report, found } = await check();
    const g2 = source.memberships.filter((one) => one.groupExternalId === 'g2');
    const id = org.directory().groups.get('g9')!.id;
    expect(found.filter((line) => line.startsWith('users'))).toEqual(USER_DRIFT);
    expect(found.filter((line) => line.startsWith('groups'))).toEqual([
      'groups differing g1 displayName description',
      `groups foreign Okta id ${id}`,
      'groups missing g2',
    ]);
    const members = found.filter((line) => line.startsWith('memberships'));
    expect(members).toContain('memberships foreign g0/new');
    expect(members).toContain('memberships missing g0/u0');
    const ofU1 = source.memberships.filter(
      (one) => one.memberExternalId === 'u1' && one.groupExternalId !== 'g2',
    );
    expect(report.counts.memberships.missing).toBe(1 + g2.length + ofU1.length);
    expect(JSON.stringify(report)).not.toContain('example.com');
    expect(JSON.stringify(report)).not.toContain('Nobody knows');
  });

  it('does not count what Okta adds, or leaves out because it is empty', async () => {
    const { org, check } = await synced();
    org.edit((edit) => {
      const { title: _title, ...rest } = profile;
      edit.setUser('u3', { ...rest, costCenter: 'theirs', login: 'x' });
    });
    expect((await check()).found).toEqual([]);
  });

  it('reads users that wait for confirmation once, also where the list of users has them as well', async () => {
    const { okta, state } = await synced({ unconfirmed: (id) => id === 'u5' });
    const both = replaced(okta, {
      listAppUsers: async (options) => {
        const page = await okta.listAppUsers(options);
        return { ...page, items: [...(await okta.listUnconfirmedUsers()).items, ...page.items] };
      },
    });
    const { counts } = await verify({ okta: both, state });
    expect(counts.users).toMatchObject({ same: 29, unconfirmed: 1, foreign: 0 });
  });

  it('repair makes what is missing or differs unknown, so that the next sync sends it and nothing else', async () => {
    const { org, okta, state, check } = await synced();
    org.edit((edit) => {
      edit.removeUser('u1');
      edit.setUser('u3', { ...profile, lastName: 'Other' });
      edit.removeMember('g0', 'u0');
      edit.removeGroup('g2');
    });
    const { report } = await check({ repair: true });
    expect(report.repaired).toBe(report.differences);
    const { resends } = await plan({ state, ...source });
    expect(resends).toMatchObject({ users: 2, groups: 1 });
    await inVirtualTime(() => sync({ okta, state, ...source }));
    expectConverged(org, source);
    expect((await check()).found).toEqual([]);
  });

  it('repair leaves users alone that somebody deactivated at Okta', async () => {
    const { org, state, check } = await synced();
    org.edit((edit) => edit.setStatus('u4', 'DEACTIVATED'));
    expect((await check({ repair: true })).report.repaired).toBe(0);
    expect((await plan({ state, ...source })).requests).toBe(0);
  });

  it('tells what the state does not know itself', async () => {
    const { state, check } = await synced();
    await state.adopt([
      { entity: 'users', key: 'u7', held: UNKNOWN },
      { entity: 'users', key: 'never-arrived', held: UNKNOWN },
      { entity: 'groups', key: 'g1', held: UNKNOWN },
    ]);
    const { found, report } = await check({ repair: true });
    expect(found).toEqual(['groups unknown g1', 'users unknown never-arrived', 'users unknown u7']);
    expect(report.repaired).toBe(0);
  });

  it('compares with the sources where they are given, and repairs the state', async () => {
    const { org, okta, state, check } = await synced();
    org.edit((edit) => edit.setUser('u3', { ...profile, lastName: 'Other' }));
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('rollcall-verify-'));
    const users = source.users
      .slice(0, 29)
      .map((user) =>
        user.externalId === 'u7' ? { ...user, profile: { ...user.profile, firstName: 'New' } } : user,
      );
    const bad = { externalId: 'bad', profile: { userName: 'bad', email: 'x' } };
    const { found, report } = await check({ users: [...users, bad], repair: true });
    expect(found).toEqual([
      'users differing u3 lastName',
      'users differing u7 firstName',
      'users foreign u29',
    ]);
    expect(report).toMatchObject({ rejected: 1, repaired: 2, counts: { groups: { same: 0 } } });
    const after = (await readdir(tmpdir())).filter((name) => name.startsWith('rollcall-verify-'));
    expect(after).toEqual(before);
    expect((await check({ ...source })).report.counts.memberships.same).toBe(source.memberships.length);
    expect((await state.counts()).users).toEqual({ known: 28, unknown: 2 });
    await expect(verify({ okta, state, memberships: source.memberships })).rejects.toMatchObject({
      option: 'memberships',
    });
  });

  it('works with a state on disk, page by page', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'verify-test-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await using state = await openState(directory);
    const { org, okta, check } = await synced({}, state);
    org.edit(drift);
    const small = replaced(okta, {
      listAppUsers: (options) => okta.listAppUsers({ ...options, limit: 7 }),
      getMemberships: (id, options) => okta.getMemberships(id, { ...options, limit: 4 }),
    });
    const whole = await check();
    const paged = await check({ okta: small, repair: true });
    expect(paged.found).toEqual(whole.found);
    expect(paged.found.slice(-6)).toEqual(USER_DRIFT);
    expect((await check()).report.counts.users).toMatchObject({ missing: 0, differing: 0, unknown: 2 });
  });

  it('one by one it needs no Apps API, and finds what is missing and what differs', async () => {
    const { org, check, asked } = await synced({ appsApi: false });
    org.edit(drift);
    const { found, report } = await check({ readUsers: 'single' });
    expect(found.filter((line) => line.startsWith('users'))).toEqual([
      'users differing u3 firstName lastName',
      'users missing u1',
    ]);
    expect(report.readUsers).toBe('single');
    expect(asked().some(({ path }) => path.includes('/apps/'))).toBe(false);
  });

  it('a sample reads so many groups with their members, and so many users one by one', async () => {
    const { org, check, asked } = await synced();
    org.edit((edit) => edit.setGroup('g9', { displayName: 'Other' }));
    let draws = 0;
    const random = () => (draws++ % 7) / 7;
    const { report, found } = await check({ sample: 2, readUsers: 'single', random });
    expect(found).toEqual([]);
    expect(report.counts).toMatchObject({ users: { same: 2 }, groups: { same: 2 } });
    const groups = new Set(asked().flatMap(({ path }) => /\/groups\/(\w+)$/.exec(path)?.[1] ?? []));
    const expected = source.memberships.filter((one) => groups.has(one.groupExternalId)).length;
    expect([groups.size, report.counts.memberships.same]).toEqual([2, expected]);
  });

  it.each([
    [{ missingScopes: ['okta.apps.read'] }, 403, 'okta.apps.read'],
    [{ appsApi: false }, 404, 'does not offer'],
  ])('%o is explained', async (options, status, text) => {
    const { check } = await synced(options);
    await expect(check()).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_READ_BACK',
      operation: 'listApplicationUsers',
      status,
      message: expect.stringContaining(text) as string,
    });
  });

  it.each<[string, Error]>([
    ['400', new OktaHttpError('listUnconfirmedUsers', 400, 'E0000001')],
    ['405', new OktaHttpError('listUnconfirmedUsers', 405, 'E0000022')],
    ['another shape', new OktaResponseError('listUnconfirmedUsers', 200, 'expected an array of objects')],
  ])('an unusual answer to the list of those who wait is a note: %s', async (_, error) => {
    const { org, okta, check } = await synced();
    org.edit(drift);
    const listUnconfirmedUsers = () => Promise.reject(error);
    const { report, found } = await check({ okta: replaced(okta, { listUnconfirmedUsers }) });
    expect(report.notes).toEqual([`${error.message}; users who wait for confirmation may count as missing`]);
    expect(found).toContain('users deactivated u4');
    // This user waits for confirmation, and is not in the list of users.
    expect(found).toContain('users missing u5');
  });

  it.each([
    ['refused credentials', new OktaAuthError('listUnconfirmedUsers', 401, 'E0000011')],
    ['a fault of the service', new OktaHttpError('listUnconfirmedUsers', 500, 'E0000009')],
    ['a request that timed out', new OktaHttpError('listUnconfirmedUsers', 408)],
    ['too many requests', new OktaHttpError('listUnconfirmedUsers', 429, 'E0000047')],
  ])('which says nothing about the list ends the reading: %s', async (_, error) => {
    const { okta, check } = await synced();
    const listUnconfirmedUsers = () => Promise.reject(error);
    await expect(check({ okta: replaced(okta, { listUnconfirmedUsers }) })).rejects.toBe(error);
  });

  it('users whom Okta shows as revoked or staged are not active', async () => {
    const { org, okta, check } = await synced();
    org.edit((edit) => {
      for (const id of ['new', 'left']) edit.setUser(id, { userName: `${id}@example.com` });
    });
    const statuses = new Map([
      ['u1', 'REVOKED'],
      ['u2', 'STAGED'],
      ['u3', 'PROVISIONED'],
      ['left', 'REVOKED'],
      ['new', 'STAGED'],
    ]);
    const listAppUsers: typeof okta.listAppUsers = async (options) => {
      const page = await okta.listAppUsers(options);
      const shown = (user: AppUser) => ({
        ...user,
        status: statuses.get(user.externalId ?? '') ?? user.status,
      });
      return { ...page, items: page.items.map(shown) };
    };
    const { found } = await check({ okta: replaced(okta, { listAppUsers }) });
    // Whom nobody expects, and who may still become active, is named.
    expect(found).toEqual(['users deactivated u1', 'users deactivated u2', 'users foreign new']);
  });

  it('nothing counts as missing, or is repaired, of an identity source that Okta does not know', async () => {
    const { okta, state, check } = await synced();
    const other = { orgUrl: okta.orgUrl, identitySourceId: okta.identitySourceId };
    // The app of the identity source was deleted in the org.
    const gone = replaced(clientOf(makeOrg({ identitySources: ['0oaother'] })), other);
    for (const options of [
      { readUsers: 'single' },
      { ...source, readUsers: 'single', repair: true },
    ] as const)
      await expect(check({ okta: gone, ...options })).rejects.toMatchObject({
        operation: 'listIdentitySourceSessions',
        status: 404,
      });
    expect((await state.counts()).users).toMatchObject({ unknown: 0 });
  });

  it('asks once whether Okta knows the identity source, if something is missing, and not otherwise', async () => {
    const { org, check, asked } = await synced();
    const listed = () => asked().filter(({ path }) => path.endsWith('/sessions')).length;
    await check({ readUsers: 'single' });
    expect(listed()).toBe(0);
    org.edit((edit) => ['u1', 'u2', 'u3'].forEach((id) => edit.removeUser(id)));
    expect((await check({ readUsers: 'single' })).report.counts.users.missing).toBe(3);
    expect(listed()).toBe(1);
  });

  it('without the right to list groups, only groups that are not ours stay unseen', async () => {
    const { org, check } = await synced({ missingScopes: ['okta.groups.read'] });
    org.edit((edit) => edit.setGroup('g9', { displayName: 'Other' }));
    const { report, found } = await check();
    expect(found).toEqual([]);
    expect(report.notes).toEqual([expect.stringContaining('okta.groups.read')]);
  });

  it('refuses the state of another org, a repair while a session is in flight, and unknown options', async () => {
    const { state, check } = await synced();
    const elsewhere = replaced(clientOf(makeOrg()), { orgUrl: 'https://other.example' });
    await expect(check({ okta: elsewhere })).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE_TARGET' });
    await expect(check({ sample: 0 })).rejects.toMatchObject({ option: 'sample' });
    await expect(check({ smaple: 1 } as object)).rejects.toMatchObject({ option: 'smaple' });
    await state.journal.creating(0);
    await expect(check({ repair: true })).rejects.toMatchObject({ option: 'repair' });
    expect((await check()).report.inFlight).toBe(1);
  });

  it('reports its progress, and ends with its signal; nothing stays open', async () => {
    const { state, check } = await synced();
    const stop = new AbortController();
    const progress: string[] = [];
    const aborted = check({
      signal: stop.signal,
      onProgress: (entity, read) => {
        progress.push(`${entity} ${read}`);
        if (entity === 'groups') stop.abort();
      },
    });
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_ROLLCALL_ABORTED' });
    expect(progress).toEqual(['users 30', 'groups 1']);
    await (await state.read()).close();
  });

  it('a page that links to itself ends the reading', async () => {
    const { okta, check } = await synced();
    const loop = replaced(okta, { listAppUsers: async () => ({ items: [], next: 'again' }) });
    await expect(check({ okta: loop })).rejects.toMatchObject({ code: 'ERR_ROLLCALL_OKTA_RESPONSE' });
  });
});
