import pg from 'pg';
import { afterAll, afterEach, beforeAll } from 'vitest';
import {
  migratePostgresState,
  postgresState,
  type PostgresStateOptions,
} from '../../src/state/postgres/open-postgres-state.js';
import type { StateStore } from '../../src/state/store.js';
import type { StoreUnderTest } from '../../src/state/contract/laws.js';
import { POSTGRES, uniqueName } from './available.js';

/** A pool of the tests' server, whose connections can be found, ended and made to fail. */
export class TestPool extends pg.Pool {
  readonly name: string;
  /** Called with the text of every statement before it is sent. If it throws, the statement fails and is not sent. */
  onQuery: ((text: string) => void) | undefined;
  /** Waited for before every statement is sent. */
  beforeQuery: ((text: string) => Promise<void>) | undefined;

  constructor(options: pg.PoolConfig = {}) {
    const name = uniqueName();
    super({ ...POSTGRES, application_name: name, max: 8, ...options });
    this.name = name;
    this.on('error', () => undefined);
    this.on('connect', (client) => {
      const query = client.query.bind(client) as (query: unknown) => Promise<pg.QueryResult>;
      (client as { query: unknown }).query = async (asked: string | { text: string }, ...rest: unknown[]) => {
        const text = typeof asked === 'string' ? asked : asked.text;
        if (rest.length === 0) {
          this.onQuery?.(text);
          await this.beforeQuery?.(text);
        }
        return (query as (...all: unknown[]) => Promise<pg.QueryResult>)(asked, ...rest);
      };
    });
  }

  /** Makes the next commit fail. */
  failNextCommit(): Error {
    const error = new Error('no space left on device');
    this.onQuery = (text) => {
      if (text !== 'COMMIT') return;
      this.onQuery = undefined;
      throw error;
    };
    return error;
  }
}

/**
 * A schema for the tests of a file, with the tables of states: hooks create it and drop it, and end the pools of a test after the hooks of
 * the file.
 */
export function schemaForTests(schema: string): {
  readonly admin: pg.Client;
  readonly pool: (options?: pg.PoolConfig) => TestPool;
  /** Ends the pools so far, in a test that opens many. */
  readonly endPools: () => Promise<void>;
} {
  const admin = new pg.Client(POSTGRES);
  const pools: TestPool[] = [];
  const pool = (options?: pg.PoolConfig): TestPool => {
    const one = new TestPool(options);
    pools.push(one);
    return one;
  };
  const endPools = async (): Promise<void> => {
    for (const one of pools.splice(0)) await one.end();
  };
  beforeAll(async () => {
    await admin.connect();
    await migratePostgresState(pool(), { schema });
  });
  afterEach(endPools);
  afterAll(async () => {
    await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await admin.end();
  });
  return { admin, pool, endPools };
}

/** The numbers of the server's processes for the connections of a pool. */
export async function backendsOf(admin: pg.Client, { name }: Pick<TestPool, 'name'>): Promise<number[]> {
  const { rows } = await admin.query<{ pid: number }>(
    'SELECT pid FROM pg_stat_activity WHERE application_name = $1',
    [name],
  );
  return rows.map(({ pid }) => pid);
}

/** Ends the connections of a pool at the server, and waits until they have ended. */
export async function cut(admin: pg.Client, pool: Pick<TestPool, 'name'>): Promise<void> {
  for (const pid of await backendsOf(admin, pool))
    await admin.query('SELECT pg_terminate_backend($1, 10000)', [pid]);
}

/** The process of the server that holds an advisory lock for a pool. */
export async function lockHolderOf(admin: pg.Client, { name }: TestPool): Promise<number | undefined> {
  const { rows } = await admin.query<{ pid: number }>(
    `SELECT a.pid FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory'
     WHERE a.application_name = $1`,
    [name],
  );
  return rows[0]?.pid;
}

/** A store with a pool of its own, as a process has. */
export interface TestStore extends StoreUnderTest {
  readonly pool: TestPool;
}

/** Opens a state as a process of its own does. Opening it again first cuts the connections of the earlier one. */
export async function openTestStore(
  admin: pg.Client,
  options: PostgresStateOptions,
  ended: StateStore[],
): Promise<TestStore> {
  const pool = new TestPool();
  const store = await postgresState(pool, options);
  return {
    store,
    pool,
    reopen: async () => {
      await cut(admin, pool);
      ended.push(store);
      return openTestStore(admin, options, ended);
    },
    failNextWrite: () => pool.failNextCommit(),
    dispose: async () => {
      await store.close();
      await pool.end();
    },
  };
}
