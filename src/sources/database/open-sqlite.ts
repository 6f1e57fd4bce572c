import type sqlite from 'node-sqlite3-wasm';
import { OptionsError, SourceError } from '../../core/errors.js';
import { refuseUnknown } from '../../core/check-options.js';
import { quoted } from '../../core/visible.js';
import { databaseSource, ROWS_AT_A_TIME, type Connection, type DatabaseSource } from './database-source.js';
import { loadDriver } from '../load-driver.js';
import { checkColumns, type TextRow } from './rows-of-text.js';

/** Options of {@link openSqlite}. */
export interface SqliteOptions {
  /** The path of the file. */
  readonly file: string;
}

/**
 * A SQLite file as a source, read in one transaction. Values are the text of `CAST(... AS TEXT)`; a column with bytes is an error.
 *
 * Needs the package `node-sqlite3-wasm`, which cannot open a file in WAL mode.
 *
 * @throws OptionsError at once for an invalid option. SourceError when it is read, if the package is missing, or the file cannot be opened.
 */
export function openSqlite(options: SqliteOptions): DatabaseSource {
  refuseUnknown('openSqlite', options, ['file']);
  const { file } = options;
  if (typeof file !== 'string' || file === '') throw new OptionsError('file', 'expected a path');
  return databaseSource(file, () => connect(file));
}

async function connect(file: string): Promise<Connection> {
  const { default: driver } = await loadDriver(['node-sqlite3-wasm'], () => import('node-sqlite3-wasm'));
  const database = open(driver, file);
  return {
    async *pages(query, name) {
      try {
        yield* pagesOf(database, query, name);
      } catch (error) {
        if (error instanceof SourceError) throw error;
        throw new SourceError(`the query failed${reasonOf(error)}`, { file: name });
      }
    },
    close: async () => database.close(),
  };
}

function open(driver: typeof sqlite, file: string): sqlite.Database {
  let database: sqlite.Database | undefined;
  try {
    database = new driver.Database(file, { readOnly: true, fileMustExist: true });
    database.exec('BEGIN');
    // The first read takes the lock, and so fixes the snapshot.
    database.get('SELECT count(*) FROM sqlite_schema');
    return database;
  } catch (error) {
    database?.close();
    throw new SourceError(
      `cannot be read as SQLite${reasonOf(error)}; check that the file exists, is not locked, and is not in WAL mode`,
      { file },
    );
  }
}

function* pagesOf(
  database: sqlite.Database,
  query: string,
  name: string,
): Generator<readonly TextRow[], void, undefined> {
  const inner = `SELECT * FROM (\n${query.replace(/;\s*$/, '')}\n)`;
  const first = database.get(`${inner} LIMIT 1`);
  if (first === null) return;
  const columns = checkColumns(Object.keys(first), name);
  const texts = columns.map((column) => {
    const id = `"${column.replaceAll('"', '""')}"`;
    return `CASE typeof(${id}) WHEN 'blob' THEN ${id} ELSE CAST(${id} AS TEXT) END AS ${id}`;
  });
  const statement = database.prepare(`SELECT ${texts.join(', ')} FROM (\n${inner}\n)`);
  try {
    let page: TextRow[] = [];
    for (const row of statement.iterate() as Iterable<Record<string, sqlite.SQLiteValue>>) {
      page.push(textOf(row, name));
      if (page.length < ROWS_AT_A_TIME) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  } finally {
    statement.finalize();
  }
}

function textOf(row: Readonly<Record<string, sqlite.SQLiteValue>>, name: string): TextRow {
  for (const [column, value] of Object.entries(row)) {
    if (value !== null && typeof value !== 'string')
      throw new SourceError(`the column ${quoted(column)} has bytes, not text; use hex() in the query`, {
        file: name,
      });
  }
  return row as TextRow;
}

/** What SQLite says of a query and the names in it. Other messages, such as that of RAISE, can contain values. */
function reasonOf(error: unknown): string {
  const { message } = error as Error;
  return /^(no such (table|column|function): |near ".*": syntax error$|incomplete input$|unable to open database file$|database is locked$|file is not a database$)/.test(
    message,
  )
    ? ` (${message})`
    : '';
}
