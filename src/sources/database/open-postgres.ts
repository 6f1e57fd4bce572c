import type pg from 'pg';
import type Cursor from 'pg-cursor';
import { checkDatabase, type CheckedDatabase, type DatabaseOptions } from './database-options.js';
import { databaseSource, ROWS_AT_A_TIME, type Connection, type DatabaseSource } from './database-source.js';
import { brokenConnection, connectFailure, queryFailure } from './failures.js';
import { loadDriver } from '../load-driver.js';
import { checkColumns, rowsOf } from './rows-of-text.js';

const KIND = 'PostgreSQL';
/** The type `boolean`. Its values are sent as `t` and `f`, but a cast to text gives `true` and `false`. */
const BOOLEAN = 16;

/**
 * A PostgreSQL database as a source, read through server-side cursors in one transaction (REPEATABLE READ, READ ONLY). Values are the
 * text that a cast to `text` gives: dates in ISO form, times with a time zone in UTC, booleans `true` and `false`.
 *
 * Needs the packages `pg` and `pg-cursor`.
 *
 * @example
 * await using hr = openPostgres({ url: process.env['HR_DATABASE_URL'] ?? '' });
 * const users = pipe(hr.rows('SELECT id AS "externalId", mail AS "userName", mail AS email FROM people'), map(toUser));
 * @throws OptionsError at once for an invalid option. SourceError when it is read, if a package is missing or the server does not answer.
 */
export function openPostgres(options: DatabaseOptions): DatabaseSource {
  const database = checkDatabase('openPostgres', options, ['postgres', 'postgresql'], 5432);
  return databaseSource(KIND, () => connect(database));
}

async function connect({
  url,
  connectTimeoutMs,
  driverOptions,
  host,
  port,
}: CheckedDatabase): Promise<Connection> {
  const [{ default: driver }, { default: CursorOf }] = await loadDriver(['pg', 'pg-cursor'], () =>
    Promise.all([import('pg'), import('pg-cursor')]),
  );
  const client = new driver.Client({
    connectionString: url,
    fallback_application_name: 'rollcall',
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    ...driverOptions,
  });
  let lost: Error | undefined;
  // If the connection breaks, the read fails. Without this listener, the process would end as well.
  client.on('error', (error: Error) => (lost ??= error));
  try {
    await client.connect();
    await client.query(
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL timezone = 'UTC'",
    );
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectFailure(KIND, `${host}:${port}`, error);
  }
  return {
    async *pages(query, name) {
      const cursor = client.query(
        new CursorOf<(string | null)[]>(query, [], { rowMode: 'array', types: TEXT }),
      );
      let columns: readonly string[] | undefined;
      for (;;) {
        const { fields, rows } = await read(cursor).catch((error: unknown) => {
          throw isOfQuery(error) && lost === undefined
            ? queryFailure(name, error)
            : brokenConnection(name, error);
        });
        if (fields !== undefined) columns ??= checkColumns(fields, name);
        if (rows.length === 0) return;
        yield rowsOf(columns ?? [], rows);
      }
    },
    close: () => client.end(),
  };
}

/** Values stay as text. */
const TEXT = {
  getTypeParser: (type: number) =>
    type === BOOLEAN ? (text: string) => (text === 't' ? 'true' : 'false') : (text: string) => text,
};

interface CursorRows {
  /** The names of the columns; undefined after the last row. */
  readonly fields: readonly string[] | undefined;
  readonly rows: (string | null)[][];
}

function read(cursor: Cursor<(string | null)[]>): Promise<CursorRows> {
  return new Promise((resolve, reject) => {
    cursor.read(ROWS_AT_A_TIME, (error: Error | undefined | null, rows, result?: pg.QueryResult) => {
      if (error) reject(error);
      else resolve({ fields: result?.fields.map(({ name }) => name), rows });
    });
  });
}

/** Whether the server reports an error of the query, and goes on; class 57 and class 08 are about the connection. */
function isOfQuery(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(08|57P)/.test(code);
}
