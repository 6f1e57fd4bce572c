import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { LmdbBaseline } from '../../src/state/lmdb/lmdb-baseline.js';
import { openTables } from '../../src/state/lmdb/lmdb-tables.js';
import { RowFiles } from '../../src/state/lmdb/row-files.js';
import type { PendingRow } from '../../src/state/store.js';

/** The secret of the baseline's hashes and fingerprints. */
export const BARE_KEY = '0'.repeat(32);

/** A baseline of users over tables and files of its own, without the state around it. */
export async function bareBaseline() {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-baseline-'));
  const root = open({ path: join(directory, 'state.mdb'), noSubdir: true, maxDbs: 16 });
  const tables = openTables(root);
  let opened = 0;
  const fresh = () =>
    new LmdbBaseline(tables, 'users', BARE_KEY, new RowFiles(tables, 'users', directory, ++opened));
  const baseline = fresh();
  let counts = { known: 0, unknown: 0, nextRow: 0 };
  const others: LmdbBaseline[] = [];
  return {
    directory,
    baseline,
    root,
    counts: () => counts,
    /** Commits rows through the baseline, or through another that {@link reopened} gave. */
    commit: async (rows: readonly PendingRow[], unknown = false, through = baseline) => {
      await root.transaction(() => void (counts = through.apply(counts, rows, unknown)));
    },
    /** What another process would see. */
    reopened: () => {
      const other = fresh();
      others.push(other);
      return other;
    },
    dispose: async () => {
      for (const each of [baseline, ...others]) each.close();
      await root.close();
      await rm(directory, { recursive: true });
    },
  };
}
