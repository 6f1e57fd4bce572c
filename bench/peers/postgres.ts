import { userInfo } from 'node:os';
import type { Client } from 'pg';
import type { Side, World } from '../case.js';
import { secondDay } from '../data/days.js';
import { COLUMNS, type PersonRow } from '../data/people.js';

/** Rows that the cursor is asked for at a time. */
const PAGE = 1000;
const INSERT_ROWS = 5000;

/** What PostgreSQL's own variables say (`PGHOST` and so on); by default this machine's `test`. */
const server = () => ({
  host: process.env['PGHOST'] ?? '127.0.0.1',
  port: Number(process.env['PGPORT'] ?? 5432),
  user: process.env['PGUSER'] ?? userInfo().username,
  database: process.env['PGDATABASE'] ?? 'test',
});

async function connect(database = server().database): Promise<Client> {
  // Loaded here: every process of the bench knows every case, and peaks of memory are compared.
  const { default: pg } = await import('pg');
  const client = new pg.Client({ ...server(), database });
  await client.connect();
  return client;
}

/** Runs work with a connection. */
export async function withClient<T>(work: (client: Client) => Promise<T>, database?: string): Promise<T> {
  const client = await connect(database);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The address of a database. */
export function addressOf(database: string): string {
  const { host, port, user } = server();
  return `postgres://${encodeURIComponent(user)}@${host}:${port}/${database}`;
}

/** Why there is no database to read from, if so. */
export async function noPostgres(): Promise<string | undefined> {
  try {
    await (await connect()).end();
    return undefined;
  } catch (error) {
    return `no PostgreSQL (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}); see PGHOST, PGPORT, PGUSER and PGDATABASE`;
  }
}

const tableOf = (size: number) => `rollcall_bench_people_${size}`;

/** The second day's people in a table; made when it is not there. */
export async function postgresTable({ size }: World): Promise<void> {
  await withClient(async (client) => {
    const table = tableOf(size);
    const { rows } = await client.query<{ found: string | null }>('SELECT to_regclass($1) AS found', [table]);
    if (rows[0]?.found === null) await fillTable(client, table, secondDay(size));
  });
}

/** Makes a table of people anew, in one transaction. */
export async function fillTable(client: Client, table: string, rows: Iterable<PersonRow>): Promise<void> {
  await client.query('BEGIN');
  await client.query(`DROP TABLE IF EXISTS ${table}`);
  await client.query(`CREATE TABLE ${table} (${COLUMNS.map((column) => `${column} text`).join(', ')})`);
  let people: PersonRow[] = [];
  const flush = async () => {
    const cells = COLUMNS.map((column) => people.map((person) => person[column]));
    const arrays = COLUMNS.map((_, i) => `$${i + 1}::text[]`).join(', ');
    await client.query(`INSERT INTO ${table} SELECT * FROM unnest(${arrays})`, cells);
    people = [];
  };
  for (const row of rows) if (people.push(row) === INSERT_ROWS) await flush();
  if (people.length > 0) await flush();
  await client.query('COMMIT');
}

/** Pages of a cursor over the table, and its end. */
export async function openCursor(size: number) {
  const client = await connect();
  const { default: Cursor } = await import('pg-cursor');
  const cursor = client.query(new Cursor<PersonRow>(`SELECT ${COLUMNS.join(', ')} FROM ${tableOf(size)}`));
  return {
    next: () => cursor.read(PAGE),
    close: async () => {
      await cursor.close();
      await client.end();
    },
  };
}

/** Only draining the cursor. */
export const postgresDrain: Side = {
  name: 'draining the cursor',
  async load({ size }) {
    return async () => {
      const cursor = await openCursor(size);
      let records = 0;
      for (let rows = await cursor.next(); rows.length > 0; rows = await cursor.next())
        records += rows.length;
      await cursor.close();
      return { counts: { records } };
    };
  },
};

/** Removes the table. */
export async function dropPostgresTable(size: number): Promise<void> {
  const client = await connect();
  await client.query(`DROP TABLE IF EXISTS ${tableOf(size)}`);
  await client.end();
}
