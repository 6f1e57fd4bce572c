import { ENTITIES, type Entity } from '../model.js';
import type { LmdbBaseline } from './lmdb-baseline.js';
import type { Head, StoredLoad } from './lmdb-tables.js';
import type { PendingRow } from './store.js';

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

/** Rows as the journal keeps them: what they share is said once. */
export function packRows(rows: readonly PendingRow[]): StoredLoad {
  const packed: { entity: Entity; kind: PendingRow['kind']; keys: string[]; fingerprints: string[] }[] = [];
  for (const { entity, kind, key, fingerprint } of rows) {
    let last = packed.at(-1);
    if (last === undefined || last.entity !== entity || last.kind !== kind)
      packed.push((last = { entity, kind, keys: [], fingerprints: [] }));
    last.keys.push(key);
    last.fingerprints.push(fingerprint);
  }
  return packed;
}

/** The rows that {@link packRows} packed. */
export function unpackRows(load: StoredLoad): PendingRow[] {
  return load.flatMap(({ entity, kind, keys, fingerprints }) =>
    keys.map((key, i) => ({ entity, kind, key, fingerprint: fingerprints[i] as string })),
  );
}
