import { loginOf } from '../fingerprints/login-fingerprints.js';
import type { PendingRow, SessionOutcome } from './journal.js';
import { UNKNOWN, type AdoptedRow } from './store.js';

/** The rows that the baseline gets when a session has ended. A dropped session changes none. */
export function rowsAfter(
  rows: readonly PendingRow[],
  outcome: Exclude<SessionOutcome, 'dropped'>,
): AdoptedRow[] {
  return rows.map((row): AdoptedRow => {
    const { entity, key } = row;
    if (row.kind === 'delete') return { entity, key, held: outcome === 'unknown' ? UNKNOWN : undefined };
    if (outcome === 'unknown')
      return { entity, key, held: UNKNOWN, login: loginOf(row.fingerprint.attributes) };
    return { entity, key, held: { kind: 'confirmed', fingerprint: row.fingerprint } };
  });
}
