import type { PendingRow } from '../../src/state/store.js';

/** Rounds of commits: new rows, changes that are scattered over all of them, and removals. */
export const ROUNDS = 8;
const NEW_ROWS = 1500;

export function rowsOfRound(round: number): PendingRow[] {
  const rows: PendingRow[] = [];
  const put = (key: string) =>
    rows.push({
      entity: 'users',
      kind: 'upsert',
      key,
      fingerprint: `${round}:${key}`.padEnd(16, '.') + `prints-${round}`,
    });
  for (let i = 0; i < NEW_ROWS; i++) put(`r${round}-${i}`);
  for (let before = 0; before < round; before++)
    for (let i = round; i < NEW_ROWS; i += 7)
      if (i % 11 === round)
        rows.push({ entity: 'users', kind: 'delete', key: `r${before}-${i}`, fingerprint: '' });
      else put(`r${before}-${i}`);
  return rows;
}

/** What a state holds after so many rounds. */
export function heldAfter(rounds: number): Map<string, string> {
  const held = new Map<string, string>();
  for (let round = 0; round < rounds; round++)
    for (const { kind, key, fingerprint } of rowsOfRound(round))
      if (kind === 'delete') held.delete(key);
      else held.set(key, fingerprint);
  return held;
}
