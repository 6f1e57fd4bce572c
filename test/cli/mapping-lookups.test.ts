import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseMapping } from '../../src/cli/mapping/load.js';
import { mappedSources } from '../../src/cli/mapping/sources.js';
import { drainSources } from './mapping-support.js';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

const PEOPLE = 'id,mail,dept,boss\n1,a@example.com,d1,\n2,b@example.com,d2,1\n3,c@example.com,d9,9\n';

function mappingOf(manager: string, lookups: object = { users: { key: 'id' }, depts: { key: 'code' } }) {
  return JSON.stringify({
    lookups,
    users: {
      externalId: 'id',
      profile: {
        userName: 'mail',
        email: 'mail',
        department: { cel: "lookup('depts', row.dept, 'name', 'None')" },
        manager: { cel: manager },
      },
    },
  });
}

async function drained(mapping: string, depts: string) {
  const cwd = await directory();
  await files(cwd, { 'u.csv': PEOPLE, 'd.csv': depts });
  const users = { paths: [join(cwd, 'u.csv')] };
  const lookups = { depts: { paths: [join(cwd, 'd.csv')] } };
  return drainSources(mappedSources(parseMapping(mapping, 'm.json'), { users }, { lookups }));
}

describe('lookup', () => {
  it('reads another input, and the same one: the address of the manager', async () => {
    const mapping = mappingOf("lookup('users', row.boss, 'mail', '')");
    const { records, rejections } = await drained(mapping, 'code,name,more\nd1,Sales,x\nd2,Ops,y\n');
    expect(rejections).toEqual([]);
    expect(records.users).toMatchObject([
      { externalId: '1', profile: { department: 'Sales', manager: null } },
      { externalId: '2', profile: { department: 'Ops', manager: 'a@example.com' } },
      { externalId: '3', profile: { department: 'None', manager: null } },
    ]);
  });

  it('rejects a row whose key is missing without a default, or has rows that differ', async () => {
    const mapping = mappingOf("row.boss == '' ? '' : lookup('users', row.boss, 'mail')");
    const { rejections } = await drained(mapping, 'code,name\nd1,Sales\nd1,Sales\nd2,Ops\nd2,Operations\n');
    expect(rejections).toMatchObject([
      { externalId: '2', field: 'department', code: 'LOOKUP_AMBIGUOUS' },
      { externalId: '3', field: 'manager', code: 'LOOKUP_MISSING', line: 4 },
    ]);
  });

  it('fails for an input without rows, or without the column', async () => {
    const mapping = mappingOf("'x'");
    await expect(drained(mapping, 'code,name\n')).rejects.toThrow('the lookup "depts" has no row with a key');
    await expect(drained(mapping, 'code,nam\nd1,x\n')).rejects.toThrow('did you mean "nam"?');
  });

  it.each([
    ["lookup('dept', row.dept, 'name')", '"lookups" does not declare "dept"; did you mean "depts"?'],
    ["lookup(row.dept, row.dept, 'name')", 'write the input and the column of lookup() as fixed texts'],
    ["lookup('depts', row.dept, row.name)", 'write the input and the column of lookup() as fixed texts'],
    ["lookup('depts', row.dept)", 'lookup'],
  ])('is checked when the mapping is loaded: %s', (cel, message) => {
    expect(() => parseMapping(mappingOf(cel), 'm.json')).toThrow(message);
  });

  it('needs an input', () => {
    const mapping = parseMapping(mappingOf("'x'"), 'm.json');
    expect(() => mappedSources(mapping, { users: { paths: ['u.csv'] } })).toThrow(
      'the mapping looks up "depts" (m.json:1), and there is no such input',
    );
  });

  it('goes through a sync, with the input in the config file', async () => {
    const cwd = await directory();
    const okta = await org();
    await files(cwd, {
      'u.csv': PEOPLE,
      'd.csv': 'code;name\nd1;Sales\nd2;Ops\n',
      'map.json': mappingOf("lookup('users', row.boss, 'mail', '')"),
      'c.json': JSON.stringify({ users: 'u.csv', map: 'map.json', lookups: { depts: 'd.csv' } }),
    });
    const run = await cli(cwd, ['sync', '--config', 'c.json', ...QUICK], { env: envOf(okta) });
    expect([run.code, run.err]).toEqual([0, expect.any(String)]);
    const { users } = okta.directory();
    expect(users.get('2')?.profile).toMatchObject({ department: 'Ops', manager: 'a@example.com' });
  });
});

describe('groups of memberships', () => {
  const mapping = JSON.stringify({
    memberships: { groupExternalId: 'team', memberExternalId: 'id' },
    groups: {
      from: 'memberships',
      profile: { displayName: { template: '{name} ({group})' }, description: 'about' },
    },
  });

  async function groupsOf(csv: string) {
    const cwd = await directory();
    await files(cwd, { 'm.csv': csv });
    const memberships = { paths: [join(cwd, 'm.csv')] };
    return drainSources(mappedSources(parseMapping(mapping, 'm.json'), { memberships }));
  }

  it('have a name from another column than the id', async () => {
    const { records, rejections } = await groupsOf('team,id,name,about\nt1,1,One,\nt2,1,Two,x\nt1,2,One,\n');
    expect(rejections).toEqual([]);
    expect(records.groups).toEqual([
      { externalId: 't1', profile: { displayName: 'One (t1)', description: null } },
      { externalId: 't2', profile: { displayName: 'Two (t2)', description: 'x' } },
    ]);
    expect(records.memberships).toHaveLength(3);
  });

  it('keep what the first row says, and the next one that differs is rejected, once', async () => {
    const { records, rejections } = await groupsOf(
      'team,id,name,about\nt1,1,One,\nt1,2,Won,\nt1,3,Won,\nt1,4,One,\n',
    );
    expect(records.groups).toMatchObject([{ externalId: 't1', profile: { displayName: 'One (t1)' } }]);
    expect(rejections).toMatchObject([{ externalId: 't1', code: 'GROUP_DIFFERS', line: 3 }]);
    expect(records.memberships).toHaveLength(4);
  });

  it('have only the id, if they come from a list', () => {
    const lists = JSON.stringify({
      users: { externalId: 'id', profile: { userName: 'mail', email: 'mail' } },
      memberships: { from: 'users', groups: { column: 'teams', split: ';' } },
      groups: { from: 'memberships', profile: { displayName: 'name' } },
    });
    expect(() => parseMapping(lists, 'm.json')).toThrow('groups from lists have only the column "group"');
  });
});
