import { describe, expect, it } from 'vitest';
import { rowsXml, workbookOf } from '../support/workbook.js';
import { cli, directory, envOf, files, jsonLines, org, QUICK } from './support.js';

const header = 'externalId,userName,email\n';
const ann = '1,ann@example.com,ann@example.com\n';
const bob = '2,bob@example.com,bob@example.com\n';

/** The counts of the users that a plan read. */
async function users(input: Record<string, string | Buffer>, ...more: string[]): Promise<unknown> {
  const cwd = await directory();
  await files(cwd, input);
  const [name = ''] = Object.keys(input);
  const ran = await cli(cwd, ['plan', '--users', name, '--json', ...more]);
  const [report] = jsonLines(ran.out) as unknown as [{ plan: { sources: { users: object } } }];
  return report.plan.sources.users;
}

describe('a row whose cells are all empty', () => {
  it.each([
    ['u.csv', `${header}${ann},,\n,,\n${bob}`],
    ['u.csv', `${header}${ann} ,\t,\u00a0\n"","",""\n${bob}`],
    [
      'u.json',
      JSON.stringify([
        { externalId: '1', userName: 'a', email: 'a@example.com' },
        { externalId: null, userName: '', email: ' ' },
        { externalId: '', email: [] },
      ]),
    ],
    [
      'u.jsonl',
      `{"externalId":"1","userName":"a","email":"a@example.com"}\n{"externalId":""}\n\n{"email":null}\n`,
    ],
    [
      'u.xlsx',
      workbookOf({
        sheets: {
          People: rowsXml(
            ['externalId', 'userName', 'email'],
            ['<c t="s"><v>0</v></c>', ' ', null],
            ['1', 'a', 'a@example.com'],
            [' ', '', null],
          ),
        },
        shared: [' '],
      }),
    ],
  ])('of %s is skipped and counted', async (name, content) => {
    expect(await users({ [name]: content })).toMatchObject({ rejected: 0, blank: 2 });
  });

  it('names nobody with a mapping either: neither a user, nor a group, nor a membership', async () => {
    const cwd = await directory();
    const when = { column: 'status', equals: 'Active' };
    await files(cwd, {
      'u.jsonl':
        '{"id":"1","mail":"a@example.com","status":"Active","teams":["x"]}\n{"id":null,"mail":"","status":null,"teams":[]}\n',
      'm.json': JSON.stringify({
        users: { externalId: 'id', profile: { userName: 'mail', email: 'mail' }, when },
        memberships: { from: 'users', groups: { column: 'teams' } },
        groups: { from: 'memberships' },
      }),
    });
    const { out } = await cli(cwd, ['plan', '--users', 'u.jsonl', '--map', 'm.json']);
    expect(out).toContain(
      'Skipped, because all their cells are empty: rows 1 of users, 1 of groups, 1 of memberships.\n',
    );
    expect(out).not.toContain('Rejected');
  });

  it('does not keep leavers in Okta, as a row without an id would', async () => {
    const cwd = await directory();
    const held = await org();
    const sync = (name: string) => cli(cwd, ['sync', '--users', name, ...QUICK], { env: envOf(held) });
    await files(cwd, { '1.csv': `${header}${ann}${bob},,\n`, '2.csv': `${header}${ann},,\n,,\n` });
    expect((await sync('1.csv')).code).toBe(0);
    const second = await sync('2.csv');
    expect([second.code, held.directory().activeUsers]).toEqual([0, 1]);
    expect(second.out).toContain('all their cells are empty: rows 2 of users.\n');
    await files(cwd, { '3.csv': `${header}${ann},carl@example.com,carl@example.com\n` });
    expect(await sync('3.csv')).toMatchObject({ code: 5 });
  });

  it('of several files is counted in each', async () => {
    expect(
      await users({ '1.csv': `${header}${ann},,\n`, '2.csv': `${header}${bob},,\n` }, '--users', '2.csv'),
    ).toMatchObject({ read: 2, blank: 2 });
  });
});
