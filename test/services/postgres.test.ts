import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { postgresDirectory } from '../../examples/postgres.js';
import { describeWith, POSTGRES, postgres, uniqueName, urlOf } from './available.js';
import { systemClock } from '../../src/core/clock.js';
import { directory, envOf, org } from '../cli/support.js';
import { runExample, runRollcall } from '../examples/run.js';
import { holdsReadingLaws, PEOPLE, TEAMS } from './reading-laws.js';

const service = await postgres();
const schema = uniqueName();
const URL_OF_SERVER = urlOf(POSTGRES);
const failing = `${schema}_failing`;
const sample = `${schema}_sample`;
const tables = readFileSync(new URL('../../examples/data/company.sql', import.meta.url), 'utf8');

describeWith(service, 'a directory in PostgreSQL', () => {
  let admin: pg.Client;

  beforeAll(async () => {
    admin = new pg.Client(POSTGRES);
    await admin.connect();
    for (const name of [sample, schema])
      await admin.query(`CREATE SCHEMA ${name}; SET search_path = ${name}; ${tables}`);
    // The server finds out in the middle that it cannot go on.
    await admin.query(`
      CREATE SCHEMA ${failing};
      CREATE VIEW ${failing}.people AS
        SELECT i::text AS employee_id, 'p' || i || '@example.com' AS email, NULL AS given_name, NULL AS family_name,
               (1 / (15000 - i))::text AS department, NULL::date AS left_on
        FROM generate_series(1, ${PEOPLE}) i`);
  });
  const sessions = async () => {
    const { rows } = await admin.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE application_name = $1',
      [schema],
    );
    return rows.map(({ pid }) => pid);
  };
  const end = async (pid: unknown) =>
    void (await admin.query('SELECT pg_terminate_backend($1, 10000)', [pid]));

  beforeEach(() =>
    admin.query(`
      TRUNCATE people, teams, team_members;
      INSERT INTO people
        SELECT i::text, 'p' || i || '@example.com', 'First', 'Last', repeat('x', 100), NULL
        FROM generate_series(1, ${PEOPLE}) i;
      INSERT INTO teams SELECT i::text, 'Team ' || i, NULL FROM generate_series(0, ${TEAMS - 1}) i;
      INSERT INTO team_members SELECT (i % ${TEAMS})::text, i::text FROM generate_series(1, ${PEOPLE}) i`),
  );
  // A test that fails leaves its session to the next ones otherwise, and its locks.
  afterEach(async () => {
    for (const pid of await sessions()) await end(pid);
  });
  afterAll(async () => {
    await admin.query(`DROP SCHEMA IF EXISTS ${schema}, ${failing}, ${sample} CASCADE`);
    await admin.end();
  });

  const company = (path: string) =>
    postgresDirectory({ url: URL_OF_SERVER, application_name: schema, options: `-c search_path=${path}` });

  holdsReadingLaws(() => ({
    open: () => company(schema),
    openFailing: () => company(failing),
    openNowhere: () => postgresDirectory({ url: 'postgres://127.0.0.1:1/nowhere' }),
    sessions,
    end,
    halve: async () => {
      await admin.query(`
        DELETE FROM people WHERE employee_id::int > ${PEOPLE / 2};
        DELETE FROM teams WHERE team_id <> '0';
        DELETE FROM team_members WHERE team_id <> '0' OR employee_id::int > ${PEOPLE / 2}`);
    },
  }));

  it('is what the example sends to Okta', async () => {
    const stdout = await runExample('postgres.ts', {
      PGHOST: POSTGRES.host,
      PGPORT: String(POSTGRES.port),
      PGUSER: POSTGRES.user,
      PGDATABASE: POSTGRES.database,
      PGOPTIONS: `-c search_path=${sample}`,
    });
    expect(stdout).toBe('5 people, 3 groups and 8 memberships in 2 sessions\n');
  });

  it('is what the config in code sends to Okta', async () => {
    const okta = await org({ clock: systemClock });
    const state = await directory();
    const out = await runRollcall(
      [
        'sync',
        '--config',
        'examples/config-postgres/rollcall.config.ts',
        '--state',
        state,
        '--cooldown',
        '1ms',
      ],
      {
        HR_DATABASE_URL: `${URL_OF_SERVER}?options=${encodeURIComponent(`-c search_path=${sample}`)}`,
        ...envOf(okta),
      },
    );
    expect(out).toMatch(/Okta confirmed .+ in 2 sessions/);
    expect(
      Array.from(
        okta.directory(okta.identitySourceId).users.values(),
        ({ profile }) => profile['userName'],
      ).sort(),
    ).toContain('anna.berg@example.com');
  });
});
