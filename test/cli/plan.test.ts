import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { cli, directory, envOf, files, jsonLines, org, QUICK, Signals, usersCsv } from './support.js';

const GROUPS = 'externalId,displayName,description\ng1,Sales,\n';
const MEMBERS = 'groupExternalId,memberExternalId\ng1,u0\ng1,u1\n';

describe('plan', () => {
  it('shows rows that a condition leaves out in the table, and says if it leaves out all of them', async () => {
    const cwd = await directory();
    const profile = { userName: 'userName', email: 'email', firstName: 'firstName', lastName: 'lastName' };
    const mapping = (ids: string[]) =>
      JSON.stringify({
        users: { externalId: 'externalId', profile, when: { column: 'externalId', in: ids } },
      });
    await files(cwd, {
      'u.csv': usersCsv(3),
      'some.json': mapping(['u0', 'u2']),
      'all.json': mapping(['u9']),
    });
    const planned = async (map: string) => (await cli(cwd, ['plan', '--users', 'u.csv', '--map', map])).out;
    const some = await planned('some.json');
    expect(some).toContain('rejected  left out  in Okta');
    expect(some).toMatch(/^users +3 +0 +2 +0 +0 +0 +1 +0$/m);
    expect(some).not.toContain('Every row');
    expect(await planned('all.json')).toContain(
      'Every row of the users was left out: is the condition (when) of the mapping right?',
    );
  });

  it('shows on a first run, offline and without a token, what would be sent', async () => {
    const cwd = await directory();
    const bad = 'u9,u9@example.com,not an address,a,b\n';
    await files(cwd, { 'u.csv': usersCsv(3) + bad, 'g.csv': GROUPS, 'm.csv': MEMBERS });
    const argv = ['plan', '--users', 'u.csv', '--groups', 'g.csv', '--memberships', 'm.csv'];
    const ran = await cli(cwd, argv, {
      deps: {
        transport: () => Promise.reject(new Error('a plan sends nothing')),
        clock: { ...systemClock, now: () => Date.UTC(2026, 0, 1) },
      },
    });
    expect(ran.err).toBe('');
    expect(ran.code).toBe(0);
    expect(ran.out.replace(/[0-9a-f]{64}/, 'HASH')).toBe(
      [
        'new state: people who left before today cannot be found.',
        '',
        '             read  unchanged  create  update  delete  rejected  in Okta',
        'users           4          0       3       0       0         1        0',
        'groups          1          0       1       0       0         0        0',
        'memberships     2          0       2       0       0         0        0',
        '',
        'To send: 3 users, 1 group and 2 memberships in 3 requests and 2 sessions. Sending takes 1 min to 5 min, by the wait that Okta requires between sessions: until 2026-01-01 00:05:00 UTC at the latest, if it starts now.',
        'Rejected (1):',
        '  users u9 (u.csv:5): email is not a valid email address [NOT_AN_EMAIL]',
        '',
        'The guard accepts this plan.',
        'Plan hash: HASH',
        '',
        'The sessions in Okta were not checked: no org or identity source is set.',
        '',
      ].join('\n'),
    );
  });

  it('leaves nothing of a large plan behind', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(40_000) });
    expect((await cli(cwd, ['plan', '--users', 'u.csv'])).code).toBe(0);
    expect((await readdir(join(cwd, 'rollcall-state'))).sort()).toEqual(['state.mdb', 'state.mdb-lock']);
  });

  it('names a plan by a hash that the first sync takes', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const planned = await cli(cwd, ['plan', '--users', 'u.csv', '--json']);
    const [line] = jsonLines(planned.out) as unknown as [{ plan: { hash: string } }];
    const sync = (hash: string) =>
      cli(cwd, ['sync', '--users', 'u.csv', '--approve', hash, ...QUICK], { env: envOf(okta) });
    const other = await sync('0'.repeat(64));
    expect(other.code).toBe(3);
    expect(other.err).toContain('the plan is not the one that was approved; nothing was sent.');
    expect(okta.sessions()).toEqual([]);
    expect((await sync(line.plan.hash)).code).toBe(0);
    expect(okta.directory().activeUsers).toBe(3);
  });

  it('tells why the guard would stop, and exits with 3', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, {
      'u.csv': usersCsv(200),
      'less.csv': usersCsv(100),
      'changed.csv': usersCsv(200, 'x'),
    });
    await cli(cwd, ['sync', '--users', 'u.csv', ...QUICK], { env: envOf(okta) });
    const ran = await cli(cwd, ['plan', '--users', 'less.csv']);
    expect(ran.code).toBe(3);
    expect(ran.out).toContain('The guard would stop this plan:');
    expect(ran.out).toContain(
      '  50 % of the 200 users would be deleted; the limit is 20 % (--max-delete-percent)',
    );
    expect(ran.out).toMatch(/^ {2}rollcall sync --users less.csv --approve [0-9a-f]{64}\n/m);
    const quiet = await cli(cwd, ['plan', '--users', 'less.csv', '--quiet']);
    expect(quiet).toMatchObject({ code: 3, out: '' });
    expect(quiet.err).toContain('50 % of the 200 users');
    const limits = async (file: string, ...flags: string[]) =>
      (await cli(cwd, ['plan', '--users', file, ...flags])).code;
    expect(await limits('less.csv', '--max-delete-percent', '50')).toBe(0);
    expect(await limits('less.csv', '--min-deletes', '100')).toBe(0);
    expect(await limits('less.csv', '--max-delete-percent', '50', '--max-deletes', '99')).toBe(3);
    expect(await limits('changed.csv')).toBe(3);
    expect(await limits('changed.csv', '--max-update-percent', '100')).toBe(0);
    expect(await limits('changed.csv', '--max-update-percent', '100', '--max-updates', '199')).toBe(3);
  });

  it('names the attributes that change most, and who is missing and stays', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const csv = (rows: readonly string[]) => ['externalId,userName,email,title', ...rows, ''].join('\n');
    const row = (i: number, title: string) => `u${i},u${i}@example.com,u${i}@example.com,${title}`;
    await files(cwd, { 'u.csv': csv([row(1, 'a'), row(2, 'a'), row(3, 'a'), row(4, 'a')]) });
    await cli(cwd, ['sync', '--users', 'u.csv', ...QUICK], { env: envOf(okta) });
    const moved = row(2, 'b').replace('u2@example.com,u2', 'u2@example.com,moved');
    await files(cwd, { 'u.csv': csv([row(1, 'b'), moved, row(3, 'a')]) });
    const ran = await cli(cwd, ['plan', '--users', 'u.csv', '--protect', 'u*']);
    expect(ran.out).toContain('\nAttributes that change most: title of 2 users, email of 1 user.\n');
    expect(ran.out).toContain(
      '\nMissing from the source but not deleted: 1 user (protected, or not missing for long enough).\n',
    );
    expect(ran.code).toBe(0);
  });

  it('stops at too many rejects, and is told how many are too many', async () => {
    const cwd = await directory();
    const bad = Array.from({ length: 10 }, (_, i) => `b${i},b${i}@example.com,wrong,a,b\n`).join('');
    await files(cwd, { 'u.csv': usersCsv(50) + bad });
    const code = async (...flags: string[]) => (await cli(cwd, ['plan', '--users', 'u.csv', ...flags])).code;
    expect(await code()).toBe(0);
    expect(await code('--min-rejects', '5')).toBe(3);
    expect(await code('--min-rejects', '5', '--max-reject-percent', '30')).toBe(0);
  });

  it('takes limits of single entities from the config file', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, {
      'u.csv': usersCsv(3),
      'less.csv': usersCsv(2),
      'strict.json': '{ "guard": { "users": { "maxDeletes": 0 } } }',
    });
    await cli(cwd, ['sync', '--users', 'u.csv', ...QUICK], { env: envOf(okta) });
    expect((await cli(cwd, ['plan', '--users', 'less.csv'])).code).toBe(0);
    const strict = await cli(cwd, ['plan', '--users', 'less.csv', '--config', 'strict.json']);
    expect(strict.code).toBe(3);
    expect(strict.out).toContain('1 users would be deleted; the limit is 0 (--max-deletes)');
  });

  it('reads standard input, gzip, several files and globs', async () => {
    const cwd = await directory();
    await files(cwd, { 'a1.csv.gz': gzipSync(usersCsv(2)), 'a2.csv': usersCsv(4, '', 2), 'g.csv': GROUPS });
    const read = async (argv: string[], stdin?: string) => {
      const ran = await cli(cwd, ['plan', '--json', ...argv], stdin === undefined ? {} : { stdin });
      expect(ran.err).toBe('');
      const [line] = jsonLines(ran.out) as unknown as [{ plan: { sources: { users: { read: number } } } }];
      return line.plan.sources.users.read;
    };
    expect(await read(['--users', 'a1.csv.gz', 'a2.csv'])).toBe(4);
    expect(await read(['--users', 'a1.csv.gz', '--users', 'a2.csv'])).toBe(4);
    expect(await read(['--users', 'a*'])).toBe(4);
    expect(await read(['--users', '-', '--format', 'csv'], usersCsv(5))).toBe(5);
    const line = (i: number) => `{"externalId":"u${i}","userName":"u${i}","email":"u${i}@example.com"}\n`;
    // The format is for what does not tell its own: the groups stay CSV.
    expect(await read(['--users', '-', '--format', 'jsonl', '--groups', 'g.csv'], line(1) + line(2))).toBe(2);
  });

  it('lists the values that the conditions of a mapping met', async () => {
    const cwd = await directory();
    const people = ['Active', 'Active ', 'Active', 'Terminated', '', 'Active\u00a0'].map(
      (status, i) => `${i},p${i}@example.com,${status},n${i}\n`,
    );
    const more = Array.from({ length: 30 }, (_, i) => `x${i},x${i}@example.com,Active,x${i}\n`);
    const when = {
      all: [
        { column: 'status', equals: 'Active' },
        { column: 'nick', matches: '.' },
        { column: 'mail', present: true },
      ],
    };
    const users = { externalId: 'id', profile: { userName: 'mail', email: 'mail' }, when };
    await files(cwd, {
      'u.csv': `id,mail,status,nick\n${people.join('')}${more.join('')}`,
      'map.json': JSON.stringify({ users, memberships: { from: 'users', groups: { column: 'nick' } } }),
    });
    const ran = await cli(cwd, ['plan', '--users', 'u.csv', '--map', 'map.json']);
    expect(ran.out).toContain(`Values that the conditions of the mapping met:
  users, status: "Active" 32 · "Active " 1 · "Terminated" 1 · "" 1 · "Active\\u00a0" 1
  users, nick: more than twenty
`);
  });

  it('takes columns for attributes as a mapping says', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': 'id,mail\n1,a@example.com\n' });
    await files(cwd, {
      'map.json': '{ "users": { "externalId": "id", "profile": { "userName": "mail", "email": "mail" } } }',
    });
    const plan = (map: string) => cli(cwd, ['plan', '--users', 'u.csv', '--map', map]);
    expect((await plan('map.json')).out).toContain('To send: 1 user in 1 request');
    const missing = await plan('missing.json');
    expect(missing.code).toBe(2);
    expect(missing.err).toContain('missing.json cannot be read: ENOENT');
    // Groups keep their own columns where the mapping says nothing of them.
    await files(cwd, { 'g.csv': GROUPS });
    const both = await cli(cwd, ['plan', '--users', 'u.csv', '--groups', 'g.csv', '--map', 'map.json']);
    expect(both.out).toContain('To send: 1 user and 1 group in');
    await files(cwd, { 'map.json': '{\n "users": { "externalID": "id" } }' });
    const misspelt = await plan('map.json');
    expect(misspelt.code).toBe(2);
    expect(misspelt.err).toMatch(/map\.json:2:\d+: .*externalId/);
  });

  it.each([
    [['plan'], /there is no source/],
    [['plan', '--users', '-', '--groups', '-', '--format', 'csv'], /standard input can be read only once/],
    [['plan', '--users'], /option '--users <file...>' argument missing/],
    [['plan', '--user', 'a.csv'], /unknown option '--user'\n\(Did you mean --users\?\)/],
    [['plan', 'a.csv'], /too many arguments for 'plan'/],
    [
      ['plan', '--json', '--quiet', '--users', 'u.csv'],
      /option '--json' cannot be used with option '--quiet'/,
    ],
    [
      ['plan', '--users', 'u.csv', '--format', 'xml'],
      /^rollcall: --format: expected one of csv, json, jsonl, xlsx, got "xml"/,
    ],
    [
      ['plan', '--users', 'u.csv', '--max-deletes', '-5'],
      /^rollcall: --max-deletes: expected a whole number/,
    ],
    [
      ['plan', '--users', 'u.csv', '--max-deletes', 'ten'],
      /^rollcall: --max-deletes: expected a whole number/,
    ],
    [
      ['sync', '--users', 'u.csv', '--cooldown', '5'],
      /^rollcall: --cooldown: expected a duration such as 5m/,
    ],
    [['sync', '--users', 'u.csv', '--poll', '0ms'], /^rollcall: --poll: expected a duration of at least 1ms/],
    [['sync', '--users', 'u.csv', '--approve', 'yes'], /^rollcall: --approve: expected the 64 hexadecimal/],
    [
      ['sync', '--users', 'u.csv', '--rate-limit-share', '0'],
      /^rollcall: --rate-limit-share: expected a number/,
    ],
    [['planet'], /unknown command 'planet'\n\(Did you mean plan\?\)/],
    [[], /Usage: rollcall/],
  ])('%j is a usage error', async (argv, message) => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(1) });
    const ran = await cli(cwd, argv);
    expect(ran.err).toMatch(message);
    expect(ran.code).toBe(2);
    expect(existsSync(join(cwd, 'rollcall-state'))).toBe(false);
  });

  it.each([
    ['--token', 'canary'],
    ['--token=canary'],
    ['--api-token=canary'],
    ['--private-key=canary'],
    ['--secret', 'canary'],
    ['--what=canary'],
  ])('takes no secret from flags, and does not repeat one (%s)', async (...flags) => {
    const ran = await cli(await directory(), ['sync', ...flags]);
    expect(ran.code).toBe(2);
    expect(ran.err).not.toContain('canary');
    expect(ran.err).toContain(flags[0]?.split('=')[0]);
  });

  it('names file and line of what cannot be read, and exits with 1', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': `${usersCsv(2)}u3,too,few\n` });
    const ran = await cli(cwd, ['plan', '--users', 'u.csv']);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/^rollcall: .*u\.csv:4: .* \[ERR_ROLLCALL_SOURCE\]\n$/);
    expect(ran.out).toBe('');
  });

  it('fails at a duplicate where it is told to', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(2) + usersCsv(1).split('\n').slice(1).join('\n') });
    expect((await cli(cwd, ['plan', '--users', 'u.csv'])).out).toContain('Rejected (1):');
    const ran = await cli(cwd, ['plan', '--users', 'u.csv', '--on-duplicate', 'fail']);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('[ERR_ROLLCALL_RECORD]');
  });

  it('sends memberships a session earlier where they may be mixed', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(3), 'g.csv': GROUPS, 'm.csv': MEMBERS });
    const argv = ['plan', '--users', 'u.csv', '--groups', 'g.csv', '--memberships', 'm.csv'];
    expect((await cli(cwd, argv)).out).toContain('2 sessions');
    expect((await cli(cwd, [...argv, '--mixed'])).out).toContain('and 1 session.');
  });

  it('cannot be steered by what stands in the data', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': `${usersCsv(1)}"u\u001b[2J",x,wrong,a,b\n` });
    const ran = await cli(cwd, ['plan', '--users', 'u.csv']);
    expect(ran.out).toContain('externalId contains the control character \\u001b [CONTROL_CHARACTER]');
    expect(ran.out).not.toContain('\u001b');
  });

  it('tells what is in the way of its state', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(1), blocked: '' });
    const ran = await cli(cwd, ['plan', '--users', 'u.csv', '--state', 'blocked/state']);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(
      /the state cannot be opened: .*blocked.*: ENOTDIR \(not a directory\) \[ERR_ROLLCALL_STATE\]/,
    );
  });

  it('reads no further once it is asked to end', async () => {
    const cwd = await directory();
    const signals = new Signals();
    let asked = false;
    // Standard input that has nothing more to say, and does not end.
    const stdin = new Readable({
      read() {
        if (asked) return;
        asked = true;
        this.push(usersCsv(3));
        setImmediate(() => signals.send('SIGINT'));
      },
    });
    const ran = await cli(cwd, ['plan', '--users', '-', '--format', 'csv'], { stdin, deps: signals });
    expect(ran.code).toBe(4);
    expect(ran.err).toContain('[ERR_ROLLCALL_ABORTED]');
    expect(stdin.destroyed).toBe(true);
    expect(signals.watched).toBe(false);
  });
});
