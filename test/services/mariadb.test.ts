import { readFileSync } from 'node:fs';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { mariadbDirectory } from '../../examples/mariadb.js';
import { describeWith, MARIADB, mariadb, uniqueName } from './available.js';
import { runExample } from '../examples/run.js';
import { holdsReadingLaws, PEOPLE, TEAMS } from './reading-laws.js';

const service = await mariadb();
const database = uniqueName();
const failing = `${database}_failing`;
const sample = `${database}_sample`;
const tables = readFileSync(new URL('../../examples/data/company.sql', import.meta.url), 'utf8');

describeWith(service, 'a directory in MariaDB', () => {
  let admin: Connection;

  beforeAll(async () => {
    admin = await mysql.createConnection({ ...MARIADB, multipleStatements: true });
    // The administration stays outside of the databases, so that the list of sessions shows the directory's alone.
    await admin.query(`CREATE DATABASE ${failing}`);
    for (const name of [database, sample]) {
      await admin.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
      const inside = await mysql.createConnection({ ...MARIADB, database: name, multipleStatements: true });
      await inside.query(tables);
      await inside.end();
    }
    // The server finds out in the middle that it cannot go on.
    await admin.query(`
      CREATE FUNCTION ${failing}.department_of(i INT) RETURNS VARCHAR(20) NO SQL
      BEGIN
        IF i = 15000 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no such department'; END IF;
        RETURN 'Finance';
      END`);
    await admin.query(`
      CREATE VIEW ${failing}.people AS
        SELECT CAST(seq AS CHAR) AS employee_id, CONCAT('p', seq, '@example.com') AS email, NULL AS given_name,
               NULL AS family_name, ${failing}.department_of(seq) AS department, NULL AS left_on
        FROM ${database}.seq_1_to_${PEOPLE}`);
  });
  const sessions = async () => {
    const [rows] = await admin.query<(RowDataPacket & { id: number })[]>(
      'SELECT id FROM information_schema.processlist WHERE db IN (?, ?)',
      [database, failing],
    );
    return rows.map(({ id }) => id);
  };
  const end = async (id: unknown) => {
    await admin.query('KILL CONNECTION ?', [id]).catch((error: { code?: string }) => {
      // It has ended by itself meanwhile.
      if (error.code !== 'ER_NO_SUCH_THREAD') throw error;
    });
  };

  beforeEach(() =>
    admin.query(`
      TRUNCATE ${database}.people; TRUNCATE ${database}.teams; TRUNCATE ${database}.team_members;
      INSERT INTO ${database}.people
        SELECT seq, CONCAT('p', seq, '@example.com'), 'First', 'Last', REPEAT('x', 100), NULL
        FROM ${database}.seq_1_to_${PEOPLE};
      INSERT INTO ${database}.teams
        SELECT seq, CONCAT('Team ', seq), NULL FROM ${database}.seq_0_to_${TEAMS - 1};
      INSERT INTO ${database}.team_members SELECT seq % ${TEAMS}, seq FROM ${database}.seq_1_to_${PEOPLE}`),
  );
  // A test that fails leaves its session to the next ones otherwise, and its locks.
  afterEach(async () => {
    for (const id of await sessions()) await end(id);
  });
  afterAll(async () => {
    for (const name of [database, failing, sample]) await admin.query(`DROP DATABASE IF EXISTS ${name}`);
    await admin.end();
  });

  const directory = (name: string) => mariadbDirectory({ ...MARIADB, database: name });

  holdsReadingLaws(() => ({
    open: () => directory(database),
    openFailing: () => directory(failing),
    openNowhere: () => mariadbDirectory({ ...MARIADB, port: 1 }),
    sessions,
    end,
    halve: async () => {
      await admin.query(`
        DELETE FROM ${database}.people WHERE CAST(employee_id AS INT) > ${PEOPLE / 2};
        DELETE FROM ${database}.teams WHERE team_id <> '0';
        DELETE FROM ${database}.team_members WHERE team_id <> '0' OR CAST(employee_id AS INT) > ${PEOPLE / 2}`);
    },
  }));

  it('is what the example sends to Okta', async () => {
    const stdout = await runExample('mariadb.ts', {
      MYSQL_HOST: MARIADB.host,
      MYSQL_TCP_PORT: String(MARIADB.port),
      MYSQL_USER: MARIADB.user,
      MYSQL_PWD: MARIADB.password,
      MYSQL_DATABASE: sample,
    });
    expect(stdout).toBe('5 people, 3 groups and 8 memberships in 2 sessions\n');
  });
});
