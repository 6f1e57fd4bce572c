import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportState } from '../../src/state/export-import/export-state.js';
import { importState } from '../../src/state/export-import/import-state.js';
import { verifyState } from '../../src/state/export-import/verify-state.js';
import { postgresState } from '../../src/state/postgres/open-postgres-state.js';
import { sync } from '../../src/sync/sync.js';
import { deactivate } from '../../src/upload/deactivate.js';
import { verify } from '../../src/verify/verify.js';
import { clientOf, company, makeOrg, ORG_URL } from '../support/world.js';
import { describeWith, POSTGRES, postgres, uniqueName } from './available.js';
import { TestPool } from './postgres-store.js';

const service = await postgres();
const schema = uniqueName();
/** What reads the clock of the server, or times that it wrote. */
const CLOCK =
  /\b(now|\w+_timestamp|timeofday|age)\s*\(|\b(current_(date|time|timestamp)|localtime(stamp)?|interval|timestamptz?|\w+_start)\b/i;

describeWith(service, 'the statements of a state in PostgreSQL', () => {
  const admin = new pg.Client(POSTGRES);
  const pool = new TestPool();
  const statements = new Set<string>();

  // A whole life of a state: its tables are made, and it is filled, changed, doubted, looked at, moved and copied.
  beforeAll(async () => {
    await admin.connect();
    pool.onQuery = (text) => void statements.add(text);
    const org = makeOrg({ cooldownMs: 5, importMs: 5 });
    const okta = clientOf(org);
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-statements-'));
    try {
      await using state = await postgresState(pool, { schema, name: 'watched' });
      const guard = { maxDeletePercent: 100, maxUpdatePercent: 100 };
      const run = (day: ReturnType<typeof company>, more: object = {}) =>
        sync({ ...day, okta, state, cooldownMs: 5, pollIntervalMs: 5, guard, ...more });
      await run(company(30));
      await run(company(29, ' 2'));
      await run(company(29, ' 2'), { resend: ['all'] });
      await deactivate({ okta, state, ids: ['u3'], send: true });
      await verify({ okta, state });
      await exportState(state, join(directory, 'copy'));
      await verifyState(state);
      await state.retarget(ORG_URL);
      await using copy = await postgresState(pool, { schema, name: 'copy' });
      await importState(join(directory, 'copy'), copy);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
  afterAll(async () => {
    await pool.end();
    await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await admin.end();
  });

  it('never read the clock of the server, so it may be days from that of the worker', async () => {
    expect(statements.size).toBeGreaterThan(80);
    expect([...statements].filter((text) => CLOCK.test(text))).toEqual([]);
    const { rows } = await admin.query(
      `SELECT table_name, column_name, column_default FROM information_schema.columns WHERE table_schema = $1
         AND (data_type ~ '^(timestamp|date|time|interval)' OR column_default ~ '\\m(now|timestamp|date)\\M')`,
      [schema],
    );
    expect(rows).toEqual([]);
    for (const text of [
      'SELECT now()',
      'VALUES (current_timestamp)',
      "x > '1 day'::interval",
      'backend_start',
    ])
      expect(text).toMatch(CLOCK);
  });

  it('begin every transaction that writes with an isolation of its own, whatever the default is', () => {
    const begins = [...statements].filter((text) => text.startsWith('BEGIN') && text !== 'BEGIN');
    expect(begins.length).toBeGreaterThan(2);
    for (const text of begins)
      expect(text).toMatch(/^BEGIN ISOLATION LEVEL (READ COMMITTED|REPEATABLE READ)/);
  });
});
