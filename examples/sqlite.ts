/**
 * A directory in a SQLite file: people, groups and memberships from one transaction. The file is open only while rows are
 * read.
 *
 *     sqlite3 company.db < examples/data/company.sql
 *     npx tsx examples/sqlite.ts company.db       (without a file, the same company in a temporary one is used)
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sqlite from 'node-sqlite3-wasm';
import { createClient, map, pipe, sync, toGroup, toMembership, toUser } from 'rollcall';
import { openSqlite } from 'rollcall/sources';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

// The queries do not return people who have left, so Okta deactivates them. Every value is read as text.
const USERS = `
  SELECT employee_id AS externalId, email AS userName, email, given_name AS firstName, family_name AS lastName,
         department
  FROM people WHERE left_on IS NULL`;
const GROUPS = `SELECT team_id AS externalId, name AS displayName, purpose AS description FROM teams`;
const MEMBERSHIPS = `
  SELECT team_id AS groupExternalId, employee_id AS memberExternalId
  FROM team_members JOIN people USING (employee_id) WHERE left_on IS NULL`;

/** The three sources, in one transaction, so that they all see the same data. */
export function sqliteDirectory(file: string) {
  const database = openSqlite({ file });
  return {
    // `sync` reads the sources in this order.
    users: pipe(database.rows(USERS), map(toUser)),
    groups: pipe(database.rows(GROUPS), map(toGroup)),
    memberships: pipe(database.rows(MEMBERSHIPS), map(toMembership)),
    /** Closes the file if the run fails between two sources. */
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** Calls a function with a file that has the sample company, and removes the file. */
async function withSampleCompany(use: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-example-'));
  try {
    const file = join(folder, 'company.db');
    const db = new sqlite.Database(file);
    db.exec(readFileSync(new URL('data/company.sql', import.meta.url), 'utf8'));
    db.close();
    await use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(file: string): Promise<void> {
  await using org = await startOrg({ cooldownMs: 100 });
  await using state = memoryState(); // openState('./state') keeps it between runs
  const okta = createClient({
    orgUrl: org.url,
    identitySourceId: org.identitySourceId,
    auth: { token: org.token },
  });
  await using directory = sqliteDirectory(file);
  const { users, groups, memberships } = directory;
  const report = await sync({ okta, state, users, groups, memberships, cooldownMs: 100, pollIntervalMs: 20 });
  const { confirmed } = report;
  console.log(
    `${confirmed.users.creates} people, ${confirmed.groups.creates} groups and ` +
      `${confirmed.memberships.creates} memberships in ${report.sessions} sessions`,
  );
  await okta.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , file] = process.argv;
  await (file === undefined ? withSampleCompany(main) : main(file));
}
