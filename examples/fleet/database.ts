/** The database: one PostgreSQL for the queue, the states and the list of runs. `PGHOST`, `PGUSER` and so on say where it is. */
import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import { migratePostgresState } from 'rollcall/postgres';

/**
 * A run uses up to four connections. The worker uses three more: one that says that it is alive, one on which it listens for jobs, and
 * one for all else.
 */
export function openPool(runsAtOnce: number): pg.Pool {
  const pool = new pg.Pool({ max: 4 * runsAtOnce + 3, keepAlive: true, application_name: 'fleet' });
  // A connection that breaks while nobody uses it is replaced. Without this listener, the process would end.
  pool.on('error', () => undefined);
  return pool;
}

const TABLES = `
  CREATE SCHEMA IF NOT EXISTS fleet;
  CREATE TABLE IF NOT EXISTS fleet.runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    org text NOT NULL,
    worker text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    outcome text,
    code text,
    message text,
    plan_hash text,
    counts jsonb NOT NULL DEFAULT '{}'
  );
  CREATE INDEX IF NOT EXISTS runs_by_source ON fleet.runs (source, id DESC);
  -- One run at a time of a source, whatever else fails.
  CREATE UNIQUE INDEX IF NOT EXISTS runs_going_on ON fleet.runs (source) WHERE ended_at IS NULL;`;

/** Creates the tables of the runs, the queue and the states. Workers that start at the same time do so one after the other. */
export async function createTables(pool: pg.Pool): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('fleet tables'))`);
    await client.query(TABLES);
    await runMigrations({ pgPool: pool });
    await migratePostgresState(pool);
  });
}

/** Runs work in a transaction on one connection. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    // The connection is closed, which undoes the transaction.
    client.release(true);
    throw error;
  }
}
