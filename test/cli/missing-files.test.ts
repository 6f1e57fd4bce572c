import { rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, directory, envOf, files, org, QUICK, usersCsv } from './support.js';

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

describe.each(['on', 'off'])('an input of several files (screening %s)', (screening) => {
  it('with fewer files than at the last complete run stops the plan, until a person approves it', async () => {
    process.env['ROLLCALL_SCREENING'] = screening;
    try {
      const { okta, sync, plan, remove } = await world();
      await remove('users-3.csv');
      const planned = await plan();
      expect(planned.code).toBe(3);
      expect(planned.out).toContain(MISSING);
      // A run that the guard stops is not the new measure.
      for (let run = 0; run < 2; run++) {
        const stopped = await sync();
        expect(stopped.code).toBe(3);
        expect(stopped.err + stopped.out).toContain(MISSING);
      }
      expect(okta.directory().activeUsers).toBe(41);
      expect((await sync('--approve', hashIn(planned.out))).code).toBe(0);
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
