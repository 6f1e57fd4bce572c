/**
 * A directory in a SQLite file: people, groups and memberships from one transaction. The file is open only while rows are
 * read.
 *
 *     sqlite3 company.db < examples/data/company.sql
 *     npx tsx examples/sqlite.ts company.db       (without a file, the same company in memory is used)
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import sqlite from 'node-sqlite3-wasm';
import { createClient, map, pipe, sync, toGroup, toMembership, toUser, type FlatRow } from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

// The queries do not return people who have left, so Okta deactivates them. Every value must be text: cast all others.
const USERS = `
  SELECT employee_id AS externalId, email AS userName, email, given_name AS firstName, family_name AS lastName,
         department
  FROM people WHERE left_on IS NULL`;
const GROUPS = `SELECT team_id AS externalId, name AS displayName, purpose AS description FROM teams`;
const MEMBERSHIPS = `
  SELECT team_id AS groupExternalId, employee_id AS memberExternalId
  FROM team_members JOIN people USING (employee_id) WHERE left_on IS NULL`;

/** The three sources, in one transaction, so that they all see the same data. */
export function sqliteDirectory(open: () => sqlite.Database) {
  let db: sqlite.Database | undefined;

  function close(): void {
    db?.close();
    db = undefined;
  }

  function* rows(sql: string, last: boolean): Generator<FlatRow, void, undefined> {
    let readToItsEnd = false;
    try {
      if (db === undefined) {
        db = open();
        db.exec('BEGIN');
      }
      const statement = db.prepare(sql);
      try {
        yield* statement.iterate() as Iterable<FlatRow>;
      } finally {
        statement.finalize();
      }
      readToItsEnd = true;
    } finally {
      if (last || !readToItsEnd) close();
    }
  }

  return {
    // `sync` reads the sources in this order.
    users: pipe(rows(USERS, false), map(toUser)),
    groups: pipe(rows(GROUPS, false), map(toGroup)),
    memberships: pipe(rows(MEMBERSHIPS, true), map(toMembership)),
    /** Closes the file if the run fails between two sources. */
    [Symbol.dispose]: close,
  };
}

function sampleCompany(): sqlite.Database {
  const db = new sqlite.Database(':memory:');
  db.exec(readFileSync(new URL('data/company.sql', import.meta.url), 'utf8'));
  return db;
}

async function main(file: string | undefined): Promise<void> {
  await using org = await startOrg({ cooldownMs: 100 });
  await using state = memoryState(); // openState('./state') keeps it between runs
  const okta = createClient({
    orgUrl: org.url,
    identitySourceId: org.identitySourceId,
    auth: { token: org.token },
  });
  using directory = sqliteDirectory(() =>
    file === undefined ? sampleCompany() : new sqlite.Database(file, { readOnly: true, fileMustExist: true }),
  );
  const { users, groups, memberships } = directory;
  const report = await sync({ okta, state, users, groups, memberships, cooldownMs: 100, pollIntervalMs: 20 });
  const { confirmed } = report;
  console.log(
    `${confirmed.users.creates} people, ${confirmed.groups.creates} groups and ` +
      `${confirmed.memberships.creates} memberships in ${report.sessions} sessions`,
  );
  await okta.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv[2]);
