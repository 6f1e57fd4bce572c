import { UNKNOWN, type AdoptedRow, type PendingRow, type SessionOutcome } from './store.js';

/** The rows that the baseline gets when a session has ended. A dropped session changes none. */
export function rowsAfter(
  rows: readonly PendingRow[],
  outcome: Exclude<SessionOutcome, 'dropped'>,
): AdoptedRow[] {
  return rows.map((row): AdoptedRow => {
    const { entity, key } = row;
    if (outcome === 'unknown') return { entity, key, held: UNKNOWN };
    if (row.kind === 'delete') return { entity, key, held: undefined };
    return { entity, key, held: { kind: 'confirmed', fingerprint: row.fingerprint } };
  });
}
