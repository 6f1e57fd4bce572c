import { readFile, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shellCommand } from '../../src/cli/text/shell.js';
import { columnsOf, wrapped } from '../../src/cli/text/width.js';
import { cli, directory, envOf, files, org, QUICK, usersCsv } from './support.js';

const GROUPS = 'externalId,displayName\ng1,Sales\ng2,Ops\n';
const MEMBERS = 'groupExternalId,memberExternalId\ng1,u0\ng2,u1\n';
const INPUTS = ['--users', 'u.csv', '--groups', 'g.csv', '--memberships', 'm.csv'];

/** An org with thirty users, two groups and two memberships, of which the next export has ten users and one group. */
async function cutExport() {
  const [cwd, okta] = [await directory(), await org()];
  const env = envOf(okta);
  await files(cwd, { 'u.csv': usersCsv(30), 'g.csv': GROUPS, 'm.csv': MEMBERS });
  expect((await cli(cwd, ['sync', ...INPUTS, ...QUICK], { env })).code).toBe(0);
  await files(cwd, {
    'u.csv': `${usersCsv(7, '', 3)}${['n1', 'n2', 'n3'].map((id) => `${id},${id}@example.com,not an address,A,B\n`).join('')}`,
    'g.csv': 'externalId,displayName\ng1,Sales & Service\n',
    'm.csv': 'groupExternalId,memberExternalId\n',
  });
  return { cwd, env, okta };
}

describe('who would be deleted', () => {
  it('is listed by a plan, by entity, with the whole command that approves it', async () => {
    const { cwd, env, okta } = await cutExport();
    const odd = ['--protect', 'vip *', '--min-rejects', '50'];
    const ran = await cli(cwd, ['plan', ...INPUTS, ...odd, '--changes', 'all.csv'], { env });
    expect(ran.code).toBe(3);
    expect(ran.out).toContain('To send: 30 users, 2 groups and 2 memberships in');
    expect(ran.out).toContain(
      [
        'Would be deleted:',
        '  26 users, deactivated in Okta:',
        '    u0, u1, u10, u11, u12, u13, u14, u15, u16, u17, u18, u19, u2, u20, u21, u22, u23, u24, u25, u26',
        '    and 6 more',
        '  1 group:',
        '    g2',
        '  2 memberships:',
        '    g1/u0, g2/u1',
      ].join('\n'),
    );
    expect(ran.out).toContain(
      'Rejected (3):\n  3 users: email is not a valid email address [NOT_AN_EMAIL]\n    n1 (u.csv:6), n2 (u.csv:7), n3 (u.csv:8)\n',
    );
    const approval = /^ {2}rollcall (sync .*)$/m.exec(ran.out)?.[1] as string;
    expect(approval).toMatch(
      /^sync --users u.csv --groups g.csv --memberships m.csv --protect 'vip \*' --min-rejects 50 --approve [0-9a-f]{64}$/,
    );
    // The command is valid as it is shown.
    const words = approval.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", '')) ?? [];
    expect((await cli(cwd, [...words, ...QUICK], { env })).code).toBe(5);
    expect(okta.directory().activeUsers).toBe(4);
  });

  it('is told apart: left out by a condition, or not in the source any more', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    const profile = { userName: 'mail', email: 'mail' };
    const when = { column: 'status', equals: 'active' };
    const exported = (...rows: readonly string[]) =>
      `id,mail,status\n${rows.map((row) => row.replace(/^\w+/, '$&,$&@x.example')).join('\n')}\n`;
    const stay = Array.from({ length: 9 }, (_, i) => `s${i},active`);
    await files(cwd, {
      'map.json': JSON.stringify({ users: { externalId: 'id', profile, when } }),
      'u.csv': exported(...stay, 'gone,active', 'left,active'),
    });
    const input = ['--users', 'u.csv', '--map', 'map.json'];
    expect((await cli(cwd, ['sync', ...input, ...QUICK], { env })).code).toBe(0);
    await files(cwd, { 'u.csv': exported(...stay, 'left,terminated') });
    const both = await cli(cwd, ['plan', ...input, '--changes', 'all.csv'], { env });
    expect(both.out).toContain(
      '    gone, left\n    of these, left out by a condition: left; the others are not in the source any more\n',
    );
    const rows = await readFile(join(cwd, 'all.csv'), 'utf8');
    expect(rows).toMatch(/^users,delete,left,,leftOut,\r?$/m);
    expect(rows).toMatch(/^users,delete,gone,,missing,\r?$/m);
    await files(cwd, { 'u.csv': exported(...stay, 'gone,active', 'left,terminated') });
    const one = await cli(cwd, ['plan', ...input], { env });
    expect(one.out).toContain('    left\n    all of these are left out by a condition\n');
  });

  it('has the attributes that --names allows, read from Okta only for those that are listed', async () => {
    const { cwd, env, okta } = await cutExport();
    const before = okta.requests.length;
    const ran = await cli(cwd, ['plan', ...INPUTS, '--names', 'firstName,displayName'], { env });
    expect(ran.out).toMatch(/^ {4}u0 {3}First$/m);
    expect(ran.out).toMatch(/^ {4}g2 {4}Ops$/m);
    expect(
      okta.requests.slice(before).filter(({ path }) => /\/(users|groups)\/\w+$/.test(path)),
    ).toHaveLength(1);
    expect(okta.requests.slice(before).filter(({ path }) => path.includes('/apps/'))).toHaveLength(1);
    const offline = await cli(cwd, ['plan', ...INPUTS, '--names', 'firstName']);
    expect(offline.out).toContain('The names were not read: no credentials are set.');
    expect(offline.out).toContain('    u0, u1, u10,');
    expect((await cli(cwd, ['plan', ...INPUTS, '--names', 'a,,b'])).err).toContain(
      '--names: expected names of attributes',
    );
    expect((await cli(cwd, ['plan', ...INPUTS, '--names', 'a', '--json'])).code).toBe(2);
  });

  it('is in planned.csv, which a stopped sync with a report names', async () => {
    const { cwd, env } = await cutExport();
    const { code, err } = await cli(cwd, ['sync', ...INPUTS, ...QUICK, '--report', 'r'], { env });
    expect(code).toBe(3);
    expect(err).toContain(
      `\n  All of them are in ${join(cwd, 'r', 'planned.csv')}.\n  "rollcall plan --names ATTRIBUTES" `,
    );
    expect(err).not.toContain('--changes FILE');
    expect(await readFile(join(cwd, 'r/planned.csv'), 'utf8')).toContain('u29');
  });

  it('has attributes that are written as a list, and names those that nobody has', async () => {
    const { cwd, env } = await cutExport();
    const withCommas = await cli(cwd, ['plan', ...INPUTS, '--names', 'firstName,lastName'], { env });
    const asWords = await cli(cwd, ['plan', ...INPUTS, '--names', 'firstName', 'lastName'], { env });
    expect(asWords).toMatchObject({ code: 3, err: '', out: withCommas.out });
    expect(asWords.out).toMatch(/^ {4}u0 {3}First {2}Last0$/m);
    expect(asWords.out).not.toContain('Nobody of them');
    const wrong = await cli(cwd, ['plan', ...INPUTS, '--names', 'fistName', 'shoes'], { env });
    expect(wrong.out).toContain(
      '\n  Nobody of them has in Okta: "fistName" (did you mean "firstName"?), "shoes".\n',
    );
  });

  it('is counted by the attributes that --names allows, on the terminal and in the report', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    const department = (i: number) => (i === 1 || i === 2 ? 'IT' : i === 3 ? '' : 'Sales <1>');
    const withDepartments = (to: number) =>
      usersCsv(to)
        .trimEnd()
        .split('\n')
        .map((line, i) => `${line},${i === 0 ? 'department' : department(i)}\n`)
        .join('');
    await files(cwd, { 'u.csv': withDepartments(40) });
    expect((await cli(cwd, ['sync', '--users', 'u.csv', ...QUICK], { env })).code).toBe(0);
    await files(cwd, {
      'u.csv': 'externalId,userName,email,firstName,lastName,department\nn,n@x.eu,n@x.eu,A,B,C\n',
    });
    const plan = (...more: string[]) =>
      cli(cwd, ['plan', '--users', 'u.csv', '--report', 'r', ...more], { env });
    const names = ['--names', 'lastName,department'];
    const ran = await plan(...names);
    expect(ran.out).toContain('    and 20 more\n    by department: Sales <1> 37, IT 2, (none) 1\n');
    expect(ran.out).not.toContain('by lastName');
    const page = await readFile(join(cwd, 'r/report.html'), 'utf8');
    const text = page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
    expect(text).toContain('By department : Sales &lt;1&gt; 37, IT 2, (none) 1');
    expect(text).toContain('Id lastName department Reason');
    expect(text).toContain('this page and summary.json the allowed values of lastName, department.');
    expect(text).toMatch(/u39 Last39 Sales &lt;1&gt; /);
    expect(page).toContain('<table class="searchable" data-what="users">');
    for (const name of ['summary.json', 'report.html'])
      expect(await readFile(join(cwd, 'r', name), 'utf8')).toContain('Last39');
    expect(await readFile(join(cwd, 'r/planned.csv'), 'utf8')).not.toContain('Last39');
    // Nobody allowed them: no value is in any file.
    expect((await plan()).out).not.toContain('Sales');
    for (const name of ['summary.json', 'report.html', 'planned.csv'])
      expect(await readFile(join(cwd, 'r', name), 'utf8')).not.toMatch(/Last39|Sales/);
  });

  it('is counted of those that were read, in an org that does not serve the list of users', async () => {
    const [cwd, okta] = [await directory(), await org({ appsApi: false })];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(30) });
    expect((await cli(cwd, ['sync', '--users', 'u.csv', ...QUICK], { env })).code).toBe(0);
    await files(cwd, { 'u.csv': usersCsv(4) });
    const { out } = await cli(cwd, ['plan', '--users', 'u.csv', '--names', 'firstName'], { env });
    expect(out).toContain('    and 6 more\n    by firstName: First 20 (of the 20 that were read)\n');
  });

  it('is listed by a sync that the guard stops, without names', async () => {
    const { cwd, env } = await cutExport();
    const argv = ['sync', ...INPUTS, '--report', 'r', '--changes', 'all.jsonl', ...QUICK];
    const ran = await cli(cwd, argv, { env });
    expect(ran.code).toBe(3);
    expect(ran.err).toContain(
      'Not deleted, because the guard stopped the plan:\n  26 users, deactivated in Okta:\n    u0, ',
    );
    expect(ran.err).toMatch(
      /\n {2}rollcall sync --users u.csv .*--report r .*--approve [0-9a-f]{64}\nAll changes: all.jsonl\nReport: .*r\/report.html\n$/,
    );
    expect(ran.err).not.toContain('First');
    const page = (await readFile(join(cwd, 'r/report.html'), 'utf8'))
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ');
    for (const text of [
      'The guard stopped this run, and nothing was sent: 26 users, 1 group and 2 memberships would have been deleted',
      `Org ${env['OKTA_CLIENT_ORGURL']} `,
      'm.csv Command rollcall sync --users u.csv',
      'Not deleted, because the guard stopped the run',
      // Beside the last run.
      'users 7 (30) 0 (30) 4 (0) 26 (0)',
      'rollcall sync --users u.csv --groups g.csv --memberships m.csv --report r --cooldown 1ms --poll 1ms --approve',
    ])
      expect(page).toContain(text);
    expect((await readFile(join(cwd, 'r/planned.csv'), 'utf8')).trimEnd().split('\n')).toHaveLength(35);
    const lines = (await readFile(join(cwd, 'all.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(34);
  });
});

describe('sync --names', () => {
  it('has the attributes when the guard stops it, on the terminal and in the report, also with --quiet', async () => {
    const { cwd, env } = await cutExport();
    const argv = ['sync', ...INPUTS, ...QUICK, '--report', 'r', '--names', 'firstName', 'lastName'];
    const ran = await cli(cwd, argv, { env });
    expect(ran).toMatchObject({ code: 3, out: '' });
    expect(ran.err).toMatch(/^ {4}u0 {3}First {2}Last0$/m);
    expect(ran.err).toContain('    and 6 more\n    by firstName: First 26\n');
    expect(ran.err).not.toContain('COLUMNS');
    expect(ran.err).toMatch(/^ {2}rollcall sync .*--report r .*--approve [0-9a-f]{64}$/m);
    expect(ran.err).not.toMatch(/--names.*--approve/);
    for (const name of ['report.html', 'summary.json'])
      expect(await readFile(join(cwd, 'r', name), 'utf8')).toContain('Last29');
    const stop = ran.err.slice(
      ran.err.indexOf('rollcall: the guard stopped'),
      ran.err.indexOf('If these changes'),
    );
    expect(stop).toContain('u0');
    expect((await cli(cwd, [...argv, '--quiet'], { env })).err).toContain(stop);
    expect((await cli(cwd, [...argv, '--json'], { env })).code).toBe(2);
    const wrong = await cli(cwd, [...argv, '--names', 'a,,b'], { env });
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toContain('--names: expected names of attributes');
  });

  it('reads nothing when the guard accepts the plan', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(30) });
    expect((await cli(cwd, ['sync', '--users', 'u.csv', ...QUICK], { env })).code).toBe(0);
    await files(cwd, { 'u.csv': usersCsv(28) });
    const before = okta.requests.length;
    const argv = ['sync', '--users', 'u.csv', ...QUICK, '--names', 'firstName'];
    expect(await cli(cwd, argv, { env })).toMatchObject({ code: 0 });
    expect(okta.requests.slice(before).filter(({ path }) => /\/apps\/|\/users\/\w+$/.test(path))).toEqual([]);
  });
});

describe('--changes', () => {
  it('has every change with its reason, and is private', async () => {
    const { cwd, env } = await cutExport();
    const ran = await cli(cwd, ['plan', ...INPUTS, '--changes', 'all.csv'], { env });
    expect(ran.err).toBe('All changes: all.csv\n');
    const rows = (await readFile(join(cwd, 'all.csv'), 'utf8')).trimEnd().split('\n');
    expect(rows[0]).toBe('entity,action,externalId,memberExternalId,reason,changedAttributes');
    expect(rows).toHaveLength(35);
    expect(rows).toContain('users,delete,u0,,missing,');
    expect(rows).toContain('groups,update,g1,,differs,displayName');
    expect(rows).toContain('memberships,delete,g2,u1,missing,');
    expect((await stat(join(cwd, 'all.csv'))).mode & 0o777).toBe(0o600);
    const resent = await cli(cwd, ['plan', ...INPUTS, '--resend', 'u5', '--changes', 'again.jsonl'], { env });
    expect(resent.code).toBe(3);
    const again = (await readFile(join(cwd, 'again.jsonl'), 'utf8')).split('\n');
    expect(again).toContain('{"entity":"users","action":"create","externalId":"u5","reason":"unknown"}');
  });

  it('is no file if the plan was not complete, and keeps an earlier one', async () => {
    const { cwd, env } = await cutExport();
    await files(cwd, { 'all.csv': 'before', 'u.csv': `${usersCsv(3)}broken` });
    for (const command of ['plan', 'sync'])
      expect(
        (await cli(cwd, [command, ...INPUTS, '--changes', 'all.csv', '--changes', 'all.csv'], { env })).code,
      ).toBe(1);
    expect(await readFile(join(cwd, 'all.csv'), 'utf8')).toBe('before');
    const wrong = await cli(cwd, ['plan', ...INPUTS, '--changes', 'all.txt'], { env });
    expect(wrong.err).toContain('--changes: expected the name of a file that ends in .csv or .jsonl');
    expect(existsSync(join(cwd, 'all.txt'))).toBe(false);
  });

  it('that cannot be written does not stop a sync, and is an error at its end', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const argv = ['sync', '--users', 'u.csv', '--changes', 'nowhere/all.csv', ...QUICK];
    const ran = await cli(cwd, argv, { env: envOf(okta) });
    expect(okta.directory().activeUsers).toBe(3);
    expect(ran.out).toContain('Okta confirmed 3 users in 1 session');
    expect(ran.err).toContain('nowhere/all.csv');
    expect(ran.code).toBe(1);
  });
});

describe('what is wrong', () => {
  it('is noticed on a day without changes, if it is the token', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const argv = ['sync', '--users', 'u.csv', ...QUICK];
    expect((await cli(cwd, argv, { env: envOf(okta) })).code).toBe(0);
    expect((await cli(cwd, argv, { env: envOf(okta) })).code).toBe(0);
    const ran = await cli(cwd, argv, { env: { ...envOf(okta), OKTA_CLIENT_TOKEN: 'wrong' } });
    expect(ran.code).not.toBe(0);
    expect(ran.err).toContain('[ERR_ROLLCALL_OKTA_AUTH]');
    expect(ran.err).toContain(`: Okta at ${new URL(okta.url).host} answered 401`);
  });

  it('is a command with a nearby name', async () => {
    const ran = await cli(await directory(), ['help', 'plam']);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toContain('there is no command "plam"; did you mean "plan"?');
  });

  it.each([
    [['help', 'state', 'owd'], 'help: there is no command "state owd"; did you mean "owed"?'],
    [['help', 'plan', 'now'], 'help: there is no command "plan now"\n'],
    [
      ['explain', '--users', 'u.csv', '7'],
      "missing required argument 'id'; write it before the flags, because a flag such as --users takes every word behind it",
    ],
  ])('is said with what helps: %s', async (argv, message) => {
    const ran = await cli(await directory(), argv);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toContain(message);
  });
});

describe('the help of a command', () => {
  it.each([
    [['help', 'state', 'owed'], 'Usage: rollcall state owed [options]'],
    [['help', 'explain'], 'Usage: rollcall explain <id> [options]'],
    [['help', 'state', 'move'], 'Usage: rollcall state move <from> <to> [options]'],
  ])('begins with how it is written: %s', async (argv, usage) => {
    const ran = await cli(await directory(), argv);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out.split('\n')[0]).toBe(usage);
  });
});

describe('lines in a terminal', () => {
  const hash = '0123456789abcdef'.repeat(4);
  it.each([60, 80, 100, 120])(
    'never exceed %i columns, and a command stays one that can be pasted',
    (width) => {
      const words = [
        'rollcall',
        'sync',
        '--users',
        'a long name.csv',
        '--protect',
        'x'.repeat(30),
        '--approve',
        hash,
      ];
      const command = shellCommand(words, width);
      expect(Math.max(...command.split('\n').map(columnsOf))).toBeLessThan(width);
      expect(
        command
          .replaceAll(/(\s*)\\\n\s*/g, (_, space: string) => (space === '' ? '' : ' '))
          .replaceAll("'", ''),
      ).toBe(words.join(' '));
      const text = `  ${'word '.repeat(50)}${'李'.repeat(80)}\nshort`;
      const lines = wrapped(text, width).split('\n');
      expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(width);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(/\s/g, ''));
    },
  );
});
