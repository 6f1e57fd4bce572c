/**
 * A directory in MariaDB or MySQL: people, groups and memberships from one snapshot, streamed row by row. The connection is
 * open only while rows are read. It is closed before the first request to Okta, because sending can take hours, and on
 * every failure.
 *
 *     mariadb -h 127.0.0.1 test < examples/data/company.sql
 *     npx tsx examples/mariadb.ts      (set MYSQL_HOST, MYSQL_TCP_PORT, MYSQL_USER, MYSQL_PWD, MYSQL_DATABASE)
 */
import { pathToFileURL } from 'node:url';
import type mysql from 'mysql2';
import { createClient, map, pipe, sync, toGroup, toMembership, toUser } from 'rollcall';
import { openMysql } from 'rollcall/sources';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

// The queries do not return people who have left, so Okta deactivates them.
const USERS = `
  SELECT employee_id AS externalId, email AS userName, email, given_name AS firstName, family_name AS lastName,
         department
  FROM people WHERE left_on IS NULL`;
const GROUPS = `SELECT team_id AS externalId, name AS displayName, purpose AS description FROM teams`;
const MEMBERSHIPS = `
  SELECT team_id AS groupExternalId, employee_id AS memberExternalId
  FROM team_members JOIN people USING (employee_id) WHERE left_on IS NULL`;

/** The three sources, in one read-only transaction, so that a person who joins during the read is in all of them or in none. */
export function mariadbDirectory({ host = '127.0.0.1', port = 3306, ...config }: mysql.ConnectionOptions) {
  // Usually `url` has all of it: mysql://reader:secret@db.example.com/hr
  const database = openMysql({ url: `mysql://${host}:${port}`, driverOptions: { ...config } });
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
  const { env } = process;
  await using directory = mariadbDirectory({
    host: env.MYSQL_HOST ?? '127.0.0.1',
    port: Number(env.MYSQL_TCP_PORT ?? 3306),
    user: env.MYSQL_USER ?? 'root',
    password: env.MYSQL_PWD ?? '',
    database: env.MYSQL_DATABASE ?? 'test',
  });
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
