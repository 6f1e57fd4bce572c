import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, directory, envOf, files, jsonLines, org, QUICK, usersCsv } from './support.js';

/** A directory with ten users and an empty org; returns a function that runs a command over them. */
async function desk() {
  const [cwd, okta] = [await directory(), await org()];
  await files(cwd, { 'u.csv': usersCsv(10) });
  const env = envOf(okta);
  const run = (command: string, ...argv: string[]) =>
    cli(cwd, [command, '--users', 'u.csv', ...argv], { env });
  return { cwd, okta, run };
}

const REST = 'Left out by --only or --first: 7 changes of users. A sync without them sends the rest.';

describe('--first and --only', () => {
  it('send a part, say that the rest was not sent, and exit with 5, until a sync sends it', async () => {
    const { cwd, okta, run } = await desk();
    const planned = await run('plan', '--first', '3');
    expect(planned).toMatchObject({ code: 0 });
    expect(planned.out).toContain(REST);
    expect(planned.out).toContain('To send: 3 users in 1 request and 1 session.');
    const trial = await run('sync', '--first', '3', '--report', 'out', ...QUICK);
    expect(trial).toMatchObject({ code: 5 });
    expect(trial.out).toContain(REST);
    expect(okta.directory().activeUsers).toBe(3);
    const html = await readFile(join(cwd, 'out/report.html'), 'utf8');
    expect(html).toContain('Okta confirmed 3 users; 7 users not selected');
    expect((await cli(cwd, ['status'])).out).toContain('left undone: 7 changes not selected');
    const quiet = await run('sync', '--only', 'u7', 'u9', '--quiet', '--allow-rejects', ...QUICK);
    expect(quiet).toMatchObject({ code: 5, out: '' });
    expect(quiet.err).toBe(
      'Left out by --only or --first: 5 changes of users. A sync without them sends the rest.\n',
    );
    const users = okta.directory().users;
    expect(['u6', 'u7', 'u8', 'u9'].map((id) => users.get(id)?.status)).toEqual([
      undefined,
      'ACTIVE',
      undefined,
      'ACTIVE',
    ]);
    expect(await run('sync', ...QUICK)).toMatchObject({ code: 0 });
    expect(okta.directory().activeUsers).toBe(10);
  });

  it('a run of a part that has no change does not say that Okta is in sync', async () => {
    const { cwd, run } = await desk();
    await run('sync', '--first', '3', ...QUICK);
    await run('sync', '--only', 'u0', '--report', 'out', ...QUICK);
    const html = await readFile(join(cwd, 'out/report.html'), 'utf8');
    expect(html).toContain('No change was selected; 7 users not selected');
  });

  it('are in the JSON of the outcome', async () => {
    const { run } = await desk();
    const { out } = await run('plan', '--only', 'u1', '--json');
    expect(jsonLines(out).at(-1)).toMatchObject({ plan: { sources: { users: { unsent: 9 } } } });
  });

  it('refuse a wrong number, both together, an id that nobody has, and --adopt', async () => {
    const { run, okta } = await desk();
    for (const argv of [
      ['--first', '0'],
      ['--first', 'all'],
      ['--first', '1', '--only', 'u1'],
      ['--only', 'u77'],
      ['--first', '1', '--adopt', 'verified'],
    ])
      expect(await run('sync', ...argv, ...QUICK), argv.join(' ')).toMatchObject({ code: 2, out: '' });
    expect(okta.directory().activeUsers).toBe(0);
  });
});
