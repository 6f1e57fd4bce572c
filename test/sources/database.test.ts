import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { OptionsError, SourceError } from 'rollcall';
import { openMysql, openPostgres, openSqlite, type DatabaseSource, type TextRow } from 'rollcall/sources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDriver } from '../../src/sources/load-driver.js';
import { describeWith, mariadb, MARIADB, POSTGRES, postgres, urlOf } from '../services/available.js';

async function all(rows: AsyncIterable<TextRow>): Promise<TextRow[]> {
  const read: TextRow[] = [];
  for await (const row of rows) read.push(row);
  return read;
}

/** The error of a read. */
async function failureOf(database: DatabaseSource, query: string): Promise<SourceError> {
  const error: unknown = await all(database.rows(query, { name: 'users' })).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(SourceError);
  expect((error as SourceError).cause).toBeUndefined();
  return error as SourceError;
}

/** What is so of every database. */
function holdsForAll(open: () => DatabaseSource): void {
  it('reads an empty result, and a null', async () => {
    await using database = open();
    const none = database.rows("SELECT '1' AS id WHERE 1 = 0");
    const one = database.rows("SELECT NULL AS a, '' AS b, ' x ' AS c;");
    expect(await all(none)).toEqual([]);
    expect(await all(one)).toEqual([{ a: null, b: '', c: ' x ' }]);
  });

  it('closes after the last flow, and refuses what would be another snapshot', async () => {
    await using database = open();
    expect(await all(database.rows('SELECT 1 AS id'))).toEqual([{ id: '1' }]);
    await expect(all(database.rows('SELECT 1 AS id'))).rejects.toThrow(/the connection is closed/);
  });

  it('refuses two reads at once', async () => {
    await using database = open();
    const [first, second] = [database.rows('SELECT 1 AS id'), database.rows('SELECT 2 AS id')];
    const reading = first[Symbol.asyncIterator]();
    const pending = reading.next();
    await expect(all(second)).rejects.toThrow(/one after another/);
    await pending.catch(() => undefined);
  });

  it('names the query and what it misses, and no value', async () => {
    const error = await failureOf(open(), "SELECT 'secret' AS id FROM no_such_people");
    expect(error.message).toMatch(/^users: the query failed/);
    expect(error.message).toContain('no_such_people');
    expect(error.message).not.toContain('secret');
  });

  it('refuses an empty query at once', () => {
    expect(() => open().rows(' ')).toThrow(OptionsError);
  });
}

describeWith(await postgres(), 'values of PostgreSQL', () => {
  const open = () => openPostgres({ url: urlOf(POSTGRES) });
  holdsForAll(open);

  it('are the text of the database', async () => {
    const rows = open()
      .rows(`SELECT 12345678901234567890::numeric AS big, 1.50::numeric AS cents, 9007199254740993::int8 AS long,
      0.1::float8 AS float, true AS yes, false AS no, date '2026-01-02' AS day,
      timestamptz '2026-01-02 03:04:05+02' AS at, ARRAY['a','b'] AS list, '00000000-0000-0000-0000-00000000000a'::uuid AS id,
      interval '1 day' AS span`);
    expect(await all(rows)).toEqual([
      {
        big: '12345678901234567890',
        cents: '1.50',
        long: '9007199254740993',
        float: '0.1',
        yes: 'true',
        no: 'false',
        day: '2026-01-02',
        at: '2026-01-02 01:04:05+00',
        list: '{a,b}',
        id: '00000000-0000-0000-0000-00000000000a',
        span: '1 day',
      },
    ]);
  });

  it('do not reach the error of a query that fails on one', async () => {
    const error = await failureOf(open(), "SELECT ('top' || 'secret')::int AS id");
    expect(error.message).toBe('users: the query failed (SQLSTATE 22P02)');
  });

  it('have columns with different names', async () => {
    expect((await failureOf(open(), 'SELECT 1 AS id, 2 AS id')).message).toBe(
      'users: the query returns the column "id" twice; name one of them with AS',
    );
  });

  it('are never changed', async () => {
    expect((await failureOf(open(), 'CREATE TABLE rollcall_must_not_write (id int)')).message).toBe(
      'users: the query failed (SQLSTATE 25006)',
    );
  });

  it('need a server, and a database that exists', async () => {
    const nobody = openPostgres({ url: 'postgres://reader:secret@127.0.0.1:1/hr' });
    const { message } = await failureOf(nobody, 'SELECT 1');
    expect(message).toMatch(/^PostgreSQL: cannot connect to 127\.0\.0\.1:1 \(ECONNREFUSED\); check the host/);
    expect(message).not.toContain('secret');
    const missing = openPostgres({ url: urlOf({ ...POSTGRES, database: 'rollcall_none' }) });
    expect((await failureOf(missing, 'SELECT 1')).message).toContain(
      '(3D000); check the name of the database',
    );
  });
});

describeWith(await mariadb(), 'values of MariaDB', () => {
  const { host, port, user, password } = MARIADB;
  const open = () =>
    openMysql({ url: `mysql://${user}:${encodeURIComponent(password)}@${host}:${port}/mysql` });
  holdsForAll(open);

  it('are the text of the database', async () => {
    const rows = open()
      .rows(`SELECT CAST(9007199254740993 AS SIGNED) AS \`long\`, CAST(1.5 AS DECIMAL(5,2)) AS cents, 0.1e0 AS f,
      DATE '2026-01-02' AS day, TIMESTAMP '2026-01-02 03:04:05' AS at, TRUE AS yes, _utf8mb4'Zoë' AS name,
      JSON_OBJECT('a', 'ä') AS j`);
    expect(await all(rows)).toEqual([
      {
        long: '9007199254740993',
        cents: '1.50',
        f: '0.1',
        day: '2026-01-02',
        at: '2026-01-02 03:04:05',
        yes: '1',
        name: 'Zoë',
        j: '{"a": "ä"}',
      },
    ]);
  });

  it('are text, not bytes', async () => {
    expect((await failureOf(open(), "SELECT UNHEX('00ff') AS guid")).message).toContain(
      'the column "guid" has bytes, not text',
    );
    expect((await failureOf(open(), 'SELECT 1 AS id, 2 AS id')).message).toContain(
      'returns the column "id" twice',
    );
  });

  it('come from a query that only reads', async () => {
    expect((await failureOf(open(), "SET @a = 'x'")).message).toContain('write a SELECT');
    expect((await failureOf(open(), 'CREATE TABLE test.rollcall_must_not_write (id int)')).message).toMatch(
      /the query failed/,
    );
  });

  it('need a server', async () => {
    const nobody = openMysql({ url: 'mysql://reader:secret@127.0.0.1:1/hr' });
    const { message } = await failureOf(nobody, 'SELECT 1');
    expect(message).toMatch(/^MySQL: cannot connect to 127\.0\.0\.1:1 \(ECONNREFUSED\); check the host/);
  });
});

describe('values of SQLite', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-sqlite-'));
    file = join(directory, 'hr.db');
    const database = new sqlite.Database(file);
    database.exec('CREATE TABLE people (id INTEGER, share REAL, name TEXT, guid BLOB)');
    database.exec("INSERT INTO people VALUES (1, 1.0, 'Zoë', NULL), (9007199254740993, 0.5, NULL, NULL)");
    database.close();
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const open = () => openSqlite({ file });
  holdsForAll(open);

  it('are the text of the database', async () => {
    expect(await all(open().rows('SELECT * FROM people -- all of them'))).toEqual([
      { id: '1', share: '1.0', name: 'Zoë', guid: null },
      { id: '9007199254740993', share: '0.5', name: null, guid: null },
    ]);
  });

  it('are text, not bytes', async () => {
    expect((await failureOf(open(), "SELECT x'00ff' AS guid")).message).toContain(
      'the column "guid" has bytes, not text',
    );
  });

  it('need a file', async () => {
    const nowhere = openSqlite({ file: join(directory, 'none.db') });
    expect((await failureOf(nowhere, 'SELECT 1')).message).toContain('cannot be read as SQLite');
  });
});

describe('drivers', () => {
  it('that are missing are named with the command that installs them', async () => {
    const missing = 'rollcall-no-such-driver';
    await expect(loadDriver([missing], () => import(missing) as Promise<unknown>)).rejects.toThrow(
      `this source needs the package ${missing}, which rollcall does not install; run: npm install ${missing}`,
    );
  });

  it('have checked options, whose errors do not show the address', () => {
    expect(() => openPostgres({ url: 'mysql://reader:secret@db/hr' })).toThrow(
      'url: expected an address that begins with postgres://',
    );
    expect(() => openMysql({ url: 'secret' })).toThrow('url: expected an address that begins with mysql://');
    expect(() => openPostgres({ url: 'postgres://db', connectTimeoutMs: 0 })).toThrow(OptionsError);
    expect(() => openSqlite({ file: '' })).toThrow(OptionsError);
  });
});
