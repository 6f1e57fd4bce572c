import { describe, expect, it } from 'vitest';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { membershipKey } from '../../src/core/model.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { deleted } from '../../src/state/contract/rows.js';
import { upserted } from '../support/rows.js';
import { cli, clock, directory, envOf, files, jsonLines, org, QUICK, usersCsv } from './support.js';

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

  it('names --login for an id with an @ that nothing knows', async () => {
    const { explain } = await synced();
    const login = 'If this is a login and not an id: rollcall explain u0@example.com --login';
    const ran = await explain('u0@example.com');
    expect(ran.code).toBe(1);
    expect(ran.out).toContain(login);
    expect((await explain('u0@example.com', '--login')).out).not.toContain('If this is');
    expect((await explain('nobody')).out).not.toContain('--login');
    expect((await explain('u0')).out).not.toContain('--login');
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

  it('says how to send what Okta has not as it confirmed, and not where nothing differs', async () => {
    const { okta, explain } = await synced();
    const advice = 'to send it again: rollcall sync --resend';
    expect((await explain('u0')).out).not.toContain(advice);
    okta.edit((edit) => {
      edit.setUser('u0', { userName: 'other', email: 'other@example.com' });
      edit.removeMember('g/1', 'u0');
      edit.removeUser('u1');
    });
    expect((await explain('u0')).out).toContain(`${advice} u0\n`);
    expect((await explain('u1', '--entity', 'users')).out).toContain(`${advice} u1\n`);
    expect((await explain('g/1/u0')).out).toContain(`${advice} with the id of the user\n`);
  });

  it("does not take Okta's own id of a group for its external id", async () => {
    const { okta, explain } = await synced();
    const id = okta.directory().groups.get('g/1')?.id ?? '';
    const ran = await explain(id);
    expect(ran.code).toBe(1);
    expect(ran.out).toContain('  Okta     does not have it\n');
    expect(ran.out).toContain(`  similar  this is Okta's own id of the group "g/1"`);
    expect(jsonLines((await explain(id, '--json')).out).at(-1)).toMatchObject({
      report: { found: false, explained: [{}, { okta: { found: false, externalId: 'g/1' } }] },
    });
  });

  it('does not say that Okta has not the id where Okta does not know the identity source', async () => {
    const { cwd, explain } = await synced();
    const ran = await explain('u0', '--identity-source', '0oaother', '--state', join(cwd, 'none'));
    expect(ran.out).toMatch(/Okta +not read: listIdentitySourceSessions: Okta answered 404/);
  });

  it('explains the rest when Okta does not answer', async () => {
    const { cwd, env, okta } = await synced();
    await okta.close();
    const ran = await cli(cwd, ['explain', 'u0', '--users', 'users.csv'], { env });
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('Okta     not read: ');
    expect(ran.out).toContain('A sync does nothing, because it is the same as Okta confirmed.');
  });

  it('says that Okta refused the record in every session of an earlier run', async () => {
    const cwd = await directory();
    const okta = await org({ poison: ({ externalId }) => (externalId === 'u1' ? 'import' : undefined) });
    const env = envOf(okta);
    await files(cwd, { 'users.csv': usersCsv(3) });
    expect(await cli(cwd, ['sync', '--users', 'users.csv', ...QUICK], { env })).toMatchObject({ code: 5 });
    const { out } = await cli(cwd, ['explain', 'u1', '--users', 'users.csv'], { env });
    expect(out).toContain('Okta refused its record in every session of an earlier run');
    expect(out).toMatch(/next +A sync does nothing, because .*each session with the record failed/);
    await files(cwd, { 'users.csv': usersCsv(3, 'other') });
    const changed = await cli(cwd, ['explain', 'u1', '--users', 'users.csv'], { env });
    expect(changed.out).toContain('A sync sends the user again');
  });

  it('says that a condition of the mapping leaves the row out, and what becomes of the user', async () => {
    const cwd = await directory();
    const okta = await org();
    const env = envOf(okta);
    const csv = (status: string) => `id,login,status\n1,a@example.com,active\n2,b@example.com,${status}\n`;
    const profile = { userName: 'login', email: 'login' };
    const when = { column: 'status', equals: 'active' };
    await files(cwd, {
      'map.json': JSON.stringify({ users: { externalId: 'id', profile, when } }),
      'users.csv': csv('gone'),
    });
    const flags = ['--users', 'users.csv', '--map', 'map.json', '--max-delete-percent', '100'];
    const explain = async () => (await cli(cwd, ['explain', '2', ...flags], { env })).out;
    expect(await explain()).toContain('source   users.csv:3: left out by a condition of the mapping\n');
    expect(await explain()).toContain(
      'A sync does nothing, because a condition of the mapping leaves its row out',
    );
    await files(cwd, { 'users.csv': csv('active') });
    expect(await cli(cwd, ['sync', ...flags, ...QUICK], { env })).toMatchObject({ code: 0 });
    await files(cwd, { 'users.csv': csv('gone') });
    expect(await explain()).toContain('A sync deactivates the user');
  });

  it('lists the rows of sessions in flight that touch the id', async () => {
    const { cwd, explain } = await synced();
    const state = await openState(join(cwd, 'rollcall-state'));
    const id = await state.journal.creating(clock.now());
    await state.journal.created(id, 'flying');
    await state.journal.loading(id, [
      upserted('users', 'u0'),
      upserted('users', 'other'),
      deleted('memberships', membershipKey('g/1', 'u0')),
      deleted('groups', 'u0'),
    ]);
    await state.journal.triggering(id);
    await state.close();
    const { out } = await explain('u0', '--entity', 'users');
    expect(out).toContain('1 session with 4 rows in flight: the next sync settles it first');
    expect(out).toContain('  upsert of user u0, in session flying, which is about to be imported\n');
    expect(out).toContain('  delete of membership g/1/u0, in session flying');
    expect(out).not.toContain('delete of group u0');
    expect((await explain('u1', '--entity', 'users')).out).toContain('none of these rows is of this id');
    const json = await explain('g/1/u0', '--json');
    expect(jsonLines(json.out).at(-1)).toMatchObject({
      report: {
        inFlight: {
          sessions: 1,
          touching: {
            count: 1,
            first: [{ sessionId: 'flying', phase: 'triggering', entity: 'memberships', kind: 'delete' }],
          },
        },
      },
    });
  });

  it('--login finds the id in the sources, the state and Okta, and says where', async () => {
    const { cwd, okta, env, explain } = await synced();
    const found = await explain('U1@example.com', '--login');
    expect(found.code).toBe(0);
    expect(found.out).toContain('The login is that of u1 (in the sources, the state).\n\nusers u1\n');
    const login = (text: string, ...argv: string[]) =>
      cli(cwd, ['explain', text, '--login', ...argv], { env });
    expect((await login('u0@example.com')).out).toContain('is that of u0 (in the state)');
    okta.edit((edit) => edit.setUser('new', { userName: 'New@example.com' }));
    expect((await login('new@example.com')).out).toContain('is that of new (in Okta)');
    const nobody = await login('nobody@example.com', '--json');
    expect(nobody.code).toBe(1);
    expect(jsonLines(nobody.out).at(-1)).toMatchObject({ report: { found: false, explained: [] } });
    const offline = await cli(cwd, ['explain', 'nobody@example.com', '--login']);
    expect(offline.out).toContain('Okta was not read: no credentials are set');
    await files(cwd, { 'users.csv': usersCsv(1).replaceAll('u0,u0@', 'u7,u0@') });
    const several = await explain('u0@example.com', '--login');
    expect(several.code).toBe(2);
    expect(several.err).toContain('several ids have this login: "u7" (sources), "u0" (state)');
    expect(await login('u0@example.com', '--users', '-')).toMatchObject({ code: 2 });
  });
});
