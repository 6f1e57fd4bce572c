import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Side, World } from '../case.js';
import { cacheDirectory, peopleFile, type Day } from '../data/files.js';
import { COLUMNS } from '../data/people.js';
import { ChangeDigest } from '../support/change-digest.js';
import { ATTRIBUTES } from '../support/pipeline.js';
import { copyFileSync } from 'node:fs';

/** DuckDB's threads: the cores of the reference machine. */
const THREADS = 2;
const ITEMS_PER_BODY = 200;

/** How DuckDB fingerprints a row: 128 bits that stand for a keyed fingerprint, or its own much cheaper 64-bit hash. */
const HASHES = {
  md5: (text: string) => `md5_number('bench-key' || ${text})`,
  hash: (text: string) => `hash(${text})`,
} as const;
export type DuckHash = keyof typeof HASHES;

async function connect(path: string): Promise<{ connection: DuckDBConnection; readonly close: () => void }> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(path, { threads: String(THREADS) });
  const connection = await instance.connect();
  return {
    connection,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

const cells = COLUMNS.filter((column) => column !== 'employee_id');

function rowsOf(file: string, hash: DuckHash): string {
  const text = `concat_ws(chr(31), ${cells.join(', ')})`;
  const types = COLUMNS.map((column) => `'${column}': 'VARCHAR'`).join(', ');
  const read = `read_csv('${file}', header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', columns = {${types}})`;
  return `(SELECT *, ${HASHES[hash](text)} AS h FROM ${read})`;
}

const ITEM = `json_object('externalId', id, 'profile', json_object(${Object.entries(ATTRIBUTES)
  .map(([attribute, column]) => `'${attribute}', ${column}`)
  .join(', ')}))`;

/** A database whose table `baseline` holds the ids and fingerprints of the first day. */
export async function duckState({ size }: World, hash: DuckHash): Promise<string> {
  const path = join(cacheDirectory(), `duckdb-${hash}-${size}.db`);
  if (existsSync(path)) return path;
  const partial = `${path}.${process.pid}`;
  const { connection, close } = await connect(partial);
  const first = rowsOf(peopleFile('first', 'csv', size), hash);
  await connection.run(`CREATE TABLE baseline AS SELECT employee_id AS id, h FROM ${first}`);
  await connection.run('CHECKPOINT');
  close();
  renameSync(partial, path);
  return path;
}

/** DuckDB doing the whole job in SQL: differences against its own table, bodies of 200, the table brought up to date. */
export function duckdb(day: Day, hash: DuckHash = 'md5'): Side {
  return {
    name: hash === 'md5' ? 'DuckDB, whole job, 2 threads' : 'DuckDB, whole job, its 64-bit hash',
    async load(world) {
      const state = join(world.work, 'baseline.db');
      copyFileSync(await duckState(world, hash), state);
      const file = peopleFile(day, 'csv', world.size);
      await import('@duckdb/node-api');
      return async () => {
        const { connection, close } = await connect(state);
        await connection.run(
          `CREATE TEMP TABLE changes AS
             SELECT coalesce(t.employee_id, b.id) AS id, t.employee_id IS NULL AS gone, b.id IS NULL AS created,
               t.* EXCLUDE (employee_id)
             FROM ${rowsOf(file, hash)} t FULL OUTER JOIN baseline b ON b.id = t.employee_id
             WHERE t.h IS DISTINCT FROM b.h`,
        );
        const counted = await connection.runAndReadAll(
          `SELECT count(*) FILTER (created), count(*) FILTER (NOT created AND NOT gone), count(*) FILTER (gone)
           FROM changes`,
        );
        const [creates, updates, deletes] = (counted.getRows()[0] as bigint[]).map(Number) as [
          number,
          number,
          number,
        ];
        const digest = world.check ? new ChangeDigest() : undefined;
        let bodyBytes = 0;
        let requests = 0;
        for (const [kind, item, where] of [
          ['upsert', ITEM, 'NOT gone'],
          ['delete', `json_object('externalId', id)`, 'gone'],
        ] as const) {
          const bodies = await connection.runAndReadAll(
            `SELECT '{"entityType":"USERS","profiles":[' || string_agg(item, ',') || ']}' FROM
               (SELECT ${item}::VARCHAR AS item, (row_number() OVER () - 1) // ${ITEMS_PER_BODY} AS body
                FROM changes WHERE ${where}) GROUP BY body`,
          );
          for (const [body] of bodies.getRows() as [string][]) {
            requests++;
            bodyBytes += body.length;
            digest?.addBody(kind, body);
          }
        }
        await connection.run(
          `BEGIN; DELETE FROM baseline USING changes WHERE baseline.id = changes.id;
           INSERT INTO baseline SELECT id, h FROM changes WHERE NOT gone; COMMIT; CHECKPOINT`,
        );
        close();
        return {
          counts: { creates, updates, deletes },
          digest: digest?.toString(),
          measures: { requests, bodyBytes },
        };
      };
    },
  };
}

/** DuckDB's bare join of two files: yesterday's and today's, every column, and only counts come out. */
export function duckdbJoin(day: Day): Side {
  return {
    name: "DuckDB's bare join of two files",
    async load(world) {
      const files = [peopleFile('first', 'csv', world.size), peopleFile(day, 'csv', world.size)] as const;
      await import('@duckdb/node-api');
      return async () => {
        const { connection, close } = await connect(':memory:');
        const counted = await connection.runAndReadAll(
          `SELECT count(*) FILTER (b.employee_id IS NULL),
             count(*) FILTER (t.h IS DISTINCT FROM b.h AND t.employee_id IS NOT NULL AND b.employee_id IS NOT NULL),
             count(*) FILTER (t.employee_id IS NULL)
           FROM ${rowsOf(files[1], 'hash')} t FULL OUTER JOIN ${rowsOf(files[0], 'hash')} b USING (employee_id)`,
        );
        close();
        const [creates, updates, deletes] = (counted.getRows()[0] as bigint[]).map(Number) as [
          number,
          number,
          number,
        ];
        return { counts: { creates, updates, deletes } };
      };
    },
  };
}
