import type { IdChange, IdChanges } from '../core/results.js';
import { loginOf } from '../fingerprints/login-fingerprints.js';
import type { Held } from '../state/store.js';

/** Id changes that are named. */
const NAMED = 3;

/**
 * Finds people who come back under another external id: a new record has the login of a user who is missing from the source.
 * Records and missing users may be added in any order.
 */
export class IdChangeFinder implements IdChanges {
  count = 0;
  readonly examples: IdChange[] = [];
  readonly #arrived = new Map<string, string>();
  readonly #missing = new Map<string, string>();

  get hasArrivals(): boolean {
    return this.#arrived.size > 0;
  }

  /** Adds a new record, by the fingerprints of its attributes and its external id. */
  addArrival(attributes: string, externalId: string): void {
    const login = loginOf(attributes);
    if (login === undefined) return;
    this.#arrived.set(login, externalId);
    const before = this.#missing.get(login);
    if (before !== undefined) this.#add(before, externalId);
  }

  /** Adds users who are missing from the source, with their rows of the baseline. */
  addMissing(externalIds: readonly string[], rows: readonly (Held | undefined)[]): void {
    for (const [i, externalId] of externalIds.entries()) {
      const row = rows[i];
      const login = row?.kind === 'confirmed' ? loginOf(row.fingerprint.attributes) : undefined;
      if (login === undefined) continue;
      this.#missing.set(login, externalId);
      const now = this.#arrived.get(login);
      if (now !== undefined) this.#add(externalId, now);
    }
  }

  #add(from: string, to: string): void {
    this.count++;
    if (this.examples.length < NAMED) this.examples.push({ from, to });
  }
}
