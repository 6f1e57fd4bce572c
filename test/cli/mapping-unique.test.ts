import { expect, it } from 'vitest';
import { parseMapping } from '../../src/cli/mapping/load.js';
import { profileMapping } from '../../src/cli/mapping/declared-mapping.js';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

const USERS = (userName: unknown) => ({ users: { externalId: 'id', profile: { userName, email: 'mail' } } });
const UNIQUE = { cel: "lower(row.given + '.' + row.family) + '@example.com'", unique: true };

it.each([
  ['an expression', UNIQUE],
  ['a column', { column: 'login', unique: true }],
])('a login of %s that is taken gets a number, and keeps it', async (_, userName) => {
  const cwd = await directory();
  const okta = await org();
  await files(cwd, { 'map.json': JSON.stringify(USERS(userName)) });
  const logins = async (...ids: readonly string[]) => {
    const rows = ids.map((id) => `${id},Anna,Berg,anna.berg@example.com,${id}@example.com\n`);
    await files(cwd, { 'u.csv': `id,given,family,login,mail\n${rows.join('')}` });
    const args = ['sync', '--users', 'u.csv', '--map', 'map.json', ...QUICK, '--max-delete-percent', '100'];
    const { code } = await cli(cwd, args, { env: envOf(okta) });
    const users = [...okta.directory().users].filter(([, { status }]) => status === 'ACTIVE');
    return [code, Object.fromEntries(users.map(([id, { profile }]) => [id, profile['userName']]))];
  };
  const two = { 1: 'anna.berg@example.com', 2: 'anna.berg2@example.com' };
  expect(await logins('1', '2')).toEqual([0, two]);
  expect(await logins('3', '2', '1')).toEqual([0, { ...two, 3: 'anna.berg3@example.com' }]);
  expect(await logins('3', '2')).toEqual([0, { 2: two[2], 3: 'anna.berg3@example.com' }]);
});

it('a column that is unique is not screened', () => {
  const ruleOf = (userName: unknown) => {
    const { users } = parseMapping(JSON.stringify(USERS(userName)), 'map.json');
    return profileMapping(users, 'users');
  };
  expect(ruleOf({ column: 'login' })).toBeDefined();
  expect(ruleOf({ column: 'login', unique: true })).toBeUndefined();
});

it.each([
  [
    { externalId: 'id', profile: { userName: 'm', email: { column: 'm', unique: true } } },
    'for userName of users only',
  ],
  [{ externalId: { column: 'id', unique: true }, profile: { userName: 'm' } }, 'unknown key "unique"'],
  [{ externalId: 'id', profile: { userName: { column: 'm', unique: 'yes' } } }, 'unique'],
  [{ externalId: 'id', profile: { userName: { constant: 'm', unique: true } } }, 'no effect on a constant'],
])('unique is refused elsewhere: %o', (users, message) => {
  expect(() => parseMapping(JSON.stringify({ users }), 'map.json')).toThrow(message);
});
