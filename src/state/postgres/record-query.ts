import type { PostgresResult } from './connection.js';

/** A query, and the names of its columns. */
export interface Query {
  /** One SELECT. */
  readonly sql: string;
  readonly columns: readonly string[];
}

/** A query whose rows become the records of an entity. */
export interface RecordQuery extends Query {
  /** The columns of the key: the external id, or those of the group and of the member. */
  readonly key: readonly string[];
  /** Besides the text of a row, what decides which record it becomes. */
  readonly shape: string;
  /** Users and groups whose memberships are compared, unchanged or not. */
  readonly changed?:
    { readonly users: ReadonlySet<string>; readonly groups: ReadonlySet<string> } | undefined;
}

/** A row of a query: the text of each column, null for NULL. */
export type QueriedRow = Readonly<Record<string, string | null>>;

/** The forms of days and times, whatever the server's settings are. Booleans are `true` and `false`. */
export const TEXT_FORMS =
  "SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL timezone = 'UTC'";

/** Runs one statement. */
export type Run = (text: string, values?: readonly unknown[]) => Promise<PostgresResult>;

/** The names of the columns of a query. */
export async function columnsOf(run: Run, sql: string): Promise<readonly string[]> {
  const { fields = [] } = await run(`SELECT * FROM (\n${sql}\n) AS query LIMIT 0`, []);
  return fields.map(({ name }) => name);
}

/** The rows of a query as JSON with the text of each column, in a column `row`. */
export function rowsAsJson(query: Query): string {
  const whole = rowName(query);
  return `SELECT row_to_json(${whole})::text AS row FROM (${textsOf(query)}) AS ${whole}`;
}

/** A name for whole rows of a query: one that no column has, because SQL would take it for the column. */
export function rowName({ columns }: Pick<Query, 'columns'>): string {
  let name = 'texts';
  while (columns.includes(name)) name += '_';
  return name;
}

/** The rows of a query with the text of each column. */
export function textsOf({ sql, columns }: Query): string {
  const texts = columns.map((name) => `query.${quoted(name)}::text AS ${quoted(name)}`).join(', ');
  return `SELECT ${texts} FROM (\n${sql}\n) AS query`;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
