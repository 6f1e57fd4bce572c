import { StateError } from '../../core/errors.js';
import type { Database } from './database.js';

/**
 * The statements that bring the tables of a schema from each version to the next, beginning with an empty schema. Released statements are
 * never changed: a change of the tables is a further entry.
 */
export const MIGRATIONS: readonly string[] = Object.freeze([
  `
  CREATE TABLE states (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    generation bigint NOT NULL DEFAULT 0,
    holder text NOT NULL DEFAULT '',
    fingerprint_key text NOT NULL CHECK (fingerprint_key ~ '^[0-9a-f]{32}$'),
    target text,
    last_triggered_at double precision,
    next_session bigint NOT NULL DEFAULT 1
  );
  CREATE TABLE counts (
    state integer NOT NULL REFERENCES states,
    entity smallint NOT NULL,
    known bigint NOT NULL DEFAULT 0 CHECK (known >= 0),
    unknown bigint NOT NULL DEFAULT 0 CHECK (unknown >= 0),
    PRIMARY KEY (state, entity)
  );
  CREATE TABLE baseline (
    state integer NOT NULL,
    entity smallint NOT NULL,
    id bytea NOT NULL,
    digest bytea CHECK (length(digest) = 16),
    attributes bytea CHECK ((attributes IS NULL) = (digest IS NULL)),
    login bytea,
    member bytea,
    long_key bytea,
    PRIMARY KEY (state, entity, id)
  );
  CREATE INDEX baseline_login ON baseline (state, login) WHERE login IS NOT NULL;
  CREATE INDEX baseline_member ON baseline (state, member) WHERE member IS NOT NULL;
  CREATE TABLE unknown_logins (
    state integer NOT NULL,
    id bytea NOT NULL,
    place integer NOT NULL,
    login bytea NOT NULL,
    PRIMARY KEY (state, id, place)
  );
  CREATE INDEX unknown_logins_login ON unknown_logins (state, login);
  CREATE TABLE sessions (
    state integer NOT NULL REFERENCES states,
    id bigint NOT NULL,
    session_id text,
    phase text NOT NULL,
    started_at double precision NOT NULL,
    seen text NOT NULL,
    triggered_at double precision,
    acknowledged integer NOT NULL DEFAULT 0,
    PRIMARY KEY (state, id)
  );
  CREATE TABLE loads (
    state integer NOT NULL,
    session bigint NOT NULL,
    load integer NOT NULL,
    rows integer NOT NULL,
    has_upserts boolean NOT NULL,
    PRIMARY KEY (state, session, load),
    FOREIGN KEY (state, session) REFERENCES sessions ON DELETE CASCADE
  );
  CREATE TABLE pending (
    state integer NOT NULL,
    session bigint NOT NULL,
    load integer NOT NULL,
    place integer NOT NULL,
    entity smallint NOT NULL,
    id bytea NOT NULL,
    long_key bytea,
    digest bytea CHECK (length(digest) = 16),
    attributes bytea CHECK ((attributes IS NULL) = (digest IS NULL)),
    PRIMARY KEY (state, session, load, place),
    FOREIGN KEY (state, session, load) REFERENCES loads ON DELETE CASCADE
  );
  CREATE TABLE meta (
    state integer NOT NULL REFERENCES states,
    name text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (state, name)
  );
  CREATE TABLE absences (
    state integer NOT NULL REFERENCES states,
    entity smallint NOT NULL,
    id bytea NOT NULL,
    long_key bytea,
    count integer NOT NULL,
    PRIMARY KEY (state, entity, id)
  )`,
  // A cache: rows of queries, and the records that they became.
  `
  CREATE TABLE query_rows (
    state integer NOT NULL REFERENCES states,
    entity smallint NOT NULL,
    id bytea NOT NULL,
    row_digest bytea NOT NULL CHECK (length(row_digest) = 16),
    digest bytea NOT NULL CHECK (length(digest) = 16),
    PRIMARY KEY (state, entity, id)
  )`,
]);

/** The version of the tables of this rollcall. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The version of the tables of a schema; 0 if it has none of them. */
export async function schemaVersion(database: Database): Promise<number> {
  const table = `${database.schema}.version`;
  const { rows } = await database.query('SELECT to_regclass($1) IS NOT NULL AS found', [table]);
  if (rows[0]?.['found'] !== true) return 0;
  const found = await database.query(`SELECT version FROM ${table}`);
  return Number(found.rows[0]?.['version'] ?? 0);
}

/**
 * Creates the tables of a schema, or brings them to the version of this rollcall, in one transaction. Two processes may do it at once.
 *
 * @param migrations - as {@link MIGRATIONS}
 * @returns the version before and after
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_FORMAT` if the tables are of a later version
 */
export async function migrateSchema(
  database: Database,
  migrations: readonly string[] = MIGRATIONS,
): Promise<{ readonly from: number; readonly to: number }> {
  const { schema } = database;
  return database.transaction('BEGIN ISOLATION LEVEL READ COMMITTED', async () => {
    await database.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `rollcall migrate ${schema}`,
    ]);
    const from = await schemaVersion(database);
    if (from > migrations.length) throw laterVersion(database, from, migrations.length);
    if (from === migrations.length) return { from, to: from };
    const { rows } = await database.query('SELECT to_regnamespace($1) IS NOT NULL AS found', [schema]);
    // A role may use a schema that it must not create.
    if (rows[0]?.['found'] !== true) await database.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await database.query(`SET LOCAL search_path = ${schema}`);
    if (from === 0)
      await database.query('CREATE TABLE version (version integer NOT NULL); INSERT INTO version VALUES (0)');
    for (const statements of migrations.slice(from)) await database.query(statements);
    await database.query('UPDATE version SET version = $1', [migrations.length]);
    return { from, to: migrations.length };
  });
}

/**
 * Refuses tables of another version than that of this rollcall.
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_FORMAT`
 */
export function requireVersion(database: Database, version: number): void {
  if (version === SCHEMA_VERSION) return;
  if (version > SCHEMA_VERSION) throw laterVersion(database, version, SCHEMA_VERSION);
  throw format(
    `the tables in ${database.place} have version ${version}, and this rollcall needs version ${SCHEMA_VERSION}: ` +
      'run "rollcall state migrate"',
  );
}

function laterVersion({ place }: Database, version: number, own: number): StateError {
  return format(
    `the tables in ${place} have version ${version}, and this rollcall knows versions up to ${own}: upgrade rollcall`,
  );
}

function format(message: string): StateError {
  return new StateError(message, { code: 'ERR_ROLLCALL_STATE_FORMAT' });
}
