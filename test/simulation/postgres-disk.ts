import pg from 'pg';
import { migratePostgresState, postgresState } from '../../src/state/postgres/open-postgres-state.js';
import type { StateStore } from '../../src/state/store.js';
import { POSTGRES, uniqueName } from '../services/available.js';
import { cut, TestPool } from '../services/postgres-store.js';
import type { Disk } from './disks.js';
import type { Machine } from './machine.js';

/** The name of the one state that a server has at a time. */
const NAME = 'simulated';
/** The tables of a state, in an order in which they can be emptied. */
const TABLES = ['loads', 'sessions', 'baseline', 'unknown_logins', 'absences', 'meta', 'counts'];

/** The part of a PostgreSQL server that one process of the simulation uses: a schema, in which one scenario after the other has its state. */
export class SimulationServer {
  readonly #schema = uniqueName();
  readonly #admin = new pg.Client(POSTGRES);
  // The clock of a scenario is not that of the server: no connection may end by a timer.
  readonly #pool = new TestPool({ idleTimeoutMillis: 0, connectionTimeoutMillis: 0 });

  /** Connects, and creates the tables. */
  static async start(): Promise<SimulationServer> {
    const server = new SimulationServer();
    await server.#admin.connect();
    await migratePostgresState(server.#pool, { schema: server.#schema });
    return server;
  }

  /** The disk of one scenario. */
  disk(machine: Machine): Disk {
    return {
      open: () => machine.real(() => postgresState(this.#pool, { schema: this.#schema, name: NAME })),
      died: (state) => this.#died(machine, state),
      dispose: () => machine.real(() => this.#empty()),
    };
  }

  /** What the dead had asked of the server is done or not; then its connections end, as they do with a process. */
  async #died(machine: Machine, state: StateStore): Promise<void> {
    await machine.idle();
    await machine.real(() => cut(this.#admin, this.#pool));
    await machine.close(() => state.close());
  }

  async #empty(): Promise<void> {
    const { rows } = await this.#admin.query<{ id: number }>(
      `SELECT id FROM ${this.#schema}.states WHERE name = '${NAME}'`,
    );
    const ids = rows.map(({ id }) => id).join();
    if (ids === '') return;
    const own = TABLES.map((table) => `DELETE FROM ${this.#schema}.${table} WHERE state IN (${ids})`);
    await this.#admin.query([...own, `DELETE FROM ${this.#schema}.states WHERE id IN (${ids})`].join(';'));
  }

  /** Removes the schema and ends the connections. */
  async stop(): Promise<void> {
    await this.#pool.end();
    await this.#admin.query(`DROP SCHEMA IF EXISTS ${this.#schema} CASCADE`);
    await this.#admin.end();
  }
}
