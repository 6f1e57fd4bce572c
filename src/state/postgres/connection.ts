/**
 * A pool of connections to PostgreSQL: a `Pool` of the package `pg`, or anything that has its methods. A state needs up to four
 * connections at once: one that holds its lock and writes, one for a comparison, and one for each list of rows that is being read.
 */
export interface PostgresPool {
  connect(): Promise<PostgresConnection>;
}

/** One connection of a {@link PostgresPool}: a `PoolClient` of the package `pg`. */
export interface PostgresConnection {
  query(query: string | PostgresQuery): Promise<PostgresResult>;
  /** @param destroy - closes the connection, instead of giving it back to the pool */
  release(destroy?: boolean): void;
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  removeListener(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  /** Used by error messages. */
  readonly host?: string | undefined;
  /** Used by error messages. */
  readonly database?: string | undefined;
}

/** A query with parameters. */
export interface PostgresQuery {
  readonly text: string;
  readonly values: unknown[];
  /** The name of the prepared statement. */
  readonly name?: string | undefined;
}

/** The rows that a query returned. */
export interface PostgresResult {
  readonly rows: Readonly<Record<string, unknown>>[];
  readonly rowCount: number | null;
  /** The columns, in order. Needed by `diffQuery` only. */
  readonly fields?: readonly { readonly name: string }[];
}

/** The result of the last statement of a text with several statements. */
export function lastResult(result: PostgresResult | readonly PostgresResult[]): PostgresResult {
  return Array.isArray(result) ? (result.at(-1) as PostgresResult) : (result as PostgresResult);
}
