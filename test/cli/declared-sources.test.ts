import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/process/exit-codes.js';
import { readSource } from '../../src/cli/settings/source-spec.js';
import { describeWith, POSTGRES, postgres, urlOf } from '../services/available.js';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

const USERS =
  "SELECT id AS externalId, mail AS userName, mail AS email, 'Ada' AS firstName, 'L' AS lastName FROM people";
const MEMBERSHIPS = 'SELECT team AS groupExternalId, id AS memberExternalId FROM people';
const GROUPS = 'SELECT DISTINCT team AS externalId, team AS displayName FROM people';

function company(file: string): void {
  const database = new sqlite.Database(file);
  database.exec('CREATE TABLE people (id INTEGER, mail TEXT, team TEXT)');
  database.exec("INSERT INTO people VALUES (1, 'a@example.com', 'eng'), (2, 'b@example.com', 'ops')");
  database.close();
}

const inSqlite = (query: string) => ({ sqlite: { file: 'hr.db', query } });

describe('a source of a config file', () => {
  it('is read from one database for all entities, beside the config file', async () => {
    const cwd = await directory();
    const okta = await org();
    company(join(cwd, 'hr.db'));
    const config = { users: inSqlite(USERS), groups: inSqlite(GROUPS), memberships: inSqlite(MEMBERSHIPS) };
    await files(cwd, { 'rollcall.config.json': JSON.stringify(config) });
    const { code, err } = await cli(cwd, ['sync', ...QUICK], { env: envOf(okta) });
    expect({ code, err }).toMatchObject({ code: EXIT.DONE });
    const { users, groups } = okta.directory(okta.identitySourceId);
    expect([...users.keys()].sort()).toEqual(['1', '2']);
    expect(groups.size).toBe(2);
    const check = await cli(cwd, ['check'], { env: envOf(okta) });
    expect(check.out).toContain('2 records');
    const explained = await cli(cwd, ['explain', '1'], { env: envOf(okta) });
    expect(explained.out).toContain('the same as Okta confirmed');
  });

  it('is a REST API, read to its proven end with the token of the environment', async () => {
    const cwd = await directory();
    const okta = await org();
    const tokens = new Set<string | undefined>();
    let pages = 2;
    const server = createServer(({ url, headers }, response) => {
      tokens.add(headers.authorization);
      const page = Number(new URL(url as string, 'http://localhost').searchParams.get('p') ?? 0);
      const id = String(page);
      const user = {
        externalId: id,
        userName: `${id}@example.com`,
        email: `${id}@example.com`,
        firstName: 'A',
        lastName: 'B',
      };
      response.end(
        JSON.stringify({
          people: [user],
          ...(page + 1 < pages ? { next: page + 1 } : pages > 1 && { next: null }),
        }),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const rest = {
        url: `http://127.0.0.1:${port}`,
        path: 'people',
        next: { cursor: 'next', parameter: 'p' },
        bearer: { env: 'HR_TOKEN' },
      };
      await files(cwd, { 'rollcall.config.json': JSON.stringify({ users: { rest } }) });
      const sync = (env = {}) => cli(cwd, ['sync', ...QUICK], { env: { ...envOf(okta), ...env } });
      expect((await sync()).err).toContain('HR_TOKEN is not set');
      const { code, err } = await sync({ HR_TOKEN: 'secret' });
      expect({ code, err }).toMatchObject({ code: EXIT.DONE });
      expect([...okta.directory(okta.identitySourceId).users.keys()]).toEqual(['0', '1']);
      expect([...tokens]).toEqual(['Bearer secret']);
      // The first page has no cursor any more: it is not certain that it is the last one, so nobody is deleted.
      pages = 1;
      const cut = await sync({ HR_TOKEN: 'secret' });
      expect([cut.code, cut.err]).toEqual([1, expect.stringContaining('users (rest): page 1 has no "next"')]);
      expect(okta.directory().activeUsers).toBe(2);
      expect(cut.err).not.toContain('secret');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it.each<[object, string]>([
    [{ next: 'link' }, 'rest.url'],
    [{ url: 'https://hr.example.com' }, 'rest.next'],
    [{ url: 'https://hr.example.com', next: 'all' }, 'users.rest.next'],
    [{ url: 'https://hr.example.com', next: 'link', bearer: 'secret' }, 'rest.bearer'],
    [{ url: 'https://hr.example.com', next: 'link', basic: { user: 'u', password: 'secret' } }, 'rest.basic'],
    [{ url: 'https://hr.example.com', next: 'link', totl: 'x' }, 'in rest; did you mean'],
  ])('is not this REST API: %o', async (rest, message) => {
    const cwd = await directory();
    await files(cwd, { 'rollcall.config.json': JSON.stringify({ users: { rest } }) });
    const { code, err } = await cli(cwd, ['plan']);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(err).not.toContain('secret');
  });

  it('serves users and memberships of one mapping from one snapshot', async () => {
    const cwd = await directory();
    const okta = await org();
    company(join(cwd, 'hr.db'));
    await files(cwd, {
      'rollcall.config.json': JSON.stringify({ users: inSqlite('SELECT * FROM people'), map: 'm.json' }),
      'm.json': JSON.stringify({
        users: {
          externalId: 'id',
          profile: { userName: 'mail', email: 'mail', firstName: 'team', lastName: 'team' },
        },
        memberships: { from: 'users', groups: { column: 'team' } },
        groups: { from: 'memberships' },
      }),
    });
    const { code } = await cli(cwd, ['sync', ...QUICK], { env: envOf(okta) });
    expect(code).toBe(EXIT.DONE);
    expect(okta.directory(okta.identitySourceId).groups.size).toBe(2);
  });

  it('gives way to a flag', async () => {
    const cwd = await directory();
    await files(cwd, {
      'rollcall.config.json': JSON.stringify({ users: inSqlite(USERS) }),
      'u.csv': 'externalId,userName,email,firstName,lastName\n7,c@example.com,c@example.com,C,D\n',
    });
    const { code, out } = await cli(cwd, ['plan', '--users', 'u.csv']);
    expect(code).toBe(EXIT.DONE);
    expect(out).toContain('users');
  });

  it('fails the run with the name of the entity, and nothing is sent', async () => {
    const cwd = await directory();
    const okta = await org();
    company(join(cwd, 'hr.db'));
    await files(cwd, {
      'rollcall.config.json': JSON.stringify({ users: inSqlite('SELECT * FROM persons') }),
    });
    const { code, err } = await cli(cwd, ['sync', ...QUICK], { env: envOf(okta) });
    expect(code).toBe(EXIT.FAILED);
    expect(err).toContain('users (sqlite): the query failed (no such table: persons)');
    expect(okta.directory(okta.identitySourceId).users.size).toBe(0);
  });

  it('needs the column that the mapping names', async () => {
    const cwd = await directory();
    company(join(cwd, 'hr.db'));
    const query = 'SELECT id AS extern, mail AS userName, mail AS email FROM people';
    await files(cwd, { 'rollcall.config.json': JSON.stringify({ users: inSqlite(query) }) });
    const { code, err } = await cli(cwd, ['plan']);
    expect(code).toBe(EXIT.FAILED);
    expect(err).toContain('users (sqlite): no record has the property "externalId"');
  });

  it('has its address in the environment', async () => {
    const cwd = await directory();
    const users = { postgres: { url: { env: 'HR_DATABASE_URL' }, query: 'SELECT 1' } };
    await files(cwd, { 'rollcall.config.json': JSON.stringify({ users }) });
    const { code, err } = await cli(cwd, ['plan']);
    expect(code).toBe(EXIT.USAGE);
    expect(err).toContain('users.postgres.url: the environment variable HR_DATABASE_URL is not set');
  });

  it('is checked with its line, and never shows its text', async () => {
    const cwd = await directory();
    const bad = [
      { postgres: { url: 'postgres://reader:hidden@db/hr', query: 'SELECT 1' } },
      { postgres: { url: { variable: 'hidden' }, query: 'SELECT 1' } },
      { postgres: { url: 'hidden', query: 'SELECT 1' } },
      { postgres: { url: { env: 'A' } } },
      { postgres: { url: { env: 'A' }, query: 'SELECT 1', more: 'hidden' } },
      { postgres: 'hidden' },
      { postgress: { url: 'hidden' } },
      { sqlite: { query: 'hidden' } },
      {},
      { sqlite: {}, mysql: {} },
    ];
    for (const users of bad) {
      await files(cwd, { 'rollcall.config.json': `{\n"users": ${JSON.stringify(users)} }` });
      const { code, err } = await cli(cwd, ['plan']);
      expect(code, JSON.stringify(users)).toBe(EXIT.USAGE);
      expect(err).toContain('rollcall.config.json:2: users: expected');
      expect(err).not.toContain('hidden');
    }
  });

  it('is an address without a password, or a variable', () => {
    const query = 'SELECT 1';
    const url = 'mysql://reader@db/hr';
    expect(readSource({ mysql: { url, query } })).toEqual({ kind: 'mysql', url, query });
    const variable = { env: 'HR_DATABASE_URL' };
    expect(readSource({ postgres: { url: variable, query } })).toEqual({
      kind: 'postgres',
      url: variable,
      query,
    });
  });

  it.each(['postgres://ann:hidden@db/hr', 'postgres://db/hr?password=hidden', 'mysql://db/hr?passwd=hidden'])(
    'is not the address %s in the file',
    (url) => {
      const read = () => readSource({ mysql: { url, query: 'SELECT 1' } });
      expect(read).toThrow(/without a password/);
      expect(read).not.toThrow(/hidden/);
    },
  );
});

describeWith(await postgres(), 'a source of a config file in PostgreSQL', () => {
  it('is read with the address of the environment', async () => {
    const cwd = await directory();
    const okta = await org();
    const query = `SELECT i AS "externalId", 'p' || i || '@example.com' AS "userName", 'p' || i || '@example.com' AS email,
      'A' AS "firstName", 'B' AS "lastName" FROM generate_series(1, 2500) i`;
    const users = { postgres: { url: { env: 'HR_DATABASE_URL' }, query } };
    await files(cwd, { 'rollcall.config.json': JSON.stringify({ users }) });
    const env = { ...envOf(okta), HR_DATABASE_URL: urlOf(POSTGRES) };
    expect((await cli(cwd, ['sync', ...QUICK], { env })).code).toBe(EXIT.DONE);
    expect(okta.directory(okta.identitySourceId).users.size).toBe(2500);
  });
});
