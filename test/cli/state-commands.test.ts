import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, clock, directory, envOf, files, jsonLines, org, QUICK, usersCsv } from './support.js';

const SYNC = ['sync', '--users', 'u.csv', ...QUICK];

describe('state', () => {
  it('is moved to another place, where nothing is sent again, and is not used in the old one', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(300) });
    const env = envOf(okta);
    await cli(cwd, [...SYNC, '--state', 'old'], { env });
    const missing = await cli(cwd, ['state', 'move', 'nowhere', 'new']);
    expect(missing).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no state in') as string,
    });
    expect(existsSync(join(cwd, 'new'))).toBe(false);
    expect((await cli(cwd, ['state', 'move', 'old', './old'])).code).toBe(2);
    const done = await cli(cwd, ['state', 'move', 'old', 'new']);
    expect(done).toMatchObject({ code: 0, err: '' });
    expect(done.out).toContain(`Moved 300 users, 0 groups, 0 memberships to ${join(cwd, 'new')}.`);
    const refused = await cli(cwd, [...SYNC, '--state', 'old'], { env });
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(`the state was moved to ${join(cwd, 'new')}: use that place`);
    expect((await cli(cwd, ['status', '--state', 'old'])).code).toBe(1);
    expect((await cli(cwd, [...SYNC, '--state', 'new'], { env })).out).toContain('nothing was sent.');
    // Again: nothing is left to do.
    const again = await cli(cwd, ['state', 'move', 'old', 'new', '--json']);
    expect(jsonLines(again.out)).toMatchObject([
      { type: 'state:moved', from: join(cwd, 'old'), to: join(cwd, 'new'), rows: { users: 300 } },
    ]);
    expect((await cli(cwd, ['state', 'move', 'old', 'third'])).err).toContain('was moved to');
    expect(existsSync(join(cwd, 'third'))).toBe(false);
    // What is left in the old place can be exported, and the state can come back.
    expect((await cli(cwd, ['state', 'export', 'copy', '--state', 'old'])).code).toBe(0);
    expect((await cli(cwd, ['state', 'move', 'new', 'old'])).code).toBe(0);
    expect((await cli(cwd, [...SYNC, '--state', 'old'], { env })).out).toContain('nothing was sent.');
    const password = await cli(cwd, ['state', 'move', 'old', 'postgres://me:canary@127.0.0.1:1/db']);
    expect(password).toMatchObject({ code: 2, out: '' });
    expect(password.err).toContain('PGPASSFILE');
    expect(password.err).not.toContain('canary');
  });

  it('goes to another place by a file, and knows there what Okta holds', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(300, 'canary') });
    await cli(cwd, SYNC, { env: envOf(okta) });
    expect(await cli(cwd, ['state', 'verify'])).toEqual({
      code: 0,
      out: 'The state is intact: 300 users, 0 groups, 0 memberships.\n',
      err: '',
    });
    const exported = await cli(cwd, ['state', 'export', 'copy', '--json']);
    expect(jsonLines(exported.out)).toMatchObject([
      { type: 'state:report', rows: { users: 300, groups: 0, memberships: 0 } },
    ]);
    expect(await readFile(join(cwd, 'copy'), 'utf8')).not.toContain('canary');
    expect((await cli(cwd, ['state', 'import', 'copy', '--state', 'other', '--as-of-now'])).out).toBe(
      'Imported 300 users, 0 groups, 0 memberships.\n',
    );
    const again = await cli(cwd, [...SYNC, '--state', 'other'], { env: envOf(okta) });
    expect(again.out).toContain('nothing was sent.');
    const full = await cli(cwd, ['state', 'import', 'copy', '--quiet']);
    expect(full).toMatchObject({ code: 1, out: '' });
    expect(full.err).toContain('the state is not empty');
  });

  it('that is imported is in doubt, unless nothing was synced since', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(30) });
    await cli(cwd, SYNC, { env });
    await cli(cwd, ['state', 'export', 'old']);
    // After the export u0 to u4 leave, and u5 gets another name.
    await files(cwd, { 'u.csv': usersCsv(30, '', 5).replace('First,Last0', 'Other,Last0') });
    await cli(cwd, SYNC, { env });
    // They are back, and the copy has them as they were.
    await files(cwd, { 'u.csv': usersCsv(30) });
    const imported = await cli(cwd, ['state', 'import', 'old', '--state', 'copy']);
    expect(imported.out).toMatch(/^Imported 30 users, .*: the next sync sends them again, or deletes them/);
    const again = await cli(cwd, [...SYNC, '--state', 'copy', '--max-creates', '0'], { env });
    expect(again.out).toContain('Okta confirmed 30 users in');
    expect(okta.directory()).toMatchObject({ activeUsers: 30 });
    expect(okta.directory().users.get('u5')?.profile).toMatchObject({ firstName: 'First' });
  });

  it('moves with its org to another address, but not to another identity source', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(3) });
    const moved = (url: string, ...more: string[]) =>
      cli(cwd, ['state', 'retarget', '--org-url', url, ...more]);
    expect((await moved('https://new.example.com')).err).toContain('there is no state in ');
    await cli(cwd, ['plan', '--users', 'u.csv']);
    expect((await moved('https://new.example.com')).err).toContain('the state belongs to no org yet');
    await cli(cwd, SYNC, { env });
    const other = await moved('https://new.example.com', '--identity-source', 'other');
    expect([other.code, other.err]).toEqual([2, expect.stringContaining('only its org can change')]);
    const ran = await moved('https://new.example.com/');
    expect(ran.out).toBe(
      `The state belonged to ${okta.url} and now belongs to https://new.example.com, identity source ${okta.identitySourceId}.\n`,
    );
    expect((await cli(cwd, SYNC, { env })).err).toContain('[ERR_ROLLCALL_STATE_TARGET]');
    await moved(okta.url);
    expect((await cli(cwd, SYNC, { env })).out).toContain('nothing was sent.');
  });

  it('that is damaged is found by verifying it, which says where it is and how to go on', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(300) });
    await cli(cwd, SYNC, { env: envOf(okta) });
    const file = join(cwd, 'rollcall-state', 'state.mdb');
    // Everything but the first two pages: a database that believed it would end the process.
    await writeFile(file, (await readFile(file)).fill(0xff, 8192));
    const { code, out, err } = await cli(cwd, ['state', 'verify']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(`the state in ${join(cwd, 'rollcall-state')} is damaged`);
    expect(err).toMatch(/rollcall state export.*rollcall sync --adopt/s);
  });

  it('that is not there is not made by looking at it', async () => {
    const cwd = await directory();
    for (const argv of [
      ['state', 'verify'],
      ['state', 'export', 'copy'],
    ]) {
      const ran = await cli(cwd, argv);
      expect(ran.code).toBe(1);
      expect(ran.err).toContain('there is no state in ');
    }
    expect(existsSync(join(cwd, 'rollcall-state'))).toBe(false);
  });

  it.each([[['state']], [['state', 'export']], [['state', 'nothing']], [['state', 'verify', 'more']]])(
    '%j is a usage error',
    async (argv) => expect((await cli(await directory(), argv)).code).toBe(2),
  );
});

describe('sync --adopt', () => {
  it('takes the sources for what Okta holds, by the hash of their plan, and sends nothing', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(300) });
    await cli(cwd, SYNC, { env });
    const requests = okta.requests.length;
    const { OKTA_CLIENT_TOKEN: _none, ...where } = env;
    const lost = ['--state', 'new'];
    const planned = await cli(cwd, ['plan', '--users', 'u.csv', ...lost]);
    const hash = /Plan hash: ([0-9a-f]{64})/.exec(planned.out)?.[1] as string;
    const wrong = await cli(cwd, [...SYNC, ...lost, '--adopt', '0'.repeat(64)], { env: where });
    expect(wrong.code).toBe(3);
    const ran = await cli(cwd, [...SYNC, ...lost, '--adopt', hash], { env: where });
    expect(ran).toEqual({
      code: 0,
      err: '',
      out: 'The state now records 300 changes as confirmed by Okta. Nothing was sent.\n',
    });
    expect(okta.requests.length).toBe(requests);
    await files(cwd, { 'u.csv': usersCsv(301) });
    const next = await cli(cwd, [...SYNC, ...lost], { env });
    expect(next.out).toContain('Okta confirmed 1 user in 1 session');
  });

  it('cannot go with --approve, and needs to know whose directory it is', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(1) });
    const hash = '0'.repeat(64);
    expect((await cli(cwd, [...SYNC, '--adopt', hash, '--approve', hash])).err).toContain(
      'cannot be used with',
    );
    const ran = await cli(cwd, [...SYNC, '--adopt', hash]);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('--org-url: not set');
  });
});

describe('absence', () => {
  it('can take several reads, and never be of those who are protected', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    await files(cwd, { 'u.csv': usersCsv(20) });
    await cli(cwd, SYNC, { env });
    await files(cwd, { 'u.csv': usersCsv(8) });
    const less = [...SYNC, '--protect', 'u19', 'u1*', '--absence-reads', '2'];
    // u8 and u9 alone are not protected.
    expect((await cli(cwd, less, { env })).code).toBe(0);
    expect(okta.directory().activeUsers).toBe(20);
    // A read of the same content counts on another day.
    await clock.sleep(86_400_000);
    expect((await cli(cwd, less, { env })).code).toBe(0);
    expect(okta.directory().activeUsers).toBe(18);
  });
});
