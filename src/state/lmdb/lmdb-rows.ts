import { ENTITIES, type Entity } from '../../core/model.js';
import type { LmdbBaseline } from './lmdb-baseline.js';
import type { Head, StoredLoad } from './lmdb-tables.js';
import type { PendingRow } from '../store.js';

/** Makes rows the baseline, or unknown. Runs inside a transaction; answers the counts after it. */
export function applyRows(
  baselines: Readonly<Record<Entity, LmdbBaseline>>,
  before: Head['counts'],
  rows: readonly PendingRow[],
  unknown: boolean,
): Head['counts'] {
  const counts = { ...before };
  for (const entity of ENTITIES) {
    const own = rows.filter((row) => row.entity === entity);
    if (own.length > 0) counts[entity] = baselines[entity].apply(counts[entity], own, unknown);
  }
  return counts;
}

/** Rows as the journal keeps them: what they share is said once, and all fingerprints are one stretch of bytes. */
export function packRows(rows: readonly PendingRow[]): StoredLoad {
  const packed: StoredLoad[number][] = [];
  for (let start = 0; start < rows.length;) {
    const { entity, kind } = rows[start] as PendingRow;
    let end = start + 1;
    while (rows[end]?.entity === entity && rows[end]?.kind === kind) end++;
    const part = rows.slice(start, end);
    packed.push({
      entity,
      kind,
      keys: part.map(({ key }) => key),
      lengths: part.map(({ fingerprint }) => fingerprint.length),
      fingerprints: Buffer.from(part.map(({ fingerprint }) => fingerprint).join(''), 'latin1'),
    });
    start = end;
  }
  return packed;
}

/** The rows that {@link packRows} packed. */
export function unpackRows(load: StoredLoad): PendingRow[] {
  return load.flatMap(({ entity, kind, keys, lengths, fingerprints }) => {
    const all = fingerprints.toString('latin1');
    let at = 0;
    return keys.map((key, i) => {
      const fingerprint = all.slice(at, (at += lengths[i] as number));
      return { entity, kind, key, fingerprint };
    });
  });
}
