import pg from 'pg';
import { expect, it } from 'vitest';
import type {
  PostgresConnection,
  PostgresPool,
  PostgresQuery,
  PostgresResult,
} from '../../src/state/postgres/connection.js';
import { Database } from '../../src/state/postgres/database.js';
import { MIGRATIONS, migrateSchema, SCHEMA_VERSION } from '../../src/state/postgres/migrations.js';
import { migratePostgresState, postgresState } from '../../src/state/postgres/open-postgres-state.js';
import { describeWith, POSTGRES, postgres, uniqueName } from './available.js';
import { schemaForTests } from './postgres-store.js';

const service = await postgres();
const schema = uniqueName();

/**
 * A pooler that gives each transaction another connection, as PgBouncer does with `pool_mode=transaction`: a client has a connection of
 * the server only from BEGIN to COMMIT or ROLLBACK, or for one statement.
 */
function transactionPooler(server: pg.Pool): PostgresPool {
  const connect = async (): Promise<PostgresConnection> => {
    let held: pg.PoolClient | undefined;
    const query = async (sent: string | PostgresQuery): Promise<PostgresResult> => {
      const text = typeof sent === 'string' ? sent : sent.text;
      const isFirst = held === undefined;
      const client = (held ??= await server.connect());
      const stays = isFirst ? text.startsWith('BEGIN') : !/^(COMMIT|ROLLBACK)/.test(text);
      try {
        return await client.query(sent as string);
      } finally {
        if (!stays) {
          held = undefined;
          client.release();
        }
      }
    };
    const ignored = () => undefined;
    return { query, on: ignored, removeListener: ignored, release: ignored };
  };
  return { connect };
}

describeWith(service, 'a server or a schema that cannot hold a state in PostgreSQL', () => {
  const { admin, pool } = schemaForTests(schema);

  it('is a pooler that gives each transaction another connection, whatever the connections it has', async () => {
    for (const max of [1, 2, 4]) {
      const server = new pg.Pool({ ...POSTGRES, max });
      const refused = postgresState(transactionPooler(server), { schema, name: `pooled ${max}` });
      await expect(refused).rejects.toMatchObject({
        code: 'ERR_ROLLCALL_STATE',
        message: expect.stringContaining('pooler') as string,
      });
      await server.end();
    }
  });

  it('is one that only reads, and the error names what could not be written', async () => {
    const reading = pool({ options: '-c default_transaction_read_only=on' });
    await expect(postgresState(reading, { schema, name: 'reading' })).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
      message: expect.stringContaining('25006') as string,
    });
  });

  it('has tables of a later version, which are refused', async () => {
    await admin.query(`UPDATE ${schema}.version SET version = ${SCHEMA_VERSION + 1}`);
    try {
      const later = { code: 'ERR_ROLLCALL_STATE_FORMAT' };
      await expect(postgresState(pool(), { schema, name: 'later' })).rejects.toMatchObject(later);
      await expect(postgresState(pool(), { schema, name: 'later', migrate: true })).rejects.toMatchObject(
        later,
      );
      await expect(migratePostgresState(pool(), { schema })).rejects.toMatchObject(later);
    } finally {
      await admin.query(`UPDATE ${schema}.version SET version = ${SCHEMA_VERSION}`);
    }
  });

  it('has tables of an earlier version, which are migrated once, and as a whole or not at all', async () => {
    const database = await Database.connect(pool(), { schema: `"${schema}"`, place: 'the test' });
    const next = [...MIGRATIONS, 'CREATE TABLE one_more (id integer)'];
    expect(await migrateSchema(database, next)).toEqual({ from: SCHEMA_VERSION, to: SCHEMA_VERSION + 1 });
    expect(await migrateSchema(database, next)).toEqual({ from: SCHEMA_VERSION + 1, to: SCHEMA_VERSION + 1 });
    const broken = [...next, 'CREATE TABLE another (id integer); CREATE TABLE one_more (id integer)'];
    await expect(migrateSchema(database, broken)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    const { rows } = await admin.query(
      `SELECT version, to_regclass('${schema}.another') AS another FROM ${schema}.version`,
    );
    expect(rows).toEqual([{ version: SCHEMA_VERSION + 1, another: null }]);
    database.release();
    await admin.query(`UPDATE ${schema}.version SET version = ${SCHEMA_VERSION}`);
  });

  it('ends a write that waits too long, of which nothing is written, and the next one works', async () => {
    const store = await postgresState(pool({ options: '-c statement_timeout=300' }), {
      schema,
      name: 'slow',
    });
    await store.setMeta('a', '1');
    await admin.query('BEGIN');
    await admin.query(`SELECT FROM ${schema}.states WHERE name = 'slow' FOR UPDATE`);
    await expect(store.setMeta('a', '2')).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
      message: expect.stringContaining('57014') as string,
    });
    await admin.query('ROLLBACK');
    expect(await store.getMeta('a')).toBe('1');
    await store.setMeta('a', '3');
    expect(await store.getMeta('a')).toBe('3');
    await store.close();
  });
});
