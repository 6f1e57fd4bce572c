import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli, directory, envOf, files, org, QUICK, usersCsv } from '../cli/support.js';
import { SCHEMA_VERSION } from '../../src/state/postgres/migrations.js';
import { describeWith, POSTGRES, postgres, uniqueName, urlOf } from './available.js';

const service = await postgres();
const schema = uniqueName();
const place = `${urlOf(POSTGRES)}?schema=${schema}&state=hr`;
const SECRET = 'canary-password';

describeWith(service, 'the command line with a state in PostgreSQL', () => {
  const admin = new pg.Client(POSTGRES);
  beforeAll(() => admin.connect());
  afterAll(async () => {
    await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await admin.end();
  });

  it('syncs, knows what Okta has, and tells its state without user and password', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = { ...envOf(okta), ROLLCALL_STATE: place };
    await files(cwd, { 'u.csv': usersCsv(300) });
    expect((await cli(cwd, ['state', 'verify'], { env })).code).toBe(1);
    expect((await cli(cwd, ['state', 'migrate'], { env })).out).toContain(
      `were created with version ${SCHEMA_VERSION}`,
    );
    expect((await cli(cwd, ['state', 'migrate'], { env })).out).toContain(
      `have version ${SCHEMA_VERSION} already`,
    );
    const json = await cli(cwd, ['state', 'migrate', '--json'], { env });
    expect(JSON.parse(json.out)).toMatchObject({
      type: 'state:migrated',
      from: SCHEMA_VERSION,
      to: SCHEMA_VERSION,
    });
    const sync = ['sync', '--users', 'u.csv', ...QUICK];
    expect((await cli(cwd, sync, { env })).code).toBe(0);
    expect(okta.directory(okta.identitySourceId).users.size).toBe(300);
    expect((await cli(cwd, sync, { env })).out).toContain('nothing was sent.');
    await files(cwd, { 'u.csv': usersCsv(298) });
    expect((await cli(cwd, [...sync, '--state', place], { env: envOf(okta) })).code).toBe(0);
    expect(okta.directory(okta.identitySourceId).activeUsers).toBe(298);
    const status = await cli(cwd, ['status'], { env });
    expect(status.out).toContain(`postgres://${POSTGRES.host}:${POSTGRES.port}/${POSTGRES.database}`);
    expect(status.out).not.toContain(`${POSTGRES.user}@`);
    const moved = await cli(cwd, ['state', 'export', 'copy', '--state', place]);
    expect(moved.out).toBe('Exported 298 users, 0 groups, 0 memberships.\n');
    expect((await cli(cwd, ['state', 'verify'], { env })).out).toContain('298 users');
  }, 60_000);

  it('moves a state from a directory to PostgreSQL and back, and nothing is sent again', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(300) });
    const sync = (state: string) =>
      cli(cwd, ['sync', '--users', 'u.csv', ...QUICK, '--state', state], { env: envOf(okta) });
    const inDatabase = `${urlOf(POSTGRES)}?schema=${schema}&state=moved`;
    expect((await sync('here')).code).toBe(0);
    const there = await cli(cwd, ['state', 'move', 'here', inDatabase]);
    expect(there).toMatchObject({ code: 0, err: '' });
    expect(there.out).toContain(`Moved 300 users, 0 groups, 0 memberships to postgres://${POSTGRES.host}`);
    expect(there.out).not.toContain(`${POSTGRES.user}@`);
    expect((await sync('here')).err).toContain('the state was moved to postgres://');
    expect((await sync(inDatabase)).out).toContain('nothing was sent.');
    expect((await cli(cwd, ['state', 'move', inDatabase, 'elsewhere'])).code).toBe(0);
    const refused = await sync(inDatabase);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(`the state was moved to ${join(cwd, 'elsewhere')}: use that place`);
    expect((await sync('elsewhere')).out).toContain('nothing was sent.');
    expect((await cli(cwd, ['state', 'verify', '--state', 'elsewhere'])).out).toContain('300 users');
  }, 60_000);

  it('refuses a password in a flag and in a config file, and never shows it', async () => {
    const cwd = await directory();
    const url = `postgres://me:${SECRET}@127.0.0.1:1/db`;
    await writeFile(join(cwd, 'rollcall.config.json'), JSON.stringify({ state: url }));
    const said = [
      await cli(cwd, ['state', 'verify', '--state', url]),
      await cli(cwd, ['state', 'verify', '--state', `postgres://127.0.0.1:1/db?password=${SECRET}`]),
      await cli(cwd, ['state', 'verify', '--config', 'rollcall.config.json']),
    ];
    for (const { code, out, err } of said) {
      expect(code).toBe(2);
      expect(err).toContain('PGPASSWORD');
      expect(out + err).not.toContain(SECRET);
    }
  });

  it('names the server and the database, and never the password, when it cannot connect', async () => {
    const cwd = await directory();
    for (const env of [
      { ROLLCALL_STATE: `postgres://me:${SECRET}@127.0.0.1:1/db` },
      { ROLLCALL_STATE: 'postgres://me@127.0.0.1:1/db', PGPASSWORD: SECRET },
    ]) {
      const { code, out, err } = await cli(cwd, ['state', 'verify'], { env });
      expect(code).toBe(4);
      expect(err).toContain('postgres://127.0.0.1:1/db');
      expect(err).toContain('ECONNREFUSED');
      expect(out + err).not.toContain(SECRET);
    }
  });

  it('migrates only what is in PostgreSQL', async () => {
    const { code, err } = await cli(await directory(), ['state', 'migrate', '--state', 'here']);
    expect(code).toBe(2);
    expect(err).toContain('PostgreSQL');
  });
});
