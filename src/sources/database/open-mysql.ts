import { createConnection, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type mysql from 'mysql2';
import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import { checkDatabase, type CheckedDatabase, type DatabaseOptions } from './database-options.js';
import { databaseSource, ROWS_AT_A_TIME, type Connection, type DatabaseSource } from './database-source.js';
import { brokenConnection, connectFailure, queryFailure } from './failures.js';
import { loadDriver } from '../load-driver.js';
import { checkColumns, rowsOf, type TextRow } from './rows-of-text.js';

const KIND = 'MySQL';
/** The number of the character set `binary`: such a column has bytes, not text. */
const BINARY = 63;
/** Types of columns whose bytes are not text if their character set is `binary`: strings, blobs, BIT and GEOMETRY. */
const BYTES = new Set([15, 16, 249, 250, 251, 252, 253, 254, 255]);

/**
 * A MySQL or MariaDB database as a source, streamed in one transaction (REPEATABLE READ, consistent snapshot, READ ONLY). Values are
 * the text that the server writes; `TIMESTAMP` in UTC. Tables of engines without transactions (MyISAM) have no snapshot.
 *
 * Needs the package `mysql2`.
 *
 * @throws OptionsError at once for an invalid option. SourceError when it is read, if the package is missing or the server does not answer.
 */
export function openMysql(options: DatabaseOptions): DatabaseSource {
  const database = checkDatabase('openMysql', options, ['mysql', 'mariadb'], 3306);
  return databaseSource(KIND, () => connect(database));
}

async function connect(database: CheckedDatabase): Promise<Connection> {
  const { url, connectTimeoutMs, driverOptions, host, port } = database;
  const { default: driver } = await loadDriver(['mysql2'], () => import('mysql2'));
  const socket = createConnection({ host, port, keepAlive: true });
  const connection = driver.createConnection({
    uri: url.replace(/^mariadb:/, 'mysql:'),
    charset: 'utf8mb4',
    connectTimeout: connectTimeoutMs,
    ...driverOptions,
    stream: socket,
  });
  let lost: Error | undefined;
  let result: Readable | undefined;
  // Without this, the stream of a result does not notice that its connection is lost, and waits for ever.
  connection.on('error', (error: Error) => {
    lost ??= error;
    result?.destroy(error);
  });
  const close = (allWasRead: boolean) => closeConnection(connection, socket, allWasRead);
  try {
    const statements = connection.promise();
    await statements.query("SET time_zone = '+00:00', net_write_timeout = 600");
    // Of the session, so that a statement that ends the transaction cannot write either.
    await statements.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    await statements.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
  } catch (error) {
    await close(false);
    throw connectFailure(KIND, `${host}:${port}`, error);
  }
  return {
    close,
    async *pages(query, name) {
      result = connection
        .query({ sql: query, rowsAsArray: true, typeCast: asText })
        .stream({ highWaterMark: ROWS_AT_A_TIME });
      if (lost !== undefined) result.destroy(lost);
      try {
        yield* pagesOf(result, name);
      } catch (error) {
        if (error instanceof SourceError) throw error;
        throw isOfQuery(error) && lost === undefined
          ? queryFailure(name, error)
          : brokenConnection(name, error);
      }
    },
  };
}

async function closeConnection(
  connection: mysql.Connection,
  socket: Socket,
  allWasRead: boolean,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
  if (allWasRead) connection.end();
  // The server continues to send the rest of the result until the socket is closed.
  else socket.destroy();
  await closed;
}

async function* pagesOf(result: Readable, name: string): AsyncGenerator<readonly TextRow[], void, undefined> {
  let columns: readonly string[] = [];
  let fault: SourceError | undefined;
  result.once('fields', (fields: readonly mysql.FieldPacket[] | undefined) => {
    try {
      columns = columnsOf(fields, name);
    } catch (error) {
      fault = error as SourceError;
    }
  });
  let page: (string | null)[][] = [];
  for await (const row of result as AsyncIterable<(string | null)[]>) {
    if (fault !== undefined) throw fault;
    if (!Array.isArray(row)) throw noRows(name);
    page.push(row);
    if (page.length < ROWS_AT_A_TIME) continue;
    yield rowsOf(columns, page);
    page = [];
  }
  if (fault !== undefined) throw fault;
  if (page.length > 0) yield rowsOf(columns, page);
}

function columnsOf(fields: readonly mysql.FieldPacket[] | undefined, name: string): readonly string[] {
  if (fields === undefined) throw noRows(name);
  for (const { name: column, columnType, characterSet } of fields as readonly FieldOfColumn[]) {
    if (characterSet === BINARY && BYTES.has(columnType))
      throw new SourceError(
        `the column ${quoted(column)} has bytes, not text; use HEX(), CAST(... AS CHAR) or BIN_TO_UUID() in the query`,
        { file: name },
      );
  }
  return checkColumns(
    fields.map(({ name: column }) => column),
    name,
  );
}

interface FieldOfColumn {
  readonly name: string;
  readonly columnType: number;
  readonly characterSet: number;
}

function noRows(name: string): SourceError {
  return new SourceError('the query returns no rows; write a SELECT', { file: name });
}

/** The text of a value. JSON is UTF-8, although the server calls its character set binary. */
const asText: mysql.TypeCast = (field) =>
  (field.type as string) === 'JSON' ? field.string('utf8') : field.string();

/** Whether the server reports an error of the query, and goes on. */
function isOfQuery(error: unknown): boolean {
  const { code, sqlState } = error as { code?: unknown; sqlState?: unknown };
  return (
    typeof sqlState === 'string' &&
    sqlState !== '' &&
    !/^(ER_SERVER_SHUTDOWN|ER_CONNECTION_KILLED)$/.test(String(code))
  );
}
