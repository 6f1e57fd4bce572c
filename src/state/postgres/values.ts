import type { Entity } from '../../core/model.js';
import { entityNumber } from './baseline.js';
import { bytesArray } from './bytes-array.js';
import type { Database } from './database.js';
import { keyOfRow, rowIdOf } from './row-id.js';

/** The small values of one state and its absences. What writes must run inside a transaction of the writer. */
export class Values {
  readonly #database: Database;
  readonly #state: number;

  constructor(database: Database, state: number) {
    this.#database = database;
    this.#state = state;
  }

  async get(name: string): Promise<string | undefined> {
    const { rows } = await this.#database.query(
      `SELECT value FROM ${this.#database.schema}.meta WHERE state = $1 AND name = $2`,
      [this.#state, name],
    );
    return rows[0]?.['value'] as string | undefined;
  }

  async set(name: string, value: string): Promise<void> {
    await this.#database.query(
      `INSERT INTO ${this.#database.schema}.meta (state, name, value) VALUES ($1, $2, $3)
       ON CONFLICT (state, name) DO UPDATE SET value = EXCLUDED.value`,
      [this.#state, name, value],
    );
  }

  /** The names of all values. */
  async names(): Promise<readonly string[]> {
    const { rows } = await this.#database.query(
      `SELECT name FROM ${this.#database.schema}.meta WHERE state = $1`,
      [this.#state],
    );
    return rows.map((row) => row['name'] as string);
  }

  /** The number of complete reads in a row from which an entity was missing, by key. */
  async absences(entity: Entity): Promise<Map<string, number>> {
    const { rows } = await this.#database.query(
      `SELECT id, long_key, count FROM ${this.#database.schema}.absences WHERE state = $1 AND entity = $2`,
      [this.#state, entityNumber(entity)],
    );
    return new Map(
      rows.map((row) => [
        keyOfRow(entity, row['id'] as Buffer, row['long_key'] as Buffer | null),
        row['count'] as number,
      ]),
    );
  }

  /** Replaces the counts that {@link absences} returns. */
  async setAbsences(entity: Entity, counts: ReadonlyMap<string, number>): Promise<void> {
    const table = `${this.#database.schema}.absences`;
    const own = [this.#state, entityNumber(entity)];
    await this.#database.query(`DELETE FROM ${table} WHERE state = $1 AND entity = $2`, own);
    if (counts.size === 0) return;
    const ids = Array.from(counts.keys(), (key) => rowIdOf(entity, key));
    await this.#database.query(
      `INSERT INTO ${table} (state, entity, id, long_key, count)
       SELECT $1, $2, * FROM unnest($3::bytea[], $4::bytea[], $5::int[])`,
      [
        ...own,
        bytesArray(ids.map(({ id }) => id)),
        bytesArray(ids.map(({ longKey }) => longKey)),
        [...counts.values()],
      ],
    );
  }
}
