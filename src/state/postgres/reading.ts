import { StateError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { DIGEST_BYTES } from '../../fingerprints/sip-hash.js';
import { Reference, Seen, type Held, type Reading, type WholeComparison } from '../store.js';
import { entityNumber, heldOfRow, KEY_COLUMNS, VALUE_COLUMNS } from './baseline.js';
import { bytesArray, bytesArrayOf, latin1 } from './bytes-array.js';
import type { PostgresResult } from './connection.js';
import type { Database } from './database.js';
import { idOf, keyOfRow } from './row-id.js';
import { Statements } from './statements.js';
import { PostgresComparison } from './whole-comparison.js';

/** In place of {@link PostgresComparison.presence}. */
const NOT_COMPARED = 'SELECT false AS is_present, false AS is_sent';
/** In place of the row of a key in the table of those that were seen, if there is none. */
const NOT_SEEN = 'SELECT NULL::bytea AS id, NULL::boolean AS is_compared WHERE false';
/** The most memory of the server for the temporary tables of a reading. */
const TEMPORARY_MEMORY = '256MB';

/**
 * A reading of a state in PostgreSQL: one transaction that sees the baseline as it was when the reading was opened. The keys that it has
 * seen are in temporary tables of the server, so the memory of this process does not grow with the source. Records are compared as a whole
 * ({@link compareAll}), or with one statement for each call of {@link compare}, for the few of a delta feed.
 */
export class PostgresReading implements Reading {
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #state: number;
  readonly #onClose: () => void;
  readonly #complete = new Set<Entity>();
  readonly #tables = new Map<Entity, Promise<string>>();
  /** Entities of which records were compared by {@link compare}. */
  readonly #compared = new Set<Entity>();
  readonly #whole = new Map<Entity, PostgresComparison>();

  /** @param database - a connection of its own, with a transaction that this reading ends */
  private constructor(database: Database, state: number, onClose: () => void) {
    this.#database = database;
    this.#statements = new Statements(database);
    this.#state = state;
    this.#onClose = onClose;
  }

  static async open(database: Database, state: number, onClose: () => void): Promise<PostgresReading> {
    // The keys that were seen come in any order, and should stay in memory. Refused after other temporary tables were used.
    await database.query(`SET temp_buffers = '${TEMPORARY_MEMORY}'`).catch(() => undefined);
    // A reading waits for its source. A plan is made once, when the tables may be empty, and used for all calls: it must not read them as
    // a whole. The last statement takes the snapshot.
    await database.query(
      'BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL jit = off; ' +
        'SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; ' +
        'SET LOCAL cursor_tuple_fraction = 1; SELECT',
    );
    return new PostgresReading(database, state, onClose);
  }

  async compare(entity: Entity, digests: Uint32Array, keyAt: (place: number) => string): Promise<Uint8Array> {
    if (this.#whole.has(entity)) throw comparedAlready(entity);
    this.#compared.add(entity);
    const count = (digests.length * Uint32Array.BYTES_PER_ELEMENT) / DIGEST_BYTES;
    const codes = new Uint8Array(count).fill(Seen.SAME);
    const bytes = Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength);
    const places: number[] = [];
    const first = new Set<string>();
    for (let place = 0; place < count; place++) {
      const key = keyAt(place);
      if (first.has(key)) codes[place] = Seen.DUPLICATE;
      else places.push(place);
      first.add(key);
    }
    const seen = await this.#seen(entity);
    const { rows } = await this.#query(
      `WITH input AS (
         SELECT * FROM unnest($2::bytea[], $3::bytea[]) WITH ORDINALITY AS t(id, digest, n)
       ), marked AS (
         INSERT INTO ${seen} AS s (id, is_compared) SELECT id, true FROM input
         ON CONFLICT (id) DO UPDATE SET is_compared = true WHERE NOT s.is_compared
       )
       SELECT i.n::int AS n, CASE WHEN s.id IS NOT NULL THEN ${Seen.DUPLICATE} WHEN b.id IS NULL THEN ${Seen.NEW}
         WHEN b.digest IS NULL THEN ${Seen.UNKNOWN} ELSE ${Seen.CHANGED} END AS code
       FROM input i
       LEFT JOIN ${this.#rowOf(entity)} b ON true
       LEFT JOIN LATERAL (SELECT s.id FROM ${seen} s WHERE s.id = i.id AND s.is_compared OFFSET 0) s ON true
       WHERE s.id IS NOT NULL OR b.digest IS DISTINCT FROM i.digest`,
      [
        this.#state,
        bytesArray(Array.from(first, (key) => idOf(entity, key))),
        places.length === count
          ? bytesArrayOf(bytes, DIGEST_BYTES)
          : bytesArray(
              places.map((place) => bytes.subarray(place * DIGEST_BYTES, (place + 1) * DIGEST_BYTES)),
            ),
      ],
      `rollcall_compare_${entity}`,
    );
    for (const { n, code } of rows) codes[places[(n as number) - 1] as number] = code as number;
    return codes;
  }

  compareAll(entity: Entity): WholeComparison {
    if (this.#compared.has(entity) || this.#whole.has(entity)) throw comparedAlready(entity);
    const comparison = new PostgresComparison(this.#statements, this.#state, entity);
    this.#whole.set(entity, comparison);
    return comparison;
  }

  /** The comparison, if it is one of this reading. */
  comparisonOf(comparison: unknown): PostgresComparison | undefined {
    return [...this.#whole.values()].find((own) => own === comparison);
  }

  async held(entity: Entity, keys: readonly string[]): Promise<readonly (Held | undefined)[]> {
    const held: (Held | undefined)[] = keys.map(() => undefined);
    if (keys.length === 0) return held;
    const { rows } = await this.#query(
      `SELECT i.n::int AS n, ${VALUE_COLUMNS} FROM unnest($2::bytea[]) WITH ORDINALITY AS i(id, n)
       JOIN ${this.#rowOf(entity)} b ON true`,
      [this.#state, bytesArray(keys.map((key) => idOf(entity, key)))],
      `rollcall_held_${entity}`,
    );
    for (const row of rows) held[(row['n'] as number) - 1] = heldOfRow(row);
    return held;
  }

  /** Undefined, because the server compares. */
  digests(): undefined {
    return undefined;
  }

  async keep(entity: Entity, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await this.#query(
      `INSERT INTO ${await this.#seen(entity)} (id, is_compared) SELECT id, false FROM unnest($1::bytea[]) AS t(id)
       ON CONFLICT DO NOTHING`,
      [bytesArray(keys.map((key) => idOf(entity, key)))],
    );
  }

  complete(entity: Entity): void {
    this.#complete.add(entity);
  }

  isComplete(entity: Entity): boolean {
    return this.#complete.has(entity);
  }

  async refer(entity: Entity, keys: readonly string[]): Promise<Uint8Array> {
    const codes = new Uint8Array(keys.length).fill(Reference.ABSENT);
    if (keys.length === 0) return codes;
    const isComplete = this.#complete.has(entity);
    const whole = this.#endedOf(entity);
    if (whole !== undefined) await whole.index();
    // Keys are in a table only if some were kept, or compared one by one.
    const seen = await this.#tables.get(entity);
    const seenRow = seen === undefined ? NOT_SEEN : `SELECT * FROM ${seen} s WHERE s.id = i.id OFFSET 0`;
    const variant = `${whole ? '_whole' : ''}${seen === undefined ? '' : '_seen'}`;
    // An unknown row that was not compared may have a rejected record, so it is not sent.
    const { rows } = await this.#query(
      `SELECT i.n::int AS n, CASE WHEN b.digest IS NOT NULL THEN ${Reference.HELD} ELSE ${Reference.NEW} END AS code
       FROM unnest($2::bytea[]) WITH ORDINALITY AS i(id, n)
       LEFT JOIN ${this.#rowOf(entity)} b ON true
       LEFT JOIN LATERAL (${seenRow}) s ON true
       CROSS JOIN LATERAL (${whole?.presence ?? NOT_COMPARED}) w
       WHERE CASE WHEN b.digest IS NOT NULL THEN NOT $3::boolean OR s.id IS NOT NULL OR w.is_present
         ELSE coalesce(s.is_compared, false) OR w.is_sent END`,
      [this.#state, bytesArray(keys.map((key) => idOf(entity, key))), isComplete],
      `rollcall_refer_${entity}${variant}`,
    );
    for (const { n, code } of rows) codes[(n as number) - 1] = code as number;
    return codes;
  }

  // Only users have a login. A condition for their entity would let the server choose the index of all keys.
  async holders(logins: readonly string[]): Promise<readonly (readonly string[])[]> {
    const { schema } = this.#database;
    const found = logins.map((): string[] => []);
    const { rows } = await this.#query(
      `WITH input AS (SELECT * FROM unnest($2::bytea[]) WITH ORDINALITY AS t(login, n))
       SELECT i.n::int AS n, b.id, b.long_key FROM input i
         JOIN LATERAL (SELECT * FROM ${schema}.baseline b WHERE b.state = $1 AND b.login = i.login OFFSET 0) b ON true
       UNION
       SELECT i.n::int, b.id, b.long_key FROM input AS given
         JOIN LATERAL (SELECT given.n, l.id FROM ${schema}.unknown_logins l
           WHERE l.state = $1 AND l.login = given.login OFFSET 0) i ON true
         JOIN ${this.#rowOf('users')} b ON true`,
      [this.#state, bytesArray(logins.map(latin1))],
      'rollcall_holders',
    );
    for (const { n, id, long_key } of rows)
      found[(n as number) - 1]?.push(keyOfRow('users', id as Buffer, long_key as Buffer | null));
    return found.map((keys) => keys.sort());
  }

  async *missing(entity: Entity): AsyncGenerator<readonly string[], void, undefined> {
    const seen = await this.#tables.get(entity);
    // The server has no statistics of a temporary table, and would read the baseline by its index.
    if (seen !== undefined) await this.#query(`ANALYZE ${seen}`);
    const notSeen = seen === undefined ? '' : `AND NOT EXISTS (SELECT FROM ${seen} s WHERE s.id = b.id)`;
    const whole = this.#endedOf(entity);
    const rows = whole
      ? `${whole.differing} b WHERE b.place IS NULL`
      : `${this.#database.schema}.baseline b WHERE b.state = ${this.#state} AND b.entity = ${entityNumber(entity)}`;
    const missing = `SELECT ${KEY_COLUMNS} FROM ${rows} ${notSeen}`;
    for await (const page of this.#statements.pages(`rollcall_missing_${entity}`, missing))
      yield page.map((row) => keyOfRow(entity, row['id'] as Buffer, row['long_key'] as Buffer | null));
  }

  async close(): Promise<void> {
    if (this.#statements.isClosed) return;
    const isRemembered = await this.#remember();
    await this.#statements.close();
    // Drops the temporary tables too.
    await this.#database.query(isRemembered ? 'COMMIT' : 'ROLLBACK').catch(() => undefined);
    this.#database.release();
    this.#onClose();
  }

  /** Remembers the unchanged rows of queries, for the next reading. Returns true if there are any. What is remembered is never needed. */
  async #remember(): Promise<boolean> {
    let isAny = false;
    try {
      for (const comparison of this.#whole.values()) if (await comparison.remember()) isAny = true;
    } catch {
      return false;
    }
    return isAny;
  }

  /** The row of the baseline for each row `i` of a join, by its index: OFFSET keeps the server from joining it in another way. */
  #rowOf(entity: Entity): string {
    return `LATERAL (SELECT * FROM ${this.#database.schema}.baseline b
      WHERE b.state = $1 AND b.entity = ${entityNumber(entity)} AND b.id = i.id OFFSET 0)`;
  }

  /** The comparison of the whole entity, if there is one. @throws {@link StateError} if it has not ended */
  #endedOf(entity: Entity): PostgresComparison | undefined {
    const whole = this.#whole.get(entity);
    whole?.requireEnded();
    return whole;
  }

  /** The temporary table of the keys of an entity that were seen. */
  #seen(entity: Entity): Promise<string> {
    const known = this.#tables.get(entity);
    if (known !== undefined) return known;
    const table = `pg_temp.rollcall_seen_${ENTITIES.indexOf(entity)}`;
    const created = this.#query(
      `CREATE TEMPORARY TABLE ${table} (id bytea PRIMARY KEY, is_compared boolean NOT NULL) ON COMMIT DROP`,
    ).then(() => table);
    this.#tables.set(entity, created);
    return created;
  }

  #query(text: string, values?: readonly unknown[], name?: string): Promise<PostgresResult> {
    return this.#statements.run(text, values, name);
  }
}

function comparedAlready(entity: Entity): StateError {
  return new StateError(`the ${entity} are compared already: one by one, or as a whole once`);
}
