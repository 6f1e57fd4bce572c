import { rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, directory, envOf, files, jsonLines, org, QUICK, usersCsv } from './support.js';

const HEADER = 'externalId,userName,email,firstName,lastName\n';
const MISSING =
  'the source of users has 2 files, and had 3 at the last complete run (1 fewer; the limit is 0) (--max-missing-files)';

/** Three files of users, synced once, and a function that syncs again. */
async function world(argv: readonly string[] = ['--users', 'users-*.csv']) {
  const [cwd, okta] = [await directory(), await org()];
  await files(cwd, {
    'users-1.csv': usersCsv(20),
    'users-2.csv': usersCsv(40, '', 20),
    'users-3.csv': usersCsv(41, '', 40),
  });
  const env = envOf(okta);
  const sync = (...more: string[]) => cli(cwd, ['sync', ...argv, ...QUICK, ...more], { env });
  const plan = (...more: string[]) => cli(cwd, ['plan', ...argv, ...more]);
  expect((await sync()).code).toBe(0);
  const remove = (name: string) => unlink(join(cwd, name));
  return { cwd, okta, sync, plan, remove };
}

const hashIn = (text: string) => /--approve ([0-9a-f]{64})/.exec(text)?.[1] as string;

/** Expects the plan and each sync to stop with this text. Returns the hash with which a person approves the plan. */
async function expectStopped(
  { plan, sync }: Pick<Awaited<ReturnType<typeof world>>, 'plan' | 'sync'>,
  text: string,
): Promise<string> {
  const planned = await plan();
  expect(planned.code).toBe(3);
  expect(planned.out).toContain(text);
  // A run that the guard stops is not the new measure.
  for (let run = 0; run < 2; run++) {
    const stopped = await sync();
    expect(stopped.code).toBe(3);
    expect(stopped.err + stopped.out).toContain(text);
  }
  return hashIn(planned.out);
}

describe.each(['on', 'off'])('an input of several files (screening %s)', (screening) => {
  it('with fewer files than at the last complete run stops the plan, until a person approves it', async () => {
    process.env['ROLLCALL_SCREENING'] = screening;
    try {
      const { okta, sync, plan, remove } = await world();
      await remove('users-3.csv');
      const hash = await expectStopped({ plan, sync }, MISSING);
      expect(okta.directory().activeUsers).toBe(41);
      expect((await sync('--approve', hash)).code).toBe(0);
      expect(okta.directory().activeUsers).toBe(40);
      expect((await sync()).code).toBe(0);
    } finally {
      delete process.env['ROLLCALL_SCREENING'];
    }
  });
});

describe('the number of files of an input', () => {
  it('does not depend on their names, and may rise', async () => {
    const { cwd, sync } = await world();
    await rename(join(cwd, 'users-1.csv'), join(cwd, 'users-2026-11-28.csv'));
    expect((await sync()).code).toBe(0);
    await files(cwd, { 'users-4.csv': usersCsv(42, '', 41) });
    expect((await sync()).code).toBe(0);
    await unlink(join(cwd, 'users-4.csv'));
    expect((await sync()).code).toBe(3);
    expect((await sync('--max-missing-files', '1')).code).toBe(0);
    expect((await sync()).code).toBe(0);
  });

  it('counts a file without rows, and a file once that is named twice', async () => {
    const { cwd, sync, plan } = await world(['--users', 'users-1.csv', 'users-*.csv']);
    await files(cwd, { 'users-3.csv': HEADER });
    expect((await sync()).code).toBe(0);
    await unlink(join(cwd, 'users-3.csv'));
    // It had three, and not four.
    expect((await plan()).out).toContain(MISSING);
  });

  it('trips if a single file takes the place of several', async () => {
    const { cwd, okta } = await world();
    await files(cwd, { 'all.csv': usersCsv(41) });
    const env = envOf(okta);
    const ran = await cli(cwd, ['sync', '--users', 'all.csv', ...QUICK], { env });
    expect(ran.code).toBe(3);
    expect(ran.err + ran.out).toContain('the source of users has 1 file, and had 3');
  });

  it('is known after an import of the state, and trips', async () => {
    const { cwd, okta, sync, remove } = await world();
    expect((await cli(cwd, ['state', 'export', 'copy.jsonl'])).code).toBe(0);
    await remove('users-3.csv');
    const env = envOf(okta);
    expect((await cli(cwd, ['state', 'import', 'copy.jsonl', '--as-of-now', '--state', 'other'])).code).toBe(
      0,
    );
    const argv = ['sync', '--users', 'users-*.csv', '--state', 'other', ...QUICK];
    const ran = await cli(cwd, argv, { env });
    expect([ran.code, ran.err]).toEqual([3, expect.stringContaining('has 2 files, and had 3')]);
    expect((await sync()).code).toBe(3);
  });

  it('is that of each entity, also where one input serves two', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const row = (id: string) => `${HEADER.trim()},team\n${id},${id}@x.example,${id}@x.example,A,B,red\n`;
    await files(cwd, {
      'a.csv': row('a'),
      'b.csv': row('b'),
      'map.json': JSON.stringify({
        users: { externalId: 'externalId', profile: { userName: 'userName', email: 'email' } },
        groups: { from: 'memberships' },
        memberships: { from: 'users', groups: { column: 'team' } },
      }),
    });
    const argv = ['--users', '*.csv', '--map', 'map.json'];
    const ran = await cli(cwd, ['sync', ...argv, ...QUICK], { env: envOf(okta) });
    expect(ran.err + ran.out).toContain('Done in');
    await unlink(join(cwd, 'b.csv'));
    const planned = await cli(cwd, ['plan', ...argv]);
    for (const entity of ['users', 'groups', 'memberships'])
      expect(planned.out).toContain(`the source of ${entity} has 1 file, and had 2`);
  });
});

describe('the files of a lookup', () => {
  const FEWER =
    'the lookup "depts" has 1 file, and had 2 at the last complete run (1 fewer; the limit is 0) (--max-missing-files)';
  const PEOPLE = 'id,mail,dept\nu1,a@x.example,d1\nu2,b@x.example,d2\n';
  const mapping = {
    lookups: { depts: { key: 'code' }, users: { key: 'id' } },
    users: {
      externalId: 'id',
      profile: {
        userName: "lookup('users', row.id, 'mail')",
        email: 'row.mail',
        department: "lookup('depts', row.dept, 'name', 'None')",
      },
    },
  };

  /** Two people, and a lookup of their departments in two files, synced once. */
  async function looked() {
    const [cwd, okta] = [await directory(), await org()];
    const profile = Object.entries(mapping.users.profile).map(([name, cel]) => [name, { cel }]);
    await files(cwd, {
      'u.csv': PEOPLE,
      'd-1.csv': 'code,name\nd1,Sales\n',
      'd-2.csv': 'code,name\nd2,Ops\n',
      'map.json': JSON.stringify({
        ...mapping,
        users: { ...mapping.users, profile: Object.fromEntries(profile) as object },
      }),
      'rollcall.config.json': JSON.stringify({
        users: 'u.csv',
        map: 'map.json',
        lookups: { depts: 'd-*.csv' },
        maxUpdatePercent: 100,
      }),
    });
    const env = envOf(okta);
    const sync = (...more: string[]) => cli(cwd, ['sync', ...QUICK, ...more], { env });
    expect((await sync()).code).toBe(0);
    const department = (id: string) => okta.directory().users.get(id)?.profile['department'];
    return { cwd, sync, department, plan: (...more: string[]) => cli(cwd, ['plan', ...more]) };
  }

  it('are counted like those of other inputs: fewer stop the plan, until a person approves it', async () => {
    const { cwd, sync, plan, department } = await looked();
    await unlink(join(cwd, 'd-2.csv'));
    const hash = await expectStopped({ plan, sync }, FEWER);
    expect(department('u2')).toBe('Ops');
    expect((await sync('--approve', hash)).code).toBe(0);
    expect(department('u2')).toBe('None');
    expect((await sync()).code).toBe(0);
  });

  it('may rise and have other names, and some may be allowed to be missing', async () => {
    const { cwd, sync } = await looked();
    await rename(join(cwd, 'd-2.csv'), join(cwd, 'd-9.csv'));
    expect((await sync()).code).toBe(0);
    await files(cwd, { 'd-3.csv': 'code,name\nd3,Legal\n' });
    expect((await sync()).code).toBe(0);
    await unlink(join(cwd, 'd-3.csv'));
    expect((await sync()).code).toBe(3);
    expect((await sync('--max-missing-files', '1')).code).toBe(0);
    expect((await sync()).code).toBe(0);
  });

  it('are known after an import of the state; the report in JSON names the lookup', async () => {
    const { cwd, sync } = await looked();
    expect((await cli(cwd, ['state', 'export', 'copy.jsonl'])).code).toBe(0);
    const imported = await cli(cwd, ['state', 'import', 'copy.jsonl', '--as-of-now', '--state', 'other']);
    expect(imported.code).toBe(0);
    await unlink(join(cwd, 'd-1.csv'));
    const ran = await sync('--state', 'other', '--json');
    expect(ran.code).toBe(3);
    expect(jsonLines(ran.out).at(-1)).toMatchObject({
      trips: [{ entity: 'users', rule: 'missingFiles', actual: 1, limit: 0, population: 2, lookup: 'depts' }],
    });
  });

  it('are counted once, as the source, if the lookup is the input of an entity', async () => {
    const { cwd, sync, plan } = await looked();
    await files(cwd, {
      'u-2.csv': 'id,mail,dept\nu3,c@x.example,d1\n',
    });
    expect((await sync('--users', 'u*.csv')).code).toBe(0);
    await unlink(join(cwd, 'u-2.csv'));
    const { out } = await plan('--users', 'u*.csv');
    expect(out).toContain('the source of users has 1 file, and had 2');
    expect(out).not.toContain('the lookup');
  });
});
