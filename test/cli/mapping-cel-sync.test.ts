import { afterEach, expect, it, vi } from 'vitest';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

const MAPPING = JSON.stringify({
  users: {
    externalId: { cel: "'e' + pad(row.number, 4)" },
    profile: {
      userName: { cel: "lower(ascii(row.given) + '.' + ascii(row.family)) + '@example.com'" },
      email: { cel: "firstNonEmpty([row.mail, row['Private mail']])" },
      department: { cel: "extract(row.dn, 'OU=([^,]+)')" },
    },
    when: { cel: "row.kind != 'guest' && (!has(row.end) || date(row.end, 'DD.MM.YYYY') >= today())" },
  },
  // A plain part: its unchanged rows are screened.
  groups: { externalId: 'code', profile: { displayName: 'name' } },
  memberships: { groupExternalId: 'code', memberExternalId: { cel: "'e' + pad(row.person, 4)" } },
});
const HEADER = 'number,given,family,mail,Private mail,dn,kind,end';
const STAYS = Array.from(
  { length: 20 },
  (_, i) => `${i + 10},P${i},Doe,p${i}@example.com,,"CN=P${i},OU=Ops",staff,`,
);
const people = (zoe: string) =>
  [
    HEADER,
    zoe,
    '8,Ada,King,ada@example.com,,"CN=Ada,OU=Research",staff,',
    '9,Guest,Doe,guest@example.com,,"CN=G,OU=Sales",guest,',
    ...STAYS,
    '',
  ].join('\n');
const FIRST = {
  'people.csv': people('7,Zoë,Łukasz,,zoe@example.org,"CN=Zoë,OU=Sales,DC=x",staff,15.06.2026'),
  'groups.csv': 'code,name\nk1,Sales\n',
  'members.csv': 'code,person\nk1,7\nk1,8\n',
  'map.json': MAPPING,
};
/** Zoë has no end date that can be read, and Ada moved. */
const THIRD = people('7,Zoë,Łukasz,,zoe@example.org,"CN=Zoë,OU=Sales,DC=x",staff,soon').replace(
  'OU=Research',
  'OU=Lab',
);

afterEach(() => vi.unstubAllEnvs());

/** Four days of one directory: the results of each, and what Okta holds at the end of it. */
async function fourDays(screening: 'on' | 'off') {
  vi.stubEnv('ROLLCALL_SCREENING', screening);
  const cwd = await directory();
  const okta = await org();
  const day = async (today: string, contents: Readonly<Record<string, string>>) => {
    await files(cwd, contents);
    const inputs = ['--users', 'people.csv', '--groups', 'groups.csv', '--memberships', 'members.csv'];
    const run = await cli(
      cwd,
      ['sync', ...inputs, '--map', 'map.json', '--state', 'state', '--today', today, ...QUICK],
      { env: envOf(okta) },
    );
    const held = okta.directory();
    const users = [...held.users].map(([id, { status, profile }]) => [id, status, profile] as const);
    return { code: run.code, text: run.out + run.err, users, active: held.activeUsers };
  };
  return [
    await day('2026-06-14', FIRST),
    await day('2026-06-14', {}),
    await day('2026-06-14', { 'people.csv': THIRD }),
    await day('2026-06-16', { 'people.csv': FIRST['people.csv'] }),
  ] as const;
}

it('expressions in ids, values and conditions go through a sync, with and without screening', async () => {
  const screened = await fourDays('on');
  const plain = await fourDays('off');
  const [first, again, doubted, ended] = screened;
  const user = (day: typeof first, id: string) => day.users.find(([key]) => key === id);

  expect([first.code, first.active]).toEqual([0, 22]);
  expect(user(first, 'e0007')?.[2]).toMatchObject({
    userName: 'zoe.lukasz@example.com',
    email: 'zoe@example.org',
    department: 'Sales',
  });
  expect(user(first, 'e0009')).toBeUndefined();
  expect([again.code, again.users]).toEqual([0, first.users]);
  // A row that cannot be decided keeps its person, and the exit code says so; the others are sent.
  expect(doubted.code).not.toBe(0);
  expect(doubted.active).toBe(22);
  expect(user(doubted, 'e0008')?.[2]).toMatchObject({ department: 'Lab' });
  // On a later day, the same row is that of a person who left.
  expect([ended.code, ended.active]).toEqual([0, 21]);

  const result = ({ code, users, active }: typeof first) => ({ code, users, active });
  expect(plain.map(result)).toEqual(screened.map(result));
});
