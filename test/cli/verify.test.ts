import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, directory, envOf, files, jsonLines, org, QUICK, usersCsv } from './support.js';

/** An org and a directory that are in sync; returns a function that runs `verify`. */
async function synced(count = 3, options: Parameters<typeof org>[0] = {}) {
  const cwd = await directory();
  const okta = await org(options);
  const env = envOf(okta);
  await files(cwd, { 'users.csv': usersCsv(count) });
  expect(await cli(cwd, ['sync', '--users', 'users.csv', ...QUICK], { env })).toMatchObject({ code: 0 });
  const verify = (...argv: string[]) => cli(cwd, ['verify', ...argv], { env });
  return { cwd, okta, env, verify };
}

const other = { userName: 'secret-value@example.com', email: 'secret-value@example.com' };

describe('verify', () => {
  it('exits with 0 where nothing differs', async () => {
    const { verify } = await synced();
    const ran = await verify();
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/nothing differs\.\n\n[^]*users +3 +0 +0 +0 +0 +0 +0\n/);
  });

  it('exits with 6 where something does, names it, and writes files without values', async () => {
    const { cwd, okta, verify } = await synced(30);
    okta.edit((edit) => {
      edit.setUser('u1', other);
      edit.setUser('=cmd', other);
      for (let i = 3; i < 28; i++) edit.removeUser(`u${i}`);
    });
    const ran = await verify('--report', 'out');
    expect(ran.code).toBe(6);
    expect(ran.out).toMatch(/not as expected: .*\./);
    expect(ran.out).toContain('  user u1 differing: userName, email, firstName, lastName\n');
    expect(ran.out).toContain('and 7 more; --report DIR lists all of them');
    expect((await readdir(join(cwd, 'out'))).sort()).toEqual([
      'differences.csv',
      'verify.html',
      'verify.json',
    ]);
    const page = await readFile(join(cwd, 'out/verify.html'), 'utf8');
    expect(page).toContain('<title>Not as expected in Okta: ');
    expect(page).toMatch(/u1<\/span>[^]*?userName, email, firstName, lastName/);
    const csv = await readFile(join(cwd, 'out/differences.csv'), 'utf8');
    const json = await readFile(join(cwd, 'out/verify.json'), 'utf8');
    expect(csv.split('\n')).toHaveLength(29);
    expect(csv).toContain('users,differing,u1,,userName;email;firstName;lastName,\n');
    expect(csv).toContain("users,foreign,'=cmd,,");
    expect(JSON.parse(json)).toMatchObject({ differences: 27, counts: { users: { same: 4, missing: 25 } } });
    expect(ran.out + csv + json + page).not.toContain('secret-value');
  });

  it('--repair doubts the rows, and the next sync sends them', async () => {
    const { cwd, okta, env, verify } = await synced();
    okta.edit((edit) => edit.removeUser('u1'));
    const repaired = await verify('--repair', '--json');
    expect(jsonLines(repaired.out).at(-1)).toMatchObject({ type: 'verify:report', report: { repaired: 1 } });
    expect((await cli(cwd, ['sync', '--users', 'users.csv', ...QUICK], { env })).out).toContain('1 user in');
    expect((await verify()).code).toBe(0);
  });

  it('compares with the sources only where the command line asks for it', async () => {
    const { cwd, verify } = await synced();
    await files(cwd, {
      'users.csv': usersCsv(4),
      'rollcall.config.json': JSON.stringify({ users: ['users.csv'] }),
    });
    expect((await verify()).code).toBe(0);
    expect((await verify('--sources')).out).toContain('user u3 missing');
    expect((await verify('--users', 'users.csv')).code).toBe(6);
  });

  it('explains a 403 and a 404, and reads users one by one, or some of them', async () => {
    for (const [options, text] of [
      [{ missingScopes: ['okta.apps.read'] }, 'okta.apps.read'],
      [{ appsApi: false }, 'does not offer'],
    ] as const) {
      const { cwd, verify } = await synced(5, options);
      const refused = await verify('--report', 'out');
      expect(refused).toMatchObject({ code: 1, out: '' });
      expect(refused.err).toContain(text);
      expect(refused.err).toContain('--one-by-one');
      expect(await readdir(join(cwd, 'out'))).toEqual([]);
      expect((await verify('--one-by-one')).out).toMatch(/nothing differs in what was read[^]*users +5 /);
      expect((await verify('--one-by-one', '--sample', '2')).out).toMatch(/users +2 /);
    }
  });

  it('without a state that is required, does not offer to create one, which it never does', async () => {
    const { cwd, env } = await synced(1);
    await files(cwd, { 'rollcall.config.json': '{ "requireState": true }' });
    const lost = await cli(cwd, ['verify', '--state', 'lost'], { env });
    expect(lost.code).not.toBe(0);
    expect(lost.err).toContain('ERR_ROLLCALL_STATE_MISSING');
    expect(lost.err).not.toContain('create a new one');
  });

  it('shows its progress', async () => {
    const { okta, verify } = await synced();
    okta.edit((edit) => {
      for (let i = 0; i < 5500; i++) edit.setUser(`x${i}`, other);
    });
    const lines = jsonLines((await verify('--json')).out);
    expect(lines.filter(({ type }) => type === 'verify:progress')).toMatchObject([
      { entity: 'users', read: 5000 },
    ]);
  });

  it('refuses a wrong sample, and a state that is not there, without creating one', async () => {
    const { cwd, verify } = await synced();
    expect(await verify('--sample', '0')).toMatchObject({ code: 2 });
    expect(await verify('--state', 'nowhere')).toMatchObject({ code: 1 });
    expect(await readdir(cwd)).not.toContain('nowhere');
  });
});

describe('sync --adopt verified', () => {
  it('records what Okta has for a state that was lost; the next sync deletes who left', async () => {
    const { cwd, env, okta } = await synced(4);
    await files(cwd, { 'users.csv': usersCsv(3) });
    const adopt = ['sync', '--users', 'users.csv', '--state', 'new'];
    const ran = await cli(cwd, [...adopt, '--adopt', 'verified'], { env });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.out).toContain('user u3 not ours');
    expect(ran.out).toContain('The state now records 3 rows as confirmed by Okta. Nothing was sent.');
    expect(ran.out).toContain('The next sync deletes 1 row that only Okta has');
    expect(await cli(cwd, [...adopt, ...QUICK], { env })).toMatchObject({ code: 0 });
    expect(okta.directory().users.get('u3')?.status).toBe('DEACTIVATED');
    expect(okta.directory().activeUsers).toBe(3);
  });

  it('where the list of users is not offered, names the way that there is', async () => {
    const { cwd, env } = await synced(3, { appsApi: false });
    const argv = ['sync', '--users', 'users.csv', '--state', 'new', '--adopt', 'verified'];
    const refused = await cli(cwd, argv, { env });
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('--adopt HASH');
    expect(refused.err).not.toContain('--one-by-one');
  });

  it('exits with 5 where a record is rejected, and with 2 for a state that has rows', async () => {
    const { cwd, env } = await synced(3);
    await files(cwd, { 'bad.csv': `${usersCsv(3)}u9,x,wrong,a,b\n` });
    const adopt = ['sync', '--users', 'bad.csv', '--adopt', 'verified'];
    const ran = await cli(cwd, [...adopt, '--state', 'new', '--json'], { env });
    expect(ran.code).toBe(5);
    expect(jsonLines(ran.out).at(-1)).toMatchObject({ type: 'adopt:report', adopted: 3, leavers: 0 });
    expect(await cli(cwd, adopt, { env })).toMatchObject({ code: 2 });
  });
});

describe('sync --verify-sample', () => {
  it('exits with 6 if a change is not found at Okta, says it everywhere, and status shows it', async () => {
    const cwd = await directory();
    const okta = await org();
    const env = envOf(okta);
    await files(cwd, { 'users.csv': usersCsv(3) });
    const lose = (text: string) => {
      if (!text.includes('back from Okta')) return;
      okta.edit((edit) => {
        edit.removeUser('u1');
        edit.setUser('u2', other);
      });
    };
    const argv = ['sync', '--users', 'users.csv', '--report', 'out', '--verify-sample', '3', ...QUICK];
    const ran = await cli(cwd, argv, { env, onErr: lose });
    expect(ran.code).toBe(6);
    expect(ran.out).toContain('Read back 3 of 3 confirmed changes: 1 as sent, 1 missing, 1 differing.\n');
    expect(ran.out).toContain('  user u1 missing\n');
    expect(ran.out).toContain('  user u2 differing: userName, email, firstName, lastName\n');
    expect(ran.out).toContain('The state doubts 1 row now: the next sync sends it again.\n');
    const page = await readFile(join(cwd, 'out/report.html'), 'utf8');
    const summary = await readFile(join(cwd, 'out/summary.json'), 'utf8');
    expect(page).toContain('Read back from Okta');
    expect(page).toMatch(/user <span class="id">u1<\/span>\s+missing at Okta/);
    expect(page).toContain('2 changes of a sample not found so at Okta');
    expect(JSON.parse(summary)).toMatchObject({ sample: { differences: 2, repaired: 1 } });
    expect(ran.out + page + summary).not.toContain('secret-value');
    expect((await cli(cwd, ['status'], { env })).out).toContain('Okta does not have all of it');
    const next = await cli(cwd, [...argv, '--json'], { env });
    expect(next.code).toBe(0);
    expect(jsonLines(next.out)).toContainEqual(expect.objectContaining({ type: 'sample:start', changes: 1 }));
    expect(jsonLines(next.out).at(-1)).toMatchObject({
      type: 'sync:report',
      report: { sample: { confirmed: 1, differences: 0, counts: { same: 1 } } },
    });
  });

  it('doubts the memberships of who is missing, so that the next sync sends them', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    const pair = (id: string) => `g1,${id}\n`;
    await files(cwd, {
      'users.csv': usersCsv(3),
      'groups.csv': 'externalId,displayName,description\ng1,One,\n',
      'memberships.csv': `groupExternalId,memberExternalId\n${pair('u1')}${pair('u2')}`,
    });
    const argv = ['sync', '--users', 'users.csv', '--max-update-percent', '100', ...QUICK];
    const whole = [...argv, '--groups', 'groups.csv', '--memberships', 'memberships.csv'];
    expect((await cli(cwd, whole, { env })).code).toBe(0);
    await files(cwd, { 'users.csv': usersCsv(3, 'x') });
    const lose = (text: string) => {
      if (text.includes('back from Okta')) okta.edit((edit) => edit.removeUser('u1'));
    };
    const ran = await cli(cwd, [...argv, '--verify-sample', '3'], { env, onErr: lose });
    expect(ran.code).toBe(6);
    expect(ran.out).toContain('Read back 3 of 3 confirmed changes: 2 as sent, 1 missing.\n');
    const status = await cli(cwd, ['status', '--json'], { env });
    expect(jsonLines(status.out).at(-1)).toMatchObject({
      status: { baseline: { users: { unknown: 1 }, memberships: { known: 1, unknown: 1 } } },
    });
    expect((await cli(cwd, whole, { env })).code).toBe(0);
    expect(okta.directory().members.get('g1')).toEqual(new Set(['u1', 'u2']));
  });

  it('finds a record that an import dropped, and writes it with --quiet', async () => {
    const cwd = await directory();
    const okta = await org({ dropItem: ({ externalId }) => externalId === 'u1' });
    await files(cwd, { 'users.csv': usersCsv(3) });
    const argv = ['sync', '--users', 'users.csv', '--verify-sample', '9', '--quiet', ...QUICK];
    const ran = await cli(cwd, argv, { env: envOf(okta) });
    expect(ran).toMatchObject({ code: 6, out: '' });
    expect(ran.err).toContain('  user u1 missing\n');
  });

  it('can be set in the config file, and needs no Apps API', async () => {
    const cwd = await directory();
    const okta = await org({ appsApi: false });
    await files(cwd, {
      'users.csv': usersCsv(2),
      'rollcall.config.json': JSON.stringify({ users: ['users.csv'], verifySample: 1 }),
    });
    const ran = await cli(cwd, ['sync', ...QUICK], { env: envOf(okta) });
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('Read back 1 of 2 confirmed changes: 1 as sent.\n');
  });
});
