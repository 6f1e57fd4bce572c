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
import { createClient, map, pipe, sync, toGroup, toMembership, toUser } from 'rollcall';
import { openPostgres } from 'rollcall/sources';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

// The queries do not return people who have left, so Okta deactivates them.
const USERS = `
  SELECT employee_id AS "externalId", email AS "userName", email, given_name AS "firstName",
         family_name AS "lastName", department
  FROM people WHERE left_on IS NULL`;
const GROUPS = `SELECT team_id AS "externalId", name AS "displayName", purpose AS description FROM teams`;
const MEMBERSHIPS = `
  SELECT team_id AS "groupExternalId", employee_id AS "memberExternalId"
  FROM team_members JOIN people USING (employee_id) WHERE left_on IS NULL`;

/** The address, such as `postgres://reader:secret@db.example.com/hr`, and more options of the driver. */
export interface PostgresOptions {
  readonly url: string;
  readonly [option: string]: unknown;
}

/** The three sources, in one read-only transaction, so that a person who joins during the read is in all of them or in none. */
export function postgresDirectory({ url, ...driverOptions }: PostgresOptions) {
  const database = openPostgres({ url, driverOptions });
  return {
    // `sync` reads the sources in this order.
    users: pipe(database.rows(USERS), map(toUser)),
    groups: pipe(database.rows(GROUPS), map(toGroup)),
    memberships: pipe(database.rows(MEMBERSHIPS), map(toMembership)),
    /** Closes the connection if the run fails between two sources. */
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
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
  await using directory = postgresDirectory({ url: `postgres://${PGUSER}@${PGHOST}/${PGDATABASE}` });
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
