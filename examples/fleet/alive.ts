/**
 * Which workers are alive. The queue gives a job of a worker that was killed to another one after four hours only. So each worker holds
 * an advisory lock, which the server frees as soon as the connection ends, and every worker looks for jobs whose worker has none.
 */
import pg from 'pg';
import type { WorkerUtils } from 'graphile-worker';

/** The server notices within a minute that a machine is gone, instead of after hours. */
const KEEPALIVE =
  'SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; SET idle_session_timeout = 0';

const LOCK = `hashtextextended('fleet worker ' || $1, 0)`;

const NAMED = `
  SELECT DISTINCT worker FROM (
    SELECT locked_by AS worker FROM graphile_worker.jobs WHERE locked_by IS NOT NULL
    UNION ALL
    SELECT worker FROM fleet.runs WHERE ended_at IS NULL
  ) AS named`;

export class Alive {
  readonly #pool: pg.Pool;
  readonly #connection: pg.PoolClient;
  readonly #held = new Map<string, Promise<unknown>>();
  #isClosed = false;

  private constructor(pool: pg.Pool, connection: pg.PoolClient) {
    this.#pool = pool;
    this.#connection = connection;
  }

  /** @param onLost - called if the connection ends: others may take over the jobs of this worker, so it must stop */
  static async open(pool: pg.Pool, onLost: () => void): Promise<Alive> {
    const connection = await pool.connect();
    const alive = new Alive(pool, connection);
    connection.on('error', () => alive.#isClosed || onLost());
    await connection.query(KEEPALIVE);
    return alive;
  }

  /** Says that a worker is alive, before it takes its first job. */
  async hold(worker: string): Promise<void> {
    const held =
      this.#held.get(worker) ?? this.#connection.query(`SELECT pg_advisory_lock(${LOCK})`, [worker]);
    this.#held.set(worker, held);
    await held;
  }

  /** Frees the jobs and runs of workers that are dead, and returns the workers. */
  async releaseDead(utils: WorkerUtils): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ worker: string }>(NAMED);
    const dead: string[] = [];
    for (const { worker } of rows) {
      // Freed again when the statement ends.
      const tried = `SELECT pg_try_advisory_xact_lock(${LOCK}) AS dead`;
      const found = await this.#pool.query<{ dead: boolean }>(tried, [worker]);
      if (found.rows[0]?.dead === true) dead.push(worker);
    }
    if (dead.length === 0) return dead;
    await this.#pool.query(
      `UPDATE fleet.runs SET ended_at = now(), outcome = 'lost' WHERE ended_at IS NULL AND worker = ANY($1)`,
      [dead],
    );
    await utils.forceUnlockWorkers(dead);
    return dead;
  }

  close(): void {
    this.#isClosed = true;
    this.#connection.release(true);
  }
}
