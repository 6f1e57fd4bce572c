/**
 * The state in PostgreSQL. Needs the package `pg`.
 *
 * @module rollcall/postgres
 * @packageDocumentation
 */
export {
  migratePostgresState,
  openPostgresState,
  postgresState,
  type MigratePostgresOptions,
  type OpenPostgresStateOptions,
  type PostgresSchemaOptions,
  type PostgresStateOptions,
  type SchemaMigration,
} from '../state/postgres/open-postgres-state.js';
export type { PostgresConnectionOptions } from '../state/postgres/pool.js';
export type {
  PostgresConnection,
  PostgresPool,
  PostgresQuery,
  PostgresResult,
} from '../state/postgres/connection.js';
export { diffQuery, type DiffQueryOptions } from '../sources/database/diff-query.js';
