import { describe, expect, it } from 'vitest';
import type { FaultHook } from '../../src/simulator/index.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { cli, directory, envOf, files, jsonLines, org, QUICK, usersCsv } from './support.js';

const MEMBERS = 'groupExternalId,memberExternalId\ng,u1\ng,u2\n';

/** An org and a directory of three users in a group, in sync; and a function that runs `deactivate`. */
async function synced() {
  const cwd = await directory();
  let fault: FaultHook | undefined;
  const okta = await org({ fault: (request, index) => fault?.(request, index) });
  const setFault = (hook: FaultHook | undefined) => void (fault = hook);
  const env = envOf(okta);
  await files(cwd, { 'u.csv': usersCsv(3), 'g.csv': 'externalId,displayName\ng,G\n', 'm.csv': MEMBERS });
  const inputs = ['--users', 'u.csv', '--groups', 'g.csv', '--memberships', 'm.csv'];
  const sync = (...more: string[]) => cli(cwd, ['sync', ...inputs, ...QUICK, ...more], { env });
  expect(await sync()).toMatchObject({ code: 0 });
  const run = (...argv: string[]) => cli(cwd, ['deactivate', ...argv], { env });
  const statusOf = (id: string) => okta.directory().users.get(id)?.status;
  return { cwd, okta, env, run, sync, statusOf, setFault };
}

/** The kinds of the rows of the state. */
async function rowsOf(cwd: string): Promise<string[]> {
  await using state = await openState(`${cwd}/rollcall-state`);
  const found: string[] = [];
  for (const entity of ['users', 'memberships'] as const)
    for await (const rows of state.rows(entity))
      for (const { key, held } of rows) found.push(`${entity} ${key.replace('\0', '/')} ${held.kind}`);
  return found.sort();
}

const ALL = ['users u0 confirmed', 'users u1 confirmed', 'users u2 confirmed'];
const onDelete =
  (fault: ReturnType<FaultHook>): FaultHook =>
  ({ method, path }) =>
    method === 'DELETE' && path.includes('/users/') ? fault : undefined;

describe('deactivate', () => {
  it('without --yes only looks', async () => {
    const { run, cwd, statusOf } = await synced();
    const ran = await run('u1', 'u2');
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain('u1: is in Okta; nothing was sent.');
    expect(ran.out).toContain('To end the access of 2 users now, add --yes.');
    expect(statusOf('u1')).toBe('ACTIVE');
    expect((await rowsOf(cwd)).filter((row) => row.startsWith('users'))).toEqual(ALL);
  });

  it('ends the access, and the state follows with the memberships', async () => {
    const { run, cwd, sync, statusOf } = await synced();
    const ran = await run('u1', '--yes');
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain('u1: is deactivated; Okta confirmed the request.');
    expect(ran.out).toContain('created again by the next sync');
    expect(statusOf('u1')).not.toBe('ACTIVE');
    // This org shows deactivated users, so the row stays in doubt.
    expect(await rowsOf(cwd)).toContain('users u1 unknown');
    // Who left the sources stays away; who did not comes back, with the membership.
    await files(cwd, {
      'u.csv': usersCsv(1) + 'u2,u2@example.com,u2@example.com,First,Last2\n',
      'm.csv': MEMBERS.replace('g,u1\n', ''),
    });
    expect(await sync()).toMatchObject({ code: 0 });
    expect(statusOf('u1')).not.toBe('ACTIVE');
    await files(cwd, { 'u.csv': usersCsv(3), 'm.csv': MEMBERS });
    expect(await sync()).toMatchObject({ code: 0 });
    expect(statusOf('u1')).toBe('ACTIVE');
  });

  it('an org that does not show deactivated users: the row goes, and the memberships are in doubt', async () => {
    const { run, cwd, okta, setFault, statusOf } = await synced();
    setFault(({ method, path }) =>
      method === 'GET' && path.endsWith('/users/u1') && okta.directory().users.get('u1')?.status !== 'ACTIVE'
        ? { kind: 'notFound' }
        : undefined,
    );
    expect(await run('u1', '--yes')).toMatchObject({ code: 0 });
    expect(statusOf('u1')).not.toBe('ACTIVE');
    const rows = await rowsOf(cwd);
    expect(rows.filter((row) => row.startsWith('users'))).toEqual([ALL[0], ALL[2]]);
    // As after a session that deletes a user, the memberships are in doubt, and the next sync ends them.
    expect(rows.filter((row) => row.includes('u1'))).toEqual(['memberships 1:gu1 unknown']);
  });

  it('an id that Okta does not know changes nothing, and is exit code 1', async () => {
    const { run, cwd } = await synced();
    const ran = await run('U1', '--yes', '--json');
    expect(ran.code).toBe(1);
    expect(jsonLines(ran.out).at(-1)).toMatchObject({
      type: 'deactivate:report',
      report: { sent: true, users: [{ id: 'U1', outcome: 'absent' }] },
    });
    expect((await rowsOf(cwd)).filter((row) => row.startsWith('users'))).toEqual(ALL);
  });

  it('with a wrong id of the identity source says so, and leaves a new state free', async () => {
    const { cwd, run } = await synced();
    await (await openState(`${cwd}/free`)).close();
    const wrong = await run('u1', '--state', 'free', '--identity-source', '0oaother');
    expect(wrong.code).toBe(1);
    expect(wrong.out + wrong.err).toContain('What to do: correct --identity-source');
    expect(await run('u1', '--state', 'free')).toMatchObject({ code: 0 });
    await using state = await openState(`${cwd}/free`);
    expect(await state.target()).toBeUndefined();
  });

  it('says that an id is that of a group', async () => {
    const { run } = await synced();
    expect(await run('g', '--yes')).toMatchObject({ code: 1 });
    expect((await run('g')).out).toContain('g: Okta has no user with this external id;');
    expect((await run('g')).out).toContain('(it is the id of a group)');
    expect((await run('U1')).out).not.toContain('group');
  });

  it.each([
    ['Okta acted', 'resetAfter', false],
    ['Okta did not act', 'resetBefore', true],
  ] as const)(
    'a lost answer leaves the row unknown, and the next sync settles it: %s',
    async (_, kind, stays) => {
      const { run, cwd, setFault, sync, statusOf } = await synced();
      setFault(onDelete({ kind }));
      const ran = await run('u1', '--yes');
      expect(ran.code).toBe(5);
      expect(ran.out).toContain('u1: the answer was lost');
      expect(await rowsOf(cwd)).toContain('users u1 unknown');
      expect(statusOf('u1') === 'ACTIVE').toBe(stays);
      setFault(undefined);
      await files(cwd, {
        'u.csv': usersCsv(1) + 'u2,u2@example.com,u2@example.com,First,Last2\n',
        'm.csv': MEMBERS.replace('g,u1\n', ''),
      });
      expect(await sync()).toMatchObject({ code: 0 });
      expect(statusOf('u1')).not.toBe('ACTIVE');
    },
  );

  it.each(['notFound', 'unauthorized'] as const)(
    'what Okta did not do (%s) leaves everything as it was',
    async (kind) => {
      const { run, cwd, setFault, statusOf } = await synced();
      setFault(onDelete({ kind }));
      expect((await run('u1', '--yes')).code).toBe(1);
      expect(statusOf('u1')).toBe('ACTIVE');
      expect((await rowsOf(cwd)).filter((row) => row.startsWith('users'))).toEqual(ALL);
    },
  );

  it('while a session is in flight nothing is sent', async () => {
    const { run, cwd, statusOf } = await synced();
    {
      await using state = await openState(`${cwd}/rollcall-state`);
      const id = await state.journal.creating(0);
      await state.journal.created(id, 'in-flight');
    }
    const ran = await run('u1', '--yes');
    expect(ran.code).toBe(4);
    expect(ran.err).toContain('a session is in flight (in-flight)');
    expect(statusOf('u1')).toBe('ACTIVE');
    expect((await run('u1')).code).toBe(0);
  });

  it('refuses many, and a state of another org', async () => {
    const { run, cwd, okta } = await synced();
    const many = await run('a', 'b', 'c', 'd', 'e', 'f', '--yes');
    expect(many.code).toBe(2);
    expect(many.err).toContain('6 ids are more than 5');
    expect((await run('a', 'b', '--max', '1')).code).toBe(2);
    expect((await run('a', '--max', '0')).code).toBe(2);
    const other = await org();
    const elsewhere = await cli(cwd, ['deactivate', 'u1', '--yes'], { env: envOf(other) });
    expect(elsewhere.code).toBe(1);
    expect(okta.violations).toEqual([]);
  });

  it('creates no state', async () => {
    const cwd = await directory();
    const okta = await org();
    expect((await cli(cwd, ['deactivate', 'u1', '--yes'], { env: envOf(okta) })).code).toBe(1);
  });
});
