import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli, directory, envOf, files, org, QUICK } from '../cli/support.js';
import { describeWith, MARIADB, mariadb, POSTGRES, postgres, uniqueName, urlOf } from './available.js';

const MAPPING = JSON.stringify({
  users: {
    externalId: 'id',
    profile: { userName: 'mail', email: 'mail' },
    deleted: { column: 'gone', equals: '1' },
  },
});

/** A table of people in a server, with the address from which the command line reads it. */
interface Server {
  readonly kind: 'postgres' | 'mysql';
  readonly url: string;
  readonly table: string;
  readonly exec: (statement: string) => Promise<unknown>;
}

/** A feed of the rows after the watermark: each run reads only what is new, and a plan reads it without taking it. */
async function readsOn(
  { kind, url, table, exec }: Server,
  column: string,
  from: string,
  times: readonly string[],
) {
  const [cwd, okta] = [await directory(), await org()];
  const query = `SELECT id, mail, gone, ${column} AS changed FROM ${table} WHERE ${column} > {watermark} ORDER BY ${column}`;
  await files(cwd, {
    'map.json': MAPPING,
    'rollcall.config.json': JSON.stringify({
      users: { [kind]: { url: { env: 'HR_DATABASE_URL' }, query } },
      map: 'map.json',
      mode: { users: 'delta' },
      watermark: { users: { column: 'changed', from } },
    }),
  });
  const run = async (command: string) => {
    const more = command === 'sync' ? QUICK : [];
    const env = { ...envOf(okta), HR_DATABASE_URL: url };
    const { code, out, err } = await cli(cwd, [command, '--json', ...more], { env });
    const last = JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>;
    const report = (last['report'] ?? last['plan']) as { sources?: { users: { read: number } } } | undefined;
    return { code, err, read: report?.sources?.users.read };
  };
  const put = async (id: string, time: string, gone = 0) => {
    await exec(`DELETE FROM ${table} WHERE id = '${id}'`);
    await exec(
      `INSERT INTO ${table} (id, mail, gone, ${column}) VALUES ('${id}', '${id}@example.com', ${gone}, '${time}')`,
    );
  };
  const [first = '', second = '', third = '', fourth = ''] = times;
  await exec(`DELETE FROM ${table}`);
  await put('a', first);
  await put('b', second);
  expect(await run('sync')).toMatchObject({ code: 0, err: '', read: 2 });
  expect(await run('sync')).toMatchObject({ code: 0, read: 0 });
  await put('c', third);
  await put('a', fourth, 1);
  expect(await run('plan')).toMatchObject({ code: 0, read: 2 });
  expect(await run('sync')).toMatchObject({ code: 0, read: 2 });
  expect(okta.directory().activeUsers).toBe(2);
  expect(await run('sync')).toMatchObject({ code: 0, read: 0 });
}

const TIMES = [
  '2026-01-01 08:00:00',
  '2026-01-01 09:00:00.123456',
  '2026-01-01 09:00:00.123457',
  '2026-01-02 00:00:00',
];
const NUMBERS = ['9', '10', '101', '9007199254740993'];

const table = uniqueName();

describeWith(await postgres(), 'a query with {watermark} in PostgreSQL', () => {
  const admin = new pg.Client(POSTGRES);
  beforeAll(async () => {
    await admin.connect();
    await admin.query(
      `CREATE TABLE ${table} (id text PRIMARY KEY, mail text, gone int, at timestamp, zoned timestamptz, version bigint)`,
    );
  });
  afterAll(async () => {
    await admin.query(`DROP TABLE IF EXISTS ${table}`);
    await admin.end();
  });
  const exec = (statement: string) => admin.query(statement);
  const server: Server = { kind: 'postgres', url: urlOf(POSTGRES), table, exec };

  it.each([
    ['at', '2000-01-01 00:00:00', TIMES],
    ['zoned', '2000-01-01 00:00:00+00', TIMES],
    ['version', '0', NUMBERS],
  ])('reads on by a column %s', (column, from, times) => readsOn(server, column, from, times), 60_000);
});

describeWith(await mariadb(), 'a query with {watermark} in MariaDB', () => {
  const database = uniqueName();
  let admin: mysql.Connection;
  beforeAll(async () => {
    admin = await mysql.createConnection(MARIADB);
    await admin.query(`CREATE DATABASE ${database}`);
    await admin.query(
      `CREATE TABLE ${database}.people (id varchar(20) PRIMARY KEY, mail varchar(100), gone int, at datetime(6), version bigint)`,
    );
  });
  afterAll(async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${database}`);
    await admin.end();
  });
  const { host, port, user, password } = MARIADB;
  const exec = (statement: string) => admin.query(statement);
  const secret = password === '' ? '' : `:${encodeURIComponent(password)}`;
  const url = `mysql://${encodeURIComponent(user)}${secret}@${host}:${port}/${database}`;
  const server: Server = { kind: 'mysql', url, table: `${database}.people`, exec };

  it.each([
    ['at', '2000-01-01 00:00:00', TIMES],
    ['version', '0', NUMBERS],
  ])('reads on by a column %s', (column, from, times) => readsOn(server, column, from, times), 60_000);
});
