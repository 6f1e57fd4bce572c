import type { PoolClient } from 'pg';
import { afterEach, expect, it } from 'vitest';
import { postgresState } from '../../src/state/postgres/open-postgres-state.js';
import type { StateStore } from '../../src/state/store.js';
import { confirmed, digests, fingerprint } from '../../src/state/contract/rows.js';
import { describeWith, postgres, uniqueName } from './available.js';
import { schemaForTests } from './postgres-store.js';

const service = await postgres();
const schema = uniqueName();
const ROWS = 5000;
const LOGIN = 'ann+login+';

/** What a connection read in its transaction so far: rows of whole tables, and rows by an index. */
async function readBy(client: PoolClient): Promise<{ readonly whole: number; readonly byIndex: number }> {
  const { rows } = await client.query<{ whole: string; index: string }>(
    `SELECT coalesce(sum(seq_tup_read), 0) AS whole, coalesce(sum(idx_tup_fetch), 0) AS index FROM pg_stat_xact_all_tables
     WHERE relname LIKE 'rollcall_seen%' OR schemaname = $1`,
    [schema],
  );
  return { whole: Number(rows[0]?.whole), byIndex: Number(rows[0]?.index) };
}

describeWith(service, 'what the server reads for a comparison', () => {
  const { pool } = schemaForTests(schema);
  const stores: StateStore[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });

  // The server plans each statement once, while the tables are empty.
  it('is the rows of the keys that are compared, and never a whole table, however large it has become', async () => {
    const clients: PoolClient[] = [];
    const own = pool();
    own.on('acquire', (client) => clients.push(client));
    const store = await postgresState(own, { schema, name: 'plans' });
    stores.push(store);
    const keys = Array.from({ length: ROWS }, (_, i) => `user ${i}`);
    const prints = keys.map((key, i) =>
      fingerprint(String(i).padStart(16, '0'), `attributes..${LOGIN}${key}`),
    );
    const useAll = async (first: number, count: number) => {
      const reading = await store.read();
      const client = clients.at(-1) as PoolClient;
      for (let at = first; at < first + count; at += 100) {
        const part = keys.slice(at, at + 100);
        await reading.compare('users', digests(...prints.slice(at, at + 100)), (i) => part[i] as string);
        await reading.refer('users', part);
        await reading.held('users', part);
        await reading.holders([`none ${String(at).padStart(5)}`]);
      }
      const read = await readBy(client);
      await reading.close();
      return read;
    };
    await useAll(0, 100);
    await store.adopt(keys.map((key, i) => confirmed('users', key, prints[i])));
    const { whole, byIndex } = await useAll(0, ROWS);
    expect(whole).toBe(0);
    // Three look-ups in the baseline for each key, and some in the table of those that were seen.
    expect(byIndex).toBeLessThan(8 * ROWS);
    expect(byIndex).toBeGreaterThan(2 * ROWS);
  });
});
