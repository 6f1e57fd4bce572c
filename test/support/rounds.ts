import type { AdoptedRow, Held } from '../../src/state/store.js';
import { confirmed, fingerprint, gone } from './rows.js';

/** Rounds of commits: new rows, changes scattered over all rows, and removals. */
export const ROUNDS = 6;
const NEW_ROWS = 1500;

export function rowsOfRound(round: number): AdoptedRow[] {
  const rows: AdoptedRow[] = [];
  const put = (key: string) =>
    rows.push(confirmed('users', key, fingerprint(`${round}:${key}`, `attributes-${round}`)));
  for (let i = 0; i < NEW_ROWS; i++) put(`r${round}-${i}`);
  for (let before = 0; before < round; before++)
    for (let i = round; i < NEW_ROWS; i += 7)
      if (i % 11 === round) rows.push(gone('users', `r${before}-${i}`));
      else put(`r${before}-${i}`);
  return rows;
}

/** The rows of a state after this many rounds. */
export function heldAfter(rounds: number): Map<string, Held> {
  const rows = new Map<string, Held>();
  for (let round = 0; round < rounds; round++)
    for (const { key, held } of rowsOfRound(round))
      if (held === undefined) rows.delete(key);
      else rows.set(key, held);
  return rows;
}
