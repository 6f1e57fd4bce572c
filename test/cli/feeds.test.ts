import { describe, expect, it } from 'vitest';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

const PEOPLE = Array.from({ length: 10 }, (_, i) => `p${i},p${i}@example.com,active`);
const HEADER = 'id,mail,status';
const csv = (header: string, rows: readonly string[]) => [header, ...rows, ''].join('\n');
const users = {
  externalId: 'id',
  profile: { userName: 'mail', email: 'mail' },
  when: { column: 'status', equals: 'active' },
};
const memberships = {
  groupExternalId: 'team',
  memberExternalId: 'id',
  deleted: { column: 'op', equals: 'D' },
};
const MAPPING = JSON.stringify({ users, memberships });

/** A directory with a first full run done, and a function for later runs. */
async function started() {
  const cwd = await directory();
  const okta = await org();
  await files(cwd, {
    'people.csv': csv(HEADER, PEOPLE),
    'groups.csv': 'externalId,displayName\nt1,One\nt2,Two\n',
    'members.csv': csv('team,id,op', ['t1,p1,I', 't1,p2,I', 't2,p3,I']),
    'map.json': MAPPING,
    'c.json': JSON.stringify({
      users: 'people.csv',
      groups: 'groups.csv',
      memberships: 'members.csv',
      map: 'map.json',
      mode: { memberships: 'delta' },
      exclude: ['svc-*'],
      guard: { maxDeletePercent: 50, minDeletes: 1, memberships: { maxDeletePercent: 100 } },
    }),
  });
  const run = (...flags: string[]) =>
    cli(cwd, ['sync', '--config', 'c.json', '--state', 'state', ...QUICK, ...flags], { env: envOf(okta) });
  const first = await run();
  expect([first.code, first.out + first.err]).toEqual([0, expect.any(String)]);
  const members = () => [...okta.directory().memberships].map(String).sort();
  return { cwd, okta, run, members };
}

describe('a feed of memberships beside a full export of people', () => {
  it('adds and ends only what it names, and people who are missing leave', async () => {
    const { cwd, okta, run } = await started();
    await files(cwd, {
      'people.csv': csv(HEADER, PEOPLE.slice(1)),
      'members.csv': csv('team,id,op', ['t1,p1,D', 't2,p4,I']),
    });
    const { code, out, err } = await run();
    expect([code, out + err]).toEqual([0, expect.stringContaining('1')]);
    expect(okta.directory().activeUsers).toBe(9);
    const again = await run();
    expect(again.code).toBe(0);
  });

  it('is refused where the mapping marks removals and the mode is full', async () => {
    const { run } = await started();
    const { code, err } = await run('--mode', 'full');
    expect(code).not.toBe(0);
    expect(err).toContain(
      '--mode: the mapping of memberships has "deleted", which needs the mode memberships=delta',
    );
  });
});

describe('a feed of people', () => {
  it('removes who no longer meets the condition, because a feed does not show who is missing', async () => {
    const { cwd, okta, run } = await started();
    await files(cwd, { 'people.csv': csv(HEADER, ['p1,p1@example.com,left', 'p2,new@example.com,active']) });
    const { code } = await run('--mode', 'users=delta', 'memberships=delta');
    expect(code).toBe(0);
    const { activeUsers, users: held } = okta.directory();
    expect(activeUsers).toBe(9);
    expect(held.get('p2')?.profile).toMatchObject({ email: 'new@example.com' });
  });

  it('comes as JSON records with a mark too', async () => {
    const cwd = await directory();
    const okta = await org();
    const record = (id: string) => ({
      externalId: id,
      userName: id,
      email: `${id}@example.com`,
      deleted: false,
    });
    await files(cwd, {
      'u.json': JSON.stringify([record('a'), record('b'), { externalId: 'c', deleted: true }]),
    });
    const run = () =>
      cli(cwd, ['sync', '--users', 'u.json', '--mode', 'delta', '--state', 'state', ...QUICK], {
        env: envOf(okta),
      });
    expect((await run()).code).toBe(0);
    await files(cwd, { 'u.json': JSON.stringify([{ externalId: 'a', deleted: true }]) });
    expect((await run()).code).toBe(0);
    expect(okta.directory().activeUsers).toBe(1);
  });
});

describe('exclude', () => {
  it('leaves people alone, in the export and in Okta', async () => {
    const { cwd, okta, run } = await started();
    await files(cwd, {
      'people.csv': csv(HEADER, [...PEOPLE, 'svc-1,svc@example.com,active']),
      'members.csv': csv('team,id,op', []),
    });
    expect((await run()).code).toBe(0);
    expect(okta.directory().users.has('svc-1')).toBe(false);
    await files(cwd, { 'people.csv': csv(HEADER, PEOPLE.slice(0, 9)) });
    expect((await run('--exclude', 'p9')).code).toBe(0);
    expect(okta.directory().activeUsers).toBe(10);
    expect((await run('--exclude', 'p9', '--delete-excluded')).code).toBe(0);
    expect(okta.directory().activeUsers).toBe(9);
  });
});
