import { describe, expect, it } from 'vitest';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { cli, directory, envOf, files, jsonLines, org, QUICK, usersCsv } from './support.js';

/** An org in sync with two users, one group and one membership; returns a function that explains an id. */
async function synced() {
  const cwd = await directory();
  const okta = await org();
  const env = envOf(okta);
  await files(cwd, {
    'users.csv': usersCsv(2),
    'groups.csv': 'externalId,displayName\ng/1,Staff\nu1,Same id as a user\n',
    'memberships.csv': 'groupExternalId,memberExternalId\ng/1,u0\n',
  });
  const sources = ['--users', 'users.csv', '--groups', 'groups.csv', '--memberships', 'memberships.csv'];
  const sync = () => cli(cwd, ['sync', ...sources, '--max-delete-percent', '100', ...QUICK], { env });
  expect(await sync()).toMatchObject({ code: 0 });
  const explain = (id: string, ...argv: string[]) => cli(cwd, ['explain', id, ...sources, ...argv], { env });
  return { cwd, okta, env, sync, explain };
}

/** The explanations that `--json` writes. */
function reportOf(out: string) {
  const last = jsonLines(out).at(-1) as unknown as {
    report: { explained: { entity: string; next: { action: string; reason: string } }[] };
  };
  return last.report;
}

describe('explain', () => {
  it('shows the place, the mapping, the state and Okta, and no value of a profile', async () => {
    const { explain } = await synced();
    const ran = await explain('u0');
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain('users u0\n  source   users.csv:2\n');
    expect(ran.out).toContain('userName (14 characters), email (14 characters), firstName (5 characters)');
    expect(ran.out).toContain('  validate accepted\n  state    confirmed by Okta\n  Okta     has it, with ');
    expect(ran.out).toContain('  next     A sync does nothing, because it is the same as Okta confirmed.');
    expect(ran.out).not.toMatch(/u0@example|Last0|differs/);
  });

  it('says what changed, where Okta differs, and names every entity that has the id', async () => {
    const { cwd, okta, explain } = await synced();
    await files(cwd, { 'users.csv': usersCsv(2, 'secret') });
    okta.edit((edit) => edit.setUser('u1', { userName: 'other-secret', email: 'other@example.com' }));
    const ran = await explain('u1');
    expect(ran.out).toContain(
      'A sync updates the user, because it differs from what Okta confirmed: firstName.',
    );
    expect(ran.out).toContain('differs from the source: userName, email, firstName, lastName');
    expect(ran.out).toContain('groups u1\n');
    expect(ran.out).not.toMatch(/secret/);
    const only = await explain('u1', '--entity', 'groups', '--json');
    expect(reportOf(only.out).explained.map(({ entity }) => entity)).toEqual(['groups']);
    expect(only.out).not.toMatch(/secret|Same id/);
  });

  it('does what it says: each step is that of the next sync', async () => {
    const { cwd, okta, sync, explain } = await synced();
    await files(cwd, {
      'users.csv': usersCsv(3).replace(/^u0,.*\n/m, ''),
      'memberships.csv': 'groupExternalId,memberExternalId\ng/1,u2\n',
    });
    const step = async (id: string, entity: string) =>
      reportOf((await explain(id, '--entity', entity, '--json', '--max-delete-percent', '100')).out)
        .explained[0]?.next;
    expect(await step('u0', 'users')).toMatchObject({ action: 'delete' });
    expect((await step('u0', 'users'))?.reason).toContain('1 membership of it ends');
    expect(await step('u1', 'users')).toMatchObject({ action: 'nothing' });
    expect(await step('u2', 'users')).toMatchObject({ action: 'create' });
    expect(await step('g/1/u0', 'memberships')).toMatchObject({ action: 'delete' });
    expect((await step('g/1/u2', 'memberships'))?.reason).toContain('in a later session');
    expect(await sync()).toMatchObject({ code: 0 });
    expect(okta.directory().users.get('u0')?.status).not.toBe('ACTIVE');
    expect(okta.directory().users.get('u2')?.status).toBe('ACTIVE');
    for (const [id, entity] of [
      ['u2', 'users'],
      ['g/1/u2', 'memberships'],
    ] as const)
      expect(await step(id, entity)).toMatchObject({ action: 'nothing' });
  });

  it('names each place and the rejection of a duplicate, and that it stays in Okta', async () => {
    const { cwd, explain } = await synced();
    const row = 'u1,u1@example.com,u1@example.com,First,Last1\n';
    await files(cwd, { 'users.csv': usersCsv(2) + row });
    const { out } = await explain('u1', '--entity', 'users');
    expect(out).toContain('source   users.csv:3\n');
    expect(out).toContain('source   users.csv:4\n');
    expect(out).toContain('[DUPLICATE');
    await files(cwd, { 'users.csv': usersCsv(1) + 'u1,u1@example.com,no address,First,Last1\n' });
    const rejected = await explain('u1', '--entity', 'users');
    expect(rejected.out).toContain(
      'A sync does nothing, because its record is rejected; it stays in Okta as it is.',
    );
    expect(rejected.out).not.toContain('no address');
  });

  it('says why an absent person stays, and that the guard would stop the plan', async () => {
    const { cwd, explain } = await synced();
    await files(cwd, { 'users.csv': usersCsv(1) });
    const held = await explain('u1', '--entity', 'users', '--absence-reads', '3');
    expect(held.out).toContain('it was missing from 1 complete read in a row, and a deletion needs 3');
    const kept = await explain('u1', '--entity', 'users', '--protect', 'u*');
    expect(kept.out).toContain('it is protected (--protect)');
    const stopped = await explain('u1', '--entity', 'users', '--max-deletes', '0');
    expect(stopped.out).toContain('A sync deactivates the user');
    expect(stopped.out).toContain('The guard would stop the whole plan');
    expect(stopped.out).toContain('(--max-deletes)');
  });

  it('names similar ids, of the sources and of the state, and exits with 1 where nobody has the id', async () => {
    const { explain } = await synced();
    const ran = await explain('U0 ');
    expect(ran.code).toBe(1);
    expect(ran.out).toContain('similar  the source has "u0"');
    expect(ran.out).toContain('in the state there is "u0", which differs from "U0 " only in blanks and case');
    expect(await explain('g/1/u0', '--entity', 'persons')).toMatchObject({ code: 2 });
    expect(await explain('u0', '--entity', 'memberships')).toMatchObject({ code: 2 });
  });

  it('works without sources, without credentials and without a state, and creates none', async () => {
    const { cwd } = await synced();
    const bare = await cli(cwd, ['explain', 'u0']);
    expect(bare).toMatchObject({ code: 0 });
    expect(bare.out).toContain('state    confirmed by Okta');
    expect(bare.out).toContain('Okta     not read: no credentials are set');
    expect(bare.out).toContain('A sync does nothing, because no source of users is given.');
    const fresh = await cli(cwd, ['explain', 'u0', '--users', 'users.csv', '--state', 'none']);
    expect(fresh.out).toContain('A sync creates the user, because the state does not have it.');
    await expect(access(join(cwd, 'none'))).rejects.toThrow();
  });

  it('says that a row in doubt is sent again, and that Okta does not have it', async () => {
    const { cwd, okta, env, explain } = await synced();
    okta.edit((edit) => edit.removeUser('u1'));
    await cli(cwd, ['verify', '--repair'], { env });
    const { out } = await explain('u1', '--entity', 'users');
    expect(out).toContain('state    unknown: the outcome of its last upload is not known');
    expect(out).toContain('Okta     does not have it');
    expect(out).toContain('A sync sends the user again, because it is not known what Okta holds.');
  });

  it('explains the rest when Okta does not answer', async () => {
    const { cwd, env, okta } = await synced();
    await okta.close();
    const ran = await cli(cwd, ['explain', 'u0', '--users', 'users.csv'], { env });
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('Okta     not read: ');
    expect(ran.out).toContain('A sync does nothing, because it is the same as Okta confirmed.');
  });
});
