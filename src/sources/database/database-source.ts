import { OptionsError, SourceError } from '../../core/errors.js';
import { refuseUnknown } from '../../core/check-options.js';
import type { Flow } from '../../flow/flow.js';
import { fromPages } from '../from-pages.js';
import type { TextRow } from './rows-of-text.js';

/** The number of rows that are fetched at a time. */
export const ROWS_AT_A_TIME = 1000;

/** Options of one query. */
export interface QueryOptions {
  /** The name of the source in errors and rejections. @defaultValue the kind of database, such as `PostgreSQL` */
  readonly name?: string;
}

/**
 * A database as a source: the rows of several queries, all from one snapshot. Every value is text as the database writes it, and NULL
 * is null.
 *
 * The connection opens at the first read, and closes when all flows that were created have been read to their end: before the first
 * request to Okta, because sending can take hours. It also closes when a query fails, or when a reader stops early; the other
 * queries then fail, because their rows would belong to another snapshot.
 */
export interface DatabaseSource extends AsyncDisposable {
  /**
   * The rows of a query. Queries are read one after another, as `sync` does.
   *
   * @throws {@link OptionsError} at once for an empty query. {@link SourceError} while reading, if the database does not answer, the
   * query fails, or the connection breaks. The error names the code of the database, never a value of a row.
   */
  rows(query: string, options?: QueryOptions): Flow<TextRow>;
}

/** An open connection in a transaction that only reads. */
export interface Connection {
  /** The rows of a query, in pages. @param name - the query in errors */
  pages(query: string, name: string): AsyncIterable<readonly TextRow[]>;
  /** @param allWasRead - false if the rest of a result is still on its way */
  close(allWasRead: boolean): Promise<void>;
}

/** Several queries over one connection. @param kind - the name of the database in errors */
export function databaseSource(kind: string, connect: () => Promise<Connection>): DatabaseSource {
  let connection: Promise<Connection> | undefined;
  let unread = 0;
  let isReading = false;
  let isClosed = false;

  async function close(allWasRead: boolean): Promise<void> {
    isClosed = true;
    const open = connection;
    connection = undefined;
    // If it could not be opened, the reader has the error.
    await (await open?.catch(() => undefined))?.close(allWasRead);
  }

  async function* pages(query: string, name: string): AsyncGenerator<readonly TextRow[], void, undefined> {
    const place = { file: name };
    if (isClosed)
      throw new SourceError(
        'the connection is closed: another query ended early, or all flows that there were before have been read; create all flows first',
        place,
      );
    if (isReading)
      throw new SourceError('the queries of one connection must be read one after another', place);
    isReading = true;
    let isComplete = false;
    try {
      connection ??= connect();
      yield* (await connection).pages(query, name);
      isComplete = true;
    } finally {
      isReading = false;
      unread--;
      if (unread === 0 || !isComplete) await close(isComplete);
    }
  }

  return {
    rows(query, options = {}) {
      if (typeof query !== 'string' || query.trim() === '')
        throw new OptionsError('query', 'expected the text of a SELECT');
      refuseUnknown('rows', options, ['name']);
      const { name = kind } = options;
      unread++;
      // With `readAhead`, the database produces the next rows while these are compared.
      return fromPages(pages(query, name), { readAhead: true, name });
    },
    [Symbol.asyncDispose]: () => close(false),
  };
}
