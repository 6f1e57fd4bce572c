import { randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '../../core/clock.js';
import { refuseUnknown, requireNumber, requireObject } from '../../core/check-options.js';
import { OptionsError, StateError } from '../../core/errors.js';
import { ENTITIES } from '../../core/model.js';
import { requireUnmoved } from '../checks.js';
import { MOVED_TO, type StateStore } from '../store.js';
import { entityNumber } from './baseline.js';
import type { PostgresPool } from './connection.js';
import { Database, type Place } from './database.js';
import { migrateSchema, requireVersion, schemaVersion } from './migrations.js';
import { PostgresState } from './postgres-state.js';
import { openPool, type PostgresConnectionOptions } from './pool.js';
import { parseStateUrl } from './postgres-url.js';
import { Values } from './values.js';
import { Writer } from './writer.js';

/** Where a state is in a database. */
export interface PostgresSchemaOptions {
  /** The schema of the tables: small letters, digits and `_`. @defaultValue `'rollcall'` */
  readonly schema?: string;
}

/** Options of {@link postgresState}. */
export interface PostgresStateOptions extends PostgresSchemaOptions {
  /**
   * The name of the state, of up to 200 characters. Each identity source has a state of its own, and a schema has any number of them.
   * @defaultValue `'default'`
   */
  readonly name?: string;
  /** @defaultValue the system's clock */
  readonly clock?: Clock;
  /**
   * With `false`, a name without a state is an error (`ERR_ROLLCALL_STATE_MISSING`). With `true`, the state is created, and so are the
   * schema and its tables if there are none.
   * @defaultValue true
   */
  readonly create?: boolean;
  /**
   * Brings tables of an earlier version to the version of this rollcall. With `false`, they are refused.
   * @defaultValue false
   */
  readonly migrate?: boolean;
  /**
   * Opens a state that was moved to another place as well, to export it, or to finish the move. It can still not be read by a run.
   * @defaultValue false
   */
  readonly moved?: boolean;
}

/** Options of {@link openPostgresState}. Those of {@link PostgresStateOptions} have precedence over the parameters of the address. */
export interface OpenPostgresStateOptions extends PostgresStateOptions, PostgresConnectionOptions {}

/** Options of {@link migratePostgresState}; those of the connection are for an address. */
export interface MigratePostgresOptions extends PostgresSchemaOptions, PostgresConnectionOptions {}

/** The version of the tables before and after {@link migratePostgresState}; 0 stands for a schema without them. */
export interface SchemaMigration {
  readonly from: number;
  readonly to: number;
}

const SCHEMA_OPTIONS = ['schema'];
const STATE_OPTIONS = [...SCHEMA_OPTIONS, 'name', 'clock', 'create', 'migrate', 'moved'];
const CONNECTION_OPTIONS = ['connectTimeoutMs', 'driverOptions'];

/**
 * Opens a state in PostgreSQL, or creates it. Its guarantees are those of `openState` with a directory: every write is a transaction
 * that is durable when its promise resolves, and a state has one writer at a time, on any machine. The writer holds an advisory lock on
 * a connection of its own; if that connection ends, every write fails with `ERR_ROLLCALL_STATE_LOST`, and another process may open the
 * state at once.
 *
 * @param pool - a `Pool` of the package `pg` (version 8) with at least four connections, to the primary server. It stays open when the
 * state is closed. A pooler between must give a client the same connection always (session mode).
 * @example
 * const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] });
 * await using state = await postgresState(pool, { name: 'people' });
 * @throws {@link BusyError} if another writer has the state open; {@link StateError} if the server cannot be used (the message contains
 * the SQLSTATE), if there is no state and `create` is false (`ERR_ROLLCALL_STATE_MISSING`), if the tables have another version
 * (`ERR_ROLLCALL_STATE_FORMAT`), or if the state was moved to another place (`ERR_ROLLCALL_STATE_MOVED`). If it throws, nothing stays open.
 */
export async function postgresState(
  pool: PostgresPool,
  options: PostgresStateOptions = {},
): Promise<StateStore> {
  requireObject('pool', pool, ['connect'], 'a pool of the package pg');
  refuseUnknown('postgresState', options, STATE_OPTIONS);
  return open(pool, options, undefined, async () => undefined);
}

/**
 * Opens a state by its address, such as `postgres://user@host:5432/database?schema=rollcall&state=hr`; see {@link postgresState}. The
 * password may also be in the environment variable PGPASSWORD, or in the file that PGPASSFILE names. `openState` takes such an address
 * too. Needs the package `pg`.
 *
 * @example
 * await using state = await openPostgresState('postgres://rollcall@db.example.com/rollcall', { name: 'people' });
 * @throws as {@link postgresState}; {@link OptionsError} for an invalid address
 */
export async function openPostgresState(
  url: string,
  options: OpenPostgresStateOptions = {},
): Promise<StateStore> {
  refuseUnknown('openPostgresState', options, [...STATE_OPTIONS, ...CONNECTION_OPTIONS]);
  const { connectTimeoutMs, driverOptions, ...own } = options;
  const address = parseStateUrl(url);
  const pool = await openPool(address.url, { connectTimeoutMs, driverOptions });
  const named = {
    ...(address.schema !== undefined && { schema: address.schema }),
    ...(address.name !== undefined && { name: address.name }),
    ...own,
  };
  try {
    return await open(pool, named, address.shown, () => pool.end());
  } catch (error) {
    await pool.end().catch(() => undefined);
    throw error;
  }
}

/**
 * Creates the tables of states in a schema, or brings them to the version of this rollcall, in one transaction. Processes that have a
 * state open should be ended before.
 *
 * @param place - a pool of the package `pg`, or an address as for {@link openPostgresState}
 * @example
 * const { from, to } = await migratePostgresState('postgres://rollcall@db.example.com/rollcall');
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_FORMAT` if the tables are of a later version
 */
export async function migratePostgresState(
  place: PostgresPool | string,
  options: MigratePostgresOptions = {},
): Promise<SchemaMigration> {
  refuseUnknown('migratePostgresState', options, [...SCHEMA_OPTIONS, ...CONNECTION_OPTIONS]);
  if (typeof place !== 'string') return migrate(place, placeOf(options.schema, undefined));
  const address = parseStateUrl(place);
  const pool = await openPool(address.url, options);
  try {
    return await migrate(pool, placeOf(options.schema ?? address.schema, address.shown));
  } finally {
    await pool.end();
  }
}

async function migrate(pool: PostgresPool, place: Place): Promise<SchemaMigration> {
  const database = await Database.connect(pool, place);
  try {
    return await migrateSchema(database);
  } finally {
    database.release();
  }
}

async function open(
  pool: PostgresPool,
  options: PostgresStateOptions,
  shown: string | undefined,
  onClose: () => Promise<void>,
): Promise<StateStore> {
  const { name = 'default', clock = systemClock, create = true, moved = false } = options;
  const { migrate: mayMigrate = false } = options;
  const place = placeOf(options.schema, shown);
  if (typeof name !== 'string' || !/^[^\p{Cc}]{1,200}$/u.test(name))
    throw new OptionsError('name', 'expected a text of 1 to 200 characters');
  requireConnections(pool);
  const database = await Database.connect(pool, place);
  try {
    const version = await schemaVersion(database);
    if (version === 0 ? create : mayMigrate) await migrateSchema(database);
    else if (version === 0) throw missing(database, name);
    else requireVersion(database, version);
    const state = await stateNamed(database, name, create);
    const writer = await Writer.acquire(database, pool, { id: state.id, name }, clock);
    if (!moved) requireUnmoved(await new Values(database, state.id).get(MOVED_TO));
    return new PostgresState({ pool, writer, fingerprintKey: await keyOf(database, state.id), onClose });
  } catch (error) {
    database.release(true);
    throw error;
  }
}

/** The place of a schema. @throws {@link OptionsError} for a name that is not a plain one */
function placeOf(schema = 'rollcall', shown: string | undefined): Place {
  if (typeof schema !== 'string' || !/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new OptionsError('schema', 'expected a name of small letters, digits and _');
  return { schema: `"${schema}"`, place: shown ?? `the schema ${schema} of the database` };
}

/** Refuses a pool in which a reading would wait for the connection that the lock has. */
function requireConnections(pool: PostgresPool): void {
  const max = (pool as { options?: { max?: unknown } }).options?.max;
  if (typeof max === 'number') requireNumber('max of the pool', max, { min: 4 });
}

async function stateNamed(database: Database, name: string, create: boolean): Promise<{ id: number }> {
  const table = `${database.schema}.states`;
  const find = async () => {
    const { rows } = await database.query(`SELECT id FROM ${table} WHERE name = $1`, [name]);
    return rows[0] === undefined ? undefined : { id: Number(rows[0]['id']) };
  };
  const found = await find();
  if (found !== undefined) return found;
  if (!create) throw missing(database, name);
  await database.transaction('BEGIN ISOLATION LEVEL READ COMMITTED', async () => {
    const { rows } = await database.query(
      `INSERT INTO ${table} (name, fingerprint_key) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id`,
      [name, randomBytes(16).toString('hex')],
    );
    if (rows.length === 0) return;
    await database.query(
      `INSERT INTO ${database.schema}.counts (state, entity) SELECT $1, unnest($2::smallint[])`,
      [rows[0]?.['id'], ENTITIES.map(entityNumber)],
    );
  });
  return (await find()) ?? Promise.reject(missing(database, name));
}

/** Read after the lock was taken: an import may replace the key. */
async function keyOf(database: Database, state: number): Promise<string> {
  const { rows } = await database.query(
    `SELECT fingerprint_key FROM ${database.schema}.states WHERE id = $1`,
    [state],
  );
  return String(rows[0]?.['fingerprint_key']);
}

function missing({ place }: Database, name: string): StateError {
  return new StateError(`there is no state named ${JSON.stringify(name)} in ${place}`, {
    code: 'ERR_ROLLCALL_STATE_MISSING',
  });
}
