import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { cli, directory, envOf, files, org, QUICK, usersCsv } from './support.js';

/** An org that holds ten users of `people.csv`, and a function that syncs again. */
async function tenUsers() {
  const cwd = await directory();
  const held = await org();
  const sync = (...more: string[]) =>
    cli(cwd, ['sync', '--users', 'people.csv', '--state', 'state', ...QUICK, ...more], { env: envOf(held) });
  await files(cwd, { 'people.csv': usersCsv(10) });
  expect((await sync('--expect-rows', '10')).code).toBe(0);
  expect(held.directory().activeUsers).toBe(10);
  return { cwd, held, sync };
}

describe('--expect-rows', () => {
  it.each(['on', 'off'])('keeps everybody in Okta if rows are missing (screening %s)', async (screening) => {
    const { cwd, held, sync } = await tenUsers();
    vi.stubEnv('ROLLCALL_SCREENING', screening);
    try {
      await files(cwd, { 'people.csv': usersCsv(9) });
      const cut = await sync('--expect-rows', '10');
      expect(cut.code).toBe(1);
      expect(cut.err).toContain(
        'people.csv: the number of rows is 9, but 10 are expected; the export was cut off',
      );
      expect(held.directory().activeUsers).toBe(10);
      // Rows that are unchanged count as well.
      expect((await sync('--expect-rows', 'users=9')).code).toBe(0);
      expect(held.directory().activeUsers).toBe(9);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('counts the rows of all files of an input, and of each input', async () => {
    const cwd = await directory();
    const groups = 'externalId,displayName\ng,G\n';
    await files(cwd, { 'p1.csv': usersCsv(2), 'p2.csv': usersCsv(5, '', 2), 'groups.csv': groups });
    const plan = (...rows: string[]) =>
      cli(cwd, ['plan', '--users', 'p*.csv', '--groups', 'groups.csv', '--expect-rows', ...rows]);
    expect((await plan('users=5', 'groups=1')).code).toBe(0);
    expect((await plan('groups=1')).code).toBe(0);
    expect((await plan('users=5', 'groups=2')).err).toMatch(/groups\.csv: the number of rows is 1, but 2/);
    expect((await plan('users=2')).err).toMatch(/p\*\.csv: the number of rows is 5, but 2/);
    const one = await plan('5');
    expect([one.code, one.err]).toEqual([
      2,
      expect.stringContaining('there are several inputs; give the number of each, such as users=5'),
    ]);
    expect((await plan('memberships=1')).err).toContain('there is no input of memberships');
    for (const bad of [['x=1'], ['users=1.5'], ['users='], ['users=1', 'users=2'], ['-1']])
      expect((await plan(...bad)).code).toBe(2);
  });

  it('is a number or an object in the config file', async () => {
    const cwd = await directory();
    await files(cwd, { 'people.csv': usersCsv(3) });
    for (const [expectRows, code] of [
      [3, 0],
      [{ users: 3 }, 0],
      [4, 1],
      [{ users: 4 }, 1],
      [{ people: 3 }, 2],
    ] as const) {
      await files(cwd, { 'rollcall.config.json': JSON.stringify({ users: 'people.csv', expectRows }) });
      expect((await cli(cwd, ['plan'])).code).toBe(code);
    }
  });
});

describe('--complete-marker', () => {
  it('keeps everybody in Okta until the export is complete', async () => {
    const { cwd, held, sync } = await tenUsers();
    const marker = ['--complete-marker', 'people.done'];
    await files(cwd, { 'people.csv': usersCsv(9) });
    const missing = await sync(...marker);
    expect([missing.code, missing.err]).toEqual([
      1,
      expect.stringContaining('people.done" (completeMarker) does not exist'),
    ]);
    await files(cwd, { 'people.done': '' });
    await utimes(join(cwd, 'people.done'), 1000, 1000);
    expect((await sync(...marker)).err).toContain('is older than the file');
    expect(held.directory().activeUsers).toBe(10);
    await utimes(join(cwd, 'people.csv'), 1000, 1000);
    expect((await sync(...marker)).code).toBe(0);
    expect(held.directory().activeUsers).toBe(9);
  });

  it('needs files', async () => {
    const cwd = await directory();
    const argv = ['plan', '--users', '-', '--format', 'csv', '--complete-marker', 'done'];
    const { code, err } = await cli(cwd, argv, { stdin: usersCsv(1) });
    expect([code, err]).toEqual([2, expect.stringContaining('standard input has no age to compare')]);
  });
});

describe('--trailer', () => {
  it('is refused for an input that is not CSV, because it would not be checked', async () => {
    const cwd = await directory();
    await files(cwd, { 'users.jsonl': '{"externalId":"1"}\nEND,1\n' });
    const refused = await cli(cwd, ['plan', '--users', 'users.jsonl', '--trailer', 'END,{count}']);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('--trailer: needs CSV')]);
  });
});
