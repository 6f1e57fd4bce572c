/**
 * A directory in PostgreSQL: people, groups and memberships from one snapshot, through server-side cursors. The connection
 * is open only while rows are read. It is closed before the first request to Okta, because sending can take hours, and on
 * every failure.
 *
 *     psql -h 127.0.0.1 -d test -f examples/data/company.sql
 *     npx tsx examples/postgres.ts        (set PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE)
 */
import { userInfo } from 'node:os';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import Cursor from 'pg-cursor';
import {
  createClient,
  fromPages,
  map,
  pipe,
  sync,
  toGroup,
  toMembership,
  toUser,
  type FlatRow,
} from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

// The queries do not return people who have left, so Okta deactivates them. Every value must be text: cast all others.
const USERS = `
  SELECT employee_id AS "externalId", email AS "userName", email, given_name AS "firstName",
         family_name AS "lastName", department
  FROM people WHERE left_on IS NULL`;
const GROUPS = `SELECT team_id AS "externalId", name AS "displayName", purpose AS description FROM teams`;
const MEMBERSHIPS = `
  SELECT team_id AS "groupExternalId", employee_id AS "memberExternalId"
  FROM team_members JOIN people USING (employee_id) WHERE left_on IS NULL`;

const ROWS_AT_A_TIME = 1000;

/** The three sources, in one read-only transaction, so that a person who joins during the read is in all of them or in none. */
export function postgresDirectory(config: pg.ClientConfig) {
  let client: pg.Client | undefined;

  async function connect(): Promise<pg.Client> {
    client = new pg.Client({ fallback_application_name: 'rollcall', ...config });
    // If the connection breaks, the next read fails. Without this listener, the process would end as well.
    client.on('error', () => undefined);
    await client.connect();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return client;
  }

  async function close(): Promise<void> {
    const open = client;
    client = undefined;
    await open?.end();
  }

  async function* pages(sql: string, last: boolean): AsyncGenerator<FlatRow[], void, undefined> {
    let readToItsEnd = false;
    try {
      const cursor = (client ?? (await connect())).query(new Cursor<FlatRow>(sql));
      for (;;) {
        const some = await cursor.read(ROWS_AT_A_TIME);
        if (some.length === 0) break;
        yield some;
      }
      readToItsEnd = true;
    } finally {
      if (last || !readToItsEnd) await close();
    }
  }

  // With `readAhead`, the database produces the next rows while these are compared.
  const rows = (sql: string, last: boolean) => fromPages(pages(sql, last), { readAhead: true });

  return {
    // `sync` reads the sources in this order.
    users: pipe(rows(USERS, false), map(toUser)),
    groups: pipe(rows(GROUPS, false), map(toGroup)),
    memberships: pipe(rows(MEMBERSHIPS, true), map(toMembership)),
    /** Closes the connection if the run fails between two sources. */
    [Symbol.asyncDispose]: close,
  };
}

async function main(): Promise<void> {
  await using org = await startOrg({ cooldownMs: 100 });
  await using state = memoryState(); // openState('./state') keeps it between runs
  const okta = createClient({
    orgUrl: org.url,
    identitySourceId: org.identitySourceId,
    auth: { token: org.token },
  });
  const { PGHOST = '127.0.0.1', PGUSER = userInfo().username, PGDATABASE = 'test' } = process.env;
  await using directory = postgresDirectory({ host: PGHOST, user: PGUSER, database: PGDATABASE });
  const { users, groups, memberships } = directory;
  const report = await sync({ okta, state, users, groups, memberships, cooldownMs: 100, pollIntervalMs: 20 });
  const { confirmed } = report;
  console.log(
    `${confirmed.users.creates} people, ${confirmed.groups.creates} groups and ` +
      `${confirmed.memberships.creates} memberships in ${report.sessions} sessions`,
  );
  await okta.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
