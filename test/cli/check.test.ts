import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openState } from '../../src/state/lmdb/open-state.js';
import type { StartOrgOptions } from '../../src/simulator/index.js';
import { ManualClock } from '../simulator/caller.js';
import { cli, clock, directory, envOf, files, jsonLines, org, QUICK, usersCsv } from './support.js';

/** A machine with an org and a file of users; returns a function that runs `check`. */
async function machine(options: StartOrgOptions = {}, csv = usersCsv(3)) {
  const [cwd, okta] = [await directory(), await org(options)];
  await files(cwd, { 'users.csv': csv });
  const env = envOf(okta);
  const check = (argv: readonly string[] = [], more: Parameters<typeof cli>[2] = {}) =>
    cli(cwd, ['check', '--users', 'users.csv', ...argv], { env, ...more });
  return { cwd, okta, env, check };
}

/** The line of a check, with its advice. */
function lineOf(out: string, name: string): string | undefined {
  return new RegExp(`^(ok|warning|fault) +${name} .*(\n {10,}.*)*`, 'm').exec(out)?.[0].replace(/\s+/g, ' ');
}

describe('check', () => {
  it('reads the credentials once', async () => {
    const [cwd, started] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(1) });
    let reads = 0;
    const env = new Proxy(envOf(started), {
      get(target, name: string) {
        if (name === 'OKTA_CLIENT_TOKEN') reads++;
        return target[name];
      },
    });
    const { out } = await cli(cwd, ['check', '--users', 'u.csv'], { env });
    expect(out).toContain('an API token');
    expect(reads).toBe(1);
  });

  it('finds no fault on a machine that is ready, creates nothing and sends nothing', async () => {
    const { cwd, okta, check } = await machine();
    const ran = await check();
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out.replace(/ +/g, ' ').split('\n')).toEqual([
      `ok settings ${okta.url}, identity source ${okta.identitySourceId}`,
      `ok state ${join(cwd, 'rollcall-state')}: does not exist yet; the first plan or sync creates it`,
      'ok users 3 records',
      'ok credentials an API token',
      'ok identity source Okta answers; 0 active sessions',
      'ok schema 7 attributes; the 4 that the users have fit',
      'ok reading back verify can list users and groups',
      'ok clock as in Okta',
      'ok rate limits requests in a window, mostly a minute: sessions 600, schemas 600, app-users 600, org-groups 600',
      '',
      'No fault.',
      '',
    ]);
    expect(existsSync(join(cwd, 'rollcall-state'))).toBe(false);
    expect(okta.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET', 'GET']);
  });

  it('checks all but Okta without credentials', async () => {
    const { check } = await machine();
    const ran = await check(['--org-url', 'https://example.okta.com', '--identity-source', '0oa1'], {
      env: {},
    });
    expect(ran).toMatchObject({ code: 0 });
    expect(lineOf(ran.out, 'users')).toBe('ok users 3 records');
    expect(lineOf(ran.out, 'credentials')).toContain('not set, so Okta was not checked Set OKTA_CLIENT');
    expect(ran.out).not.toContain('identity source Okta');
    expect(ran.out).toMatch(/\n\nNo fault, 1 warning\.\n$/);
  });

  it('a setting that is missing or wrong is a fault, and Okta is not asked', async () => {
    const { okta, env, check } = await machine();
    const { OKTA_IDENTITY_SOURCE_ID: _, ...less } = env;
    const ran = await check([], { env: less });
    expect(ran.code).toBe(1);
    expect(lineOf(ran.out, 'settings')).toContain('fault settings --identity-source: not set');
    expect((await check(['--org-url', 'https://x-admin.okta.com'])).out).toContain('Admin Console');
    expect(okta.requests).toEqual([]);
  });

  it('says what to do if Okta refuses the credentials or does not know the source', async () => {
    const { env, check } = await machine();
    const wrong = await check([], { env: { ...env, OKTA_CLIENT_TOKEN: 'secret-token' } });
    expect(wrong.code).toBe(1);
    expect(lineOf(wrong.out, 'identity source')).toContain('answered 401');
    expect(lineOf(wrong.out, 'identity source')).toContain('create a new one');
    expect(lineOf(wrong.out, 'schema')).toBeUndefined();
    expect(wrong.out).not.toContain('secret-token');
    const unknown = await check(['--identity-source', '0oaother']);
    expect(lineOf(unknown.out, 'identity source')).toContain('is that of its app in Okta');
    const forbidden = await machine({ missingScopes: ['okta.identitySources.read'] });
    expect(lineOf((await forbidden.check()).out, 'identity source')).toContain(
      'Use the API token of an administrator who may manage the app',
    );
  });

  it('a service app without the scope to send, or with a key that cannot be read, is a fault', async () => {
    const { env, check } = await machine();
    const { OKTA_CLIENT_TOKEN: _, ...rest } = env;
    const app = { ...rest, OKTA_CLIENT_CLIENTID: '0oaapp', OKTA_CLIENT_PRIVATEKEY: 'nonsense' };
    const scoped = await check([], { env: { ...app, OKTA_CLIENT_SCOPES: 'okta.identitySources.read' } });
    expect(lineOf(scoped.out, 'credentials')).toBe(
      'fault credentials service app 0oaapp without the scope okta.identitySources.manage Add it to OKTA_CLIENT_SCOPES.',
    );
    const keyless = await check([], { env: app });
    expect(keyless.code).toBe(1);
    expect(lineOf(keyless.out, 'connection')).toContain('privateKey');
    expect(keyless.out).not.toContain('nonsense');
    const half = await check([], { env: { ...rest, OKTA_CLIENT_CLIENTID: '0oaapp' } });
    expect(lineOf(half.out, 'credentials')).toContain('fault credentials OKTA_CLIENT_PRIVATEKEY: not set');
  });

  it('missing scopes of what a sync does not need are warnings', async () => {
    const { check } = await machine({
      missingScopes: ['okta.apps.read', 'okta.groups.read', 'okta.schemas.read'],
    });
    const ran = await check();
    expect(ran).toMatchObject({ code: 0 });
    expect(lineOf(ran.out, 'schema')).toContain('Grant the scope okta.schemas.read');
    expect(ran.out).toContain('verify needs --one-by-one');
    expect(ran.out).toContain('verify does not find groups that are not ours');
    expect(ran.out).toContain('No fault, 3 warnings.');
    const without = await machine({ appsApi: false });
    expect(lineOf((await without.check()).out, 'reading back')).toContain('Okta does not offer it');
  });

  it('compares the attributes with the schema: unknown, required, too long', async () => {
    const csv = [
      'externalId,userName,email,firstName,lastName,departmnt,badge',
      '1,a@example.com,a@example.com,A,A,secret-dept,123456',
      '2,b@example.com,b@example.com,B,B,secret-dept,',
    ].join('\n');
    const customAttributes = { department: {}, badge: { required: true, maxLength: 5 } };
    const { check } = await machine({ customAttributes }, csv);
    const ran = await check();
    expect(ran.code).toBe(1);
    expect(ran.out).toContain('Okta has no attribute "departmnt"; did you mean "department"?');
    expect(ran.out).toContain('"badge" is required: 1 user without it');
    expect(ran.out).toContain('"badge" may have 5 characters; the longest value has 6');
    expect(ran.out).toContain('\n3 faults.\n');
    expect(ran.out).not.toMatch(/secret-dept|123456/);
    const quiet = await check(['--quiet']);
    expect(quiet).toMatchObject({ code: 1, out: '' });
    expect(quiet.err.match(/^fault/gm)).toHaveLength(3);
  });

  it('names an attribute of the mapping that no user has a value for, and a required one that is not mapped', async () => {
    const { cwd, check } = await machine({ customAttributes: { badge: { required: true } } });
    await files(cwd, {
      'map.json': JSON.stringify({
        users: {
          externalId: 'externalId',
          profile: { userName: 'userName', email: 'email', costs: { column: 'firstName', empty: 'omit' } },
        },
      }),
      'users.csv': 'externalId,userName,email,firstName\n1,a@example.com,a@example.com,\n',
    });
    const ran = await check(['--map', 'map.json']);
    expect(lineOf(ran.out, 'mapping')).toContain('map.json');
    expect(ran.out).toContain('Okta has no attribute "costs"');
    expect(ran.out).toContain('"badge" is required: 1 user without it');
    await files(cwd, { 'map.json': '{ "users": {} }' });
    expect(lineOf((await check(['--map', 'map.json'])).out, 'mapping')).toMatch(
      /^fault mapping .*map.json:1/,
    );
  });

  it('counts the rows of each source, and names what is rejected, empty or cannot be read', async () => {
    const { cwd, check } = await machine({}, `${usersCsv(2)}u9,x,wrong,a,b\n`);
    await files(cwd, { 'groups.csv': 'externalId,displayName\n' });
    const ran = await check(['--groups', 'groups.csv', '--memberships', 'none.csv']);
    expect(ran.code).toBe(1);
    expect(lineOf(ran.out, 'users')).toContain('warning users 3 records, 1 rejected: users u9');
    expect(lineOf(ran.out, 'groups')).toContain('warning groups the source has no records');
    expect(lineOf(ran.out, 'memberships')).toMatch(/^fault memberships .*none.csv: cannot be read/);
    const none = await cli(cwd, ['check']);
    expect(lineOf(none.out, 'sources')).toBe(
      'warning sources none is set Use --users, --groups or --memberships.',
    );
  });

  it.each([
    [
      'login',
      'u9,u0@example.com,b@example.com,a,b',
      'userName is that of an earlier record',
      'DUPLICATE_LOGIN',
    ],
    ['login in capitals', 'u9,U0@Example.com,b@example.com,a,b', 'userName is that of', 'DUPLICATE_LOGIN'],
    ['id', 'u0,b@example.com,b@example.com,a,b', 'the same externalId appears earlier', 'DUPLICATE'],
  ])('counts a %s that appears twice as rejected, as plan does', async (_, row, reason, code) => {
    const { cwd, check } = await machine({}, `${usersCsv(2)}${row}\n`);
    const line = lineOf((await check()).out, 'users');
    expect(line).toContain('warning users 3 records, 1 rejected: users');
    expect(line).toContain('(users.csv:4)');
    expect(line).toContain(reason);
    const { out } = await cli(cwd, ['plan', '--users', 'users.csv', '--json']);
    const { plan } = jsonLines(out)[0] as unknown as { plan: { rejections: { code: string }[] } };
    expect(plan.rejections.map((rejection) => rejection.code)).toEqual([code]);
    expect(line).toContain(`[${code}]`);
    if (code === 'DUPLICATE')
      expect(lineOf((await check(['--on-duplicate', 'fail'])).out, 'users')).toMatch(/^fault users users u0/);
  });

  it('says what the state holds, that it is in use, required, or of another org', async () => {
    const { cwd, env, check } = await machine();
    expect(lineOf((await check(['--require-state'])).out, 'state')).toMatch(
      /^fault state .*rollcall plan --no-require-state.*--require-state is set/,
    );
    await cli(cwd, ['sync', '--users', 'users.csv', ...QUICK], { env });
    expect(lineOf((await check()).out, 'state')).toContain('Okta confirmed 3 users, 0 groups, 0 memberships');
    // The state knows its org: the token is all there is to say.
    expect((await check([], { env: { OKTA_CLIENT_TOKEN: env['OKTA_CLIENT_TOKEN'] as string } })).code).toBe(
      0,
    );
    const moved = await check(['--org-url', 'https://new.okta.com']);
    expect(lineOf(moved.out, 'settings')).toMatch(/^fault .*the state belongs to .*state retarget/);
    const other = await check(['--identity-source', '0oaother']);
    expect(lineOf(other.out, 'settings')).toContain('Use another --state');
    const state = await openState(join(cwd, 'rollcall-state'), { clock });
    expect(lineOf((await check()).out, 'state')).toMatch(/^warning state .*in use by process/);
    await state.journal.creating(clock.now());
    await state.close();
    expect(lineOf((await check()).out, 'state')).toMatch(/^warning state .*; 1 session in flight/);
  });

  it('a session of somebody else is a warning', async () => {
    const { okta, check } = await machine();
    const created = await fetch(`${okta.url}/api/v1/identity-sources/${okta.identitySourceId}/sessions`, {
      method: 'POST',
      headers: { authorization: `SSWS ${okta.token}` },
    });
    const { id } = (await created.json()) as { id: string };
    expect(lineOf((await check()).out, 'identity source')).toContain(`rollcall cancel --force ${id}`);
  });

  it('a clock that is wrong is a warning', async () => {
    const { check } = await machine();
    const wholeSecond = Math.floor(clock.now() / 1000) * 1000;
    const late = new ManualClock(wholeSecond - 90_000);
    const ran = await check([], { deps: { clock: late } });
    expect(ran.code).toBe(0);
    expect(lineOf(ran.out, 'clock')).toContain("warning clock 90 seconds behind Okta's");
  });

  it('writes the same as JSON', async () => {
    const { check } = await machine();
    expect(jsonLines((await check(['--json'])).out).at(-1)).toMatchObject({
      type: 'check:report',
      report: { faults: 0, warnings: 0, checks: expect.arrayContaining([expect.any(Object)]) as unknown },
    });
  });
});
