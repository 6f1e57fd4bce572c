import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../../core/clock.js';
import { BusyError, StateError } from '../../core/errors.js';
import { closedState, lostState } from '../checks.js';
import type { PostgresPool } from './connection.js';
import { Database } from './database.js';
import { PostgresFailure } from './failure.js';

/** Runs a change in a transaction that ends before the next one begins. Fails if this process is not the writer any more. */
export type Write = <T>(name: string, change: () => Promise<T>) => Promise<T>;

/** The process that opened a state last, as the state has it. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly openedAt: number;
}

/**
 * Settings of the connection that holds the lock. Without keepalives, the server would notice only after hours that the machine of a
 * worker is gone, and would keep its lock so long. `statement_timeout` and the like stay as the role has them.
 */
const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  tcp_keepalives_idle: '20',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '50000',
  idle_session_timeout: '0',
  // No other transaction can make a statement fail that has no transaction of its own (40001).
  default_transaction_isolation: 'read committed',
};

/**
 * The one writer of a state. A session-level advisory lock on a connection of its own says that the writer is alive: when the connection
 * ends, the server frees the lock. All writes use this connection, one after another, so a writer without its lock cannot write. Every
 * transaction also compares the generation in the row of the state, which each opening raises, and locks the row.
 */
export class Writer {
  readonly database: Database;
  /** The number of the state in its schema. */
  readonly state: number;
  readonly #lock: string;
  readonly #generation: string;
  /** The last of the calls that were begun. It never rejects. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(database: Database, state: number, lock: string, generation: string) {
    this.database = database;
    this.state = state;
    this.#lock = lock;
    this.#generation = generation;
  }

  /**
   * Makes this process the writer of a state that exists.
   *
   * @throws {@link BusyError} if another process is the writer; {@link StateError} if a pooler between this process and the server gives
   * each transaction another connection
   */
  static async acquire(
    database: Database,
    pool: PostgresPool,
    state: { readonly id: number; readonly name: string },
    clock: Clock,
  ): Promise<Writer> {
    const lock = lockOf(database.schema, state.name);
    const table = `${database.schema}.states`;
    await setUp(database);
    const { rows } = await database.query('SELECT pg_try_advisory_lock($1) AS locked', [lock]);
    if (rows[0]?.['locked'] !== true) {
      const found = await database.query(`SELECT holder FROM ${table} WHERE id = $1`, [state.id]);
      throw busy((found.rows[0]?.['holder'] as string | undefined) ?? '');
    }
    await requireOwnSession(database, pool, lock);
    const holder: Holder = { pid: process.pid, host: hostname(), openedAt: clock.now() };
    const raised = await database.query(
      `UPDATE ${table} SET generation = generation + 1, holder = $2 WHERE id = $1 RETURNING generation`,
      [state.id, JSON.stringify(holder)],
    );
    return new Writer(database, state.id, lock, String(raised.rows[0]?.['generation']));
  }

  /** True if the connection has ended: nothing can be written any more. */
  get isLost(): boolean {
    return this.database.isLost;
  }

  readonly write: Write = async (name, change) => {
    if (this.#isClosed) throw closedState();
    return this.#inOrder(async () => {
      this.#requireConnection();
      const table = `${this.database.schema}.states`;
      const begin = `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT generation FROM ${table} WHERE id = ${this.state} FOR NO KEY UPDATE`;
      try {
        return await this.database.transaction(begin, async ({ rows }) => {
          if (String(rows[0]?.['generation']) !== this.#generation) throw lostState();
          return change();
        });
      } catch (error) {
        throw this.isLost ? connectionLost(this.database, error) : named(name, error);
      }
    });
  };

  /** Reads after the writes that were begun before. */
  read<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(closedState());
    return this.#inOrder(async () => {
      this.#requireConnection();
      try {
        return await work();
      } catch (error) {
        throw this.isLost ? connectionLost(this.database, error) : error;
      }
    });
  }

  /** Waits for the calls that were begun, and frees the lock. May be called again. */
  async close(): Promise<void> {
    const isFirst = !this.#isClosed;
    this.#isClosed = true;
    await this.#last;
    if (!isFirst) return;
    // The server frees the lock when the connection ends; this only makes it sooner.
    if (!this.isLost)
      await this.database.query('SELECT pg_advisory_unlock($1)', [this.#lock]).catch(() => undefined);
    this.database.release(true);
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #requireConnection(): void {
    if (this.isLost) throw connectionLost(this.database, undefined);
  }
}

/** The key of the lock: 64 bits, because the locks of a database have numbers, and belong to all programs. */
function lockOf(schema: string, name: string): string {
  return createHash('sha256').update(`rollcall\0${schema}\0${name}`).digest().readBigInt64BE(0).toString();
}

/** @throws {@link StateError} if the server cannot hold a state */
async function setUp(database: Database): Promise<void> {
  const { rows } = await database.query(
    "SELECT pg_is_in_recovery() AS replica, current_setting('synchronous_commit') AS durable",
  );
  // A replica has locks of its own, so two workers could have the lock, one on each server.
  if (rows[0]?.['replica'] === true)
    throw new PostgresFailure(`${database.place} is a read-only replica: use the primary server`);
  // A commit must be on disk when its promise resolves.
  const durable = rows[0]?.['durable'] === 'off' ? { synchronous_commit: 'on' } : {};
  const settings = { ...SESSION_SETTINGS, ...durable };
  await database.query(
    `SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS wanted(name, value)
     WHERE EXISTS (SELECT FROM pg_settings known WHERE known.name = wanted.name)`,
    [Object.keys(settings), Object.values(settings)],
  );
}

/**
 * Refuses a pooler that gives each transaction another connection, as PgBouncer does with `pool_mode=transaction`: the lock would belong
 * to a connection that other programs use as well. Such a pooler gives a second client the connection that the first one used last, or
 * gives the first one another while the second is in a transaction.
 */
async function requireOwnSession(database: Database, pool: PostgresPool, lock: string): Promise<void> {
  const held = `SELECT pg_backend_pid() AS pid, count(*)::int AS locks FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND objsubid = 1
      AND ((classid::bigint << 32) | objid::bigint) = $1::bigint`;
  const ours = async (of: Database) => {
    const { rows } = await of.query(held, [lock]);
    return { pid: rows[0]?.['pid'], holds: rows[0]?.['locks'] === 1 };
  };
  const first = await ours(database);
  const second = await Database.connect(pool, database);
  try {
    const inside = await second.transaction('BEGIN', async () => {
      const other = await ours(second);
      const again = other.pid === first.pid ? other : await ours(database);
      return { other, again };
    });
    const isOwn =
      first.holds && !inside.other.holds && inside.other.pid !== first.pid && inside.again.pid === first.pid;
    if (isOwn && inside.again.holds) return;
  } finally {
    second.release();
  }
  throw new PostgresFailure(
    `${database.place} is behind a pooler that gives each transaction another connection, so it cannot hold the lock of a state: ` +
      'connect to the server itself, or to a pool in session mode',
  );
}

function busy(holder: string): BusyError {
  const nobody: Holder = { pid: 0, host: 'an unknown host', openedAt: 0 };
  const { pid, host, openedAt } = holder === '' ? nobody : (JSON.parse(holder) as Holder);
  return new BusyError(pid, host, new Date(openedAt));
}

function connectionLost({ place }: Database, cause: unknown): StateError {
  return new StateError(
    `the connection to ${place} that holds the lock of this state has ended, so another worker may have taken it over: nothing more is ` +
      'written or sent; run again',
    { code: 'ERR_ROLLCALL_STATE_LOST', cause },
  );
}

/** Says which write failed. */
function named(name: string, error: unknown): unknown {
  if (!(error instanceof PostgresFailure) || error.cause === undefined) return error;
  const message = error.message.replace('could not be used', `could not be written (${name})`);
  return new PostgresFailure(message, { cause: error.cause });
}
