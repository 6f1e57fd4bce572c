/** The list of runs, `fleet.runs`: who runs what now, and how each run ended. */
import type { Pool } from 'pg';
import { inTransaction } from './database.js';
import type { Ending } from './ending.js';
import type { Fleet, Source } from './sources.js';

/**
 * Begins a run; undefined if the org has no place for it now. The lock makes two workers that take the last place at the same moment do
 * so one after the other.
 */
export async function beginRun(pool: Pool, source: Source, worker: string): Promise<string | undefined> {
  const { name, org } = source;
  return inTransaction(pool, async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('fleet org'), hashtext($1))`, [org.name]);
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO fleet.runs (source, org, worker) SELECT $1, $2, $3
       WHERE (SELECT count(*) FROM fleet.runs WHERE org = $2 AND ended_at IS NULL) < $4 RETURNING id`,
      [name, org.name, worker, org.runsAtOnce],
    );
    return rows[0]?.id;
  });
}

export async function endRun(pool: Pool, id: string, ending: Ending): Promise<void> {
  await pool.query(
    `UPDATE fleet.runs SET ended_at = now(), outcome = $2, code = $3, message = $4, plan_hash = $5, counts = $6
     WHERE id = $1 AND ended_at IS NULL`,
    [id, ending.outcome, ending.code, ending.message, ending.planHash, JSON.stringify(ending.counts)],
  );
}

/** The orgs that have as many runs as they may: the queue leaves their jobs alone. */
export async function fullOrgs(pool: Pool, fleet: Fleet): Promise<string[]> {
  const { rows } = await pool.query<{ org: string; running: number }>(
    'SELECT org, count(*)::int AS running FROM fleet.runs WHERE ended_at IS NULL GROUP BY org',
  );
  return rows
    .filter(({ org, running }) => running >= (fleet.orgs.get(org)?.runsAtOnce ?? Infinity))
    .map(({ org }) => org);
}

/** The last run of each source. */
export interface LastRun {
  readonly source: string;
  readonly org: string;
  readonly worker: string;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly outcome: string | null;
  readonly message: string | null;
  readonly plan_hash: string | null;
  readonly counts: Readonly<Record<string, number>>;
}

export async function lastRuns(pool: Pool): Promise<readonly LastRun[]> {
  const { rows } = await pool.query<LastRun>(
    'SELECT DISTINCT ON (source) * FROM fleet.runs ORDER BY source, id DESC',
  );
  return rows;
}

/** Runs of the last 90 days are kept. */
export async function forgetOldRuns(pool: Pool): Promise<void> {
  await pool.query(`DELETE FROM fleet.runs WHERE ended_at < now() - interval '90 days'`);
}
