import { OptionsError } from '../../core/errors.js';
import { refuseUnknown } from '../../core/check-options.js';
import type { Flow } from '../../flow/flow.js';
import { oneConnection, type Closable } from '../one-connection.js';
import type { TextRow } from './rows-of-text.js';

/** The number of rows that are fetched at a time. */
export const ROWS_AT_A_TIME = 1000;

/** Options of one query. */
export interface QueryOptions {
  /** The name of the source in errors and rejections. @defaultValue the kind of database, such as `PostgreSQL` */
  readonly name?: string;
  /** Completes the query just before it is sent, with what is known only then, such as a watermark. @defaultValue the query as it is */
  readonly complete?: (query: string) => string;
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
export interface Connection extends Closable {
  /** The rows of a query, in pages. @param name - the query in errors */
  pages(query: string, name: string): AsyncIterable<readonly TextRow[]>;
}

/** Several queries over one connection. @param kind - the name of the database in errors */
export function databaseSource(kind: string, connect: () => Promise<Connection>): DatabaseSource {
  const shared = oneConnection(connect);
  return {
    rows(query, options = {}) {
      if (typeof query !== 'string' || query.trim() === '')
        throw new OptionsError('query', 'expected the text of a SELECT');
      refuseUnknown('rows', options, ['name', 'complete']);
      const { name = kind, complete = (text) => text } = options;
      return shared.flow((connection) => connection.pages(complete(query), name), name);
    },
    [Symbol.asyncDispose]: () => shared.close(),
  };
}
