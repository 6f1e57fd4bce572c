import type { IdChange, IdChanges } from '../core/results.js';

/** Id changes that are named. */
const NAMED = 3;

/**
 * Finds people who come back under another external id: a new record has the login of a user who is missing from the source, or who may
 * have it because its row is unknown. All new records are added first.
 */
export class IdChangeFinder implements IdChanges {
  count = 0;
  readonly examples: IdChange[] = [];
  /** The new record that has the login of a user of the baseline, by the id of that user. */
  readonly #arrived = new Map<string, string>();
  /** New records that were counted. */
  readonly #counted = new Set<string>();

  get hasArrivals(): boolean {
    return this.#arrived.size > 0;
  }

  /** Adds a new record. @param holders - the ids of the users of the baseline who have its login, or may have it */
  addArrival(externalId: string, holders: readonly string[]): void {
    for (const holder of holders) this.#arrived.set(holder, externalId);
  }

  /** Adds the ids of users who are missing from the source. */
  addMissing(externalIds: readonly string[]): void {
    for (const externalId of externalIds) {
      const now = this.#arrived.get(externalId);
      if (now !== undefined) this.#add(externalId, now);
    }
  }

  #add(from: string, to: string): void {
    if (this.#counted.has(to)) return;
    this.#counted.add(to);
    this.count++;
    if (this.examples.length < NAMED) this.examples.push({ from, to });
  }
}
