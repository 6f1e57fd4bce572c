import { encodeRow, rowFingerprint, rowNumber, type Head, type Tables } from './lmdb-tables.js';
import type { PendingRow } from './store.js';

/** Makes rows the baseline, or unknown. Runs inside a transaction; answers the counts after it. */
export function applyRows(
  tables: Tables,
  before: Head['counts'],
  rows: readonly PendingRow[],
  unknown: boolean,
): Head['counts'] {
  const counts = structuredClone(before) as {
    -readonly [E in keyof Head['counts']]: { known: number; unknown: number; nextRow: number };
  };
  for (const { entity, kind, key, fingerprint } of rows) {
    const table = tables.rows[entity];
    const count = counts[entity];
    const id = Buffer.from(key, 'utf8');
    const old = table.get(id);
    if (old !== undefined) count[rowFingerprint(old) === '' ? 'unknown' : 'known']--;
    if (kind === 'delete' && !unknown) {
      if (old !== undefined) void table.remove(id);
      continue;
    }
    const number = old === undefined ? count.nextRow++ : rowNumber(old);
    void table.put(id, encodeRow(number, unknown ? '' : fingerprint));
    count[unknown ? 'unknown' : 'known']++;
  }
  return counts;
}
