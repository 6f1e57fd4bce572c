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

it('an address that follows the login has its number, and keeps it', async () => {
  const cwd = await directory();
  const okta = await org();
  const email = { template: '{given}.{family}@mail.example.com', lower: true, follows: 'userName' };
  const secondEmail = { column: 'home', follows: 'userName' };
  const profile = { userName: UNIQUE, email, secondEmail, nickName: 'given' };
  await files(cwd, { 'map.json': JSON.stringify({ users: { externalId: 'id', profile } }) });
  const sync = async (...rows: readonly string[]) => {
    await files(cwd, { 'u.csv': `id,given,family,home\n${rows.join('\n')}\n` });
    const args = ['sync', '--users', 'u.csv', '--map', 'map.json', ...QUICK, '--max-delete-percent', '100'];
    const { code, out } = await cli(cwd, args, { env: envOf(okta) });
    const users = [...okta.directory().users].filter(([, { status }]) => status === 'ACTIVE');
    const found = users.map(([id, { profile: of }]) => [
      id,
      [of['userName'], of['email'], of['secondEmail']],
    ]);
    return [code, Object.fromEntries(found) as unknown, out.includes('nothing was sent')];
  };
  const [one, two, three] = ['1,Anna,Berg,', '2,Anna,Berg,a@home.example', '3,Anna,Berg,'];
  const forms = {
    1: ['anna.berg@example.com', 'anna.berg@mail.example.com', undefined],
    2: ['anna.berg2@example.com', 'anna.berg2@mail.example.com', 'a2@home.example'],
    3: ['anna.berg3@example.com', 'anna.berg3@mail.example.com', undefined],
  };
  expect(await sync(one, two)).toEqual([0, { 1: forms[1], 2: forms[2] }, false]);
  expect(await sync(three, two, one)).toEqual([0, forms, false]);
  expect(await sync(two, three, one)).toEqual([0, forms, true]);
  // Who stays keeps login and address, although the first forms are free now.
  expect(await sync(two, three)).toEqual([0, { 2: forms[2], 3: forms[3] }, false]);
});

it.each([
  [
    { userName: 'm', email: { column: 'm', follows: 'userName' } },
    'follows needs "unique": true for userName',
  ],
  [
    { userName: { column: 'm', unique: true, follows: 'userName' }, email: 'm' },
    'for attributes of users other than userName',
  ],
  [
    { userName: { column: 'm', unique: true }, email: { column: 'm', follows: 'login' } },
    'users.profile.email.follows',
  ],
  [
    { userName: { column: 'm', unique: true }, email: { constant: 'm', follows: 'userName' } },
    'no effect on a constant',
  ],
])('follows is refused elsewhere: %o', (profile, message) => {
  expect(() => parseMapping(JSON.stringify({ users: { externalId: 'id', profile } }), 'map.json')).toThrow(
    message,
  );
});

it('follows is refused for groups', () => {
  const groups = { externalId: 'id', profile: { displayName: { column: 'n', follows: 'userName' } } };
  expect(() => parseMapping(JSON.stringify({ groups }), 'map.json')).toThrow(
    'for attributes of users other than',
  );
});
