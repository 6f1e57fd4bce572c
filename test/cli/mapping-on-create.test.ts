import { expect, it } from 'vitest';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

const MAPPING = JSON.stringify({
  users: {
    externalId: 'id',
    profile: {
      userName: 'mail',
      email: 'mail',
      nickName: { column: 'nick', onCreate: true },
      userType: { constant: 'New', onCreate: true },
    },
  },
});

it('values with onCreate are sent when a person is created, and not later', async () => {
  const cwd = await directory();
  const okta = await org();
  const run = async (csv: string) => {
    await files(cwd, { 'u.csv': `id,mail,nick\n${csv}`, 'map.json': MAPPING });
    const { code } = await cli(cwd, ['sync', '--users', 'u.csv', '--map', 'map.json', ...QUICK], {
      env: envOf(okta),
    });
    return [code, okta.directory().users.get('1')?.profile];
  };
  expect(await run('1,a@example.com,Al\n')).toEqual([
    0,
    expect.objectContaining({ nickName: 'Al', userType: 'New' }),
  ]);
  expect(await run('1,b@example.com,Alan\n')).toEqual([
    0,
    expect.objectContaining({ email: 'b@example.com', nickName: 'Al', userType: 'New' }),
  ]);
});
