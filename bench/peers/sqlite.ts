import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { Side, World } from '../case.js';
import { cacheDirectory, peopleFile, type Day } from '../data/files.js';
import { COLUMNS, type PersonRow } from '../data/people.js';
import { ChangeDigest } from '../support/change-digest.js';
import { bodiesOf } from '../support/bodies.js';
import { toRecord } from '../support/pipeline.js';
import { eachCsvRow } from './udsv.js';

function fingerprint(cells: readonly string[]): string {
  return hash('sha256', `bench-key${cells.join('\u001f')}`, 'base64').slice(0, 22);
}

/** A database that holds the ids and fingerprints of the first day. */
export async function sqliteState({ size }: World): Promise<string> {
  const path = join(cacheDirectory(), `sqlite-${size}.db`);
  if (existsSync(path)) return path;
  const { Database } = (await import('node-sqlite3-wasm')).default;
  const partial = `${path}.${process.pid}`;
  const database = new Database(partial);
  database.exec(
    'CREATE TABLE baseline (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, h TEXT NOT NULL); BEGIN',
  );
  const insert = database.prepare('INSERT INTO baseline (id, h) VALUES (?, ?)');
  await eachCsvRow(peopleFile('first', 'csv', size), (cells) => {
    insert.run([cells[0] as string, fingerprint(cells)]);
  });
  insert.finalize();
  database.exec('COMMIT');
  database.close();
  renameSync(partial, path);
  return path;
}

/** SQLite doing the whole job: a look-up for each row, what was not seen removed, bodies, one transaction. */
export function sqlite(day: Day): Side {
  return {
    name: 'SQLite (WASM) with uDSV, whole job',
    async load(world) {
      const path = join(world.work, 'sqlite.db');
      copyFileSync(await sqliteState(world), path);
      const file = peopleFile(day, 'csv', world.size);
      const { Database } = (await import('node-sqlite3-wasm')).default;
      return async () => {
        const database = new Database(path);
        // One transaction over all: outside of one, every look-up takes and checks the file's lock anew.
        database.exec('PRAGMA cache_size = -65536; BEGIN');
        const find = database.prepare('SELECT row, h FROM baseline WHERE id = ?');
        const { last } = database.get('SELECT max(row) AS last FROM baseline') as unknown as { last: number };
        const seen = new Uint8Array(last + 1);
        const counts = { creates: 0, updates: 0, deletes: 0 };
        const changed: { cells: readonly string[]; h: string; created: boolean }[] = [];
        await eachCsvRow(file, (cells) => {
          const h = fingerprint(cells);
          const held = find.get([cells[0] as string]) as unknown as { row: number; h: string } | null;
          if (held) seen[held.row] = 1;
          if (held?.h === h) return;
          counts[held ? 'updates' : 'creates']++;
          changed.push({ cells, h, created: !held });
        });
        const gone: string[] = [];
        for (const { row, id } of database.all('SELECT row, id FROM baseline') as unknown as {
          row: number;
          id: string;
        }[])
          if (seen[row] === 0) gone.push(id);
        counts.deletes = gone.length;
        const digest = world.check ? new ChangeDigest() : undefined;
        const upserts = changed.map(({ cells }) => toRecord(rowOf(cells)));
        let bodyBytes = 0;
        for (const [kind, items] of [
          ['upsert', upserts],
          ['delete', gone.map((externalId) => ({ externalId }))],
        ] as const)
          for (const body of bodiesOf(items)) {
            bodyBytes += body.length;
            digest?.addBody(kind, body);
          }
        const upsert = database.prepare(
          'INSERT INTO baseline (id, h) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET h = excluded.h',
        );
        for (const { cells, h } of changed) upsert.run([cells[0] as string, h]);
        const remove = database.prepare('DELETE FROM baseline WHERE id = ?');
        for (const id of gone) remove.run([id]);
        for (const statement of [find, upsert, remove]) statement.finalize();
        database.exec('COMMIT');
        database.close();
        return { counts, digest: digest?.toString(), measures: { bodyBytes } };
      };
    },
  };
}

/** Cells in the order of the columns, as a row. */
export function rowOf(cells: readonly string[]): PersonRow {
  return Object.fromEntries(COLUMNS.map((column, i) => [column, cells[i]])) as unknown as PersonRow;
}
