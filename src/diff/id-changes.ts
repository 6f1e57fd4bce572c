import type { IdChange, IdChanges } from '../core/results.js';
import { onlyDifferences } from './similar-ids.js';

/** Id changes that are named. */
const NAMED = 3;

/**
 * Finds people who come back under another external id: a new record has the login of a user who is missing from the source, or who may
 * have it because its row is unknown; or its id is that of such a user in the form NFC of Unicode. All new records are added first.
 */
export class IdChangeFinder implements IdChanges {
  count = 0;
  readonly examples: IdChange[] = [];
  /** The new record that has the login of a user of the baseline, by the id of that user. */
  readonly #arrived = new Map<string, string>();
  /** Ids of new records that have another form of Unicode. */
  readonly #composed = new Set<string>();
  /** New records that were counted. */
  readonly #counted = new Set<string>();

  get hasArrivals(): boolean {
    return this.#arrived.size + this.#composed.size > 0;
  }

  /** Adds a new record. @param holders - the ids of the users of the baseline who have its login, or may have it */
  addArrival(externalId: string, holders: readonly string[]): void {
    for (const holder of holders) this.#arrived.set(holder, externalId);
    if (externalId !== externalId.normalize('NFD')) this.#composed.add(externalId);
  }

  /** Adds the ids of users who are missing from the source. */
  addMissing(externalIds: readonly string[]): void {
    for (const externalId of externalIds) {
      const now = this.#arrived.get(externalId) ?? this.#composedFrom(externalId);
      if (now !== undefined) this.#add(externalId, now);
    }
  }

  #composedFrom(externalId: string): string | undefined {
    const composed = externalId.normalize('NFC');
    return composed !== externalId && this.#composed.has(composed) ? composed : undefined;
  }

  #add(from: string, to: string): void {
    if (this.#counted.has(to)) return;
    this.#counted.add(to);
    this.count++;
    if (this.examples.length >= NAMED) return;
    const onlyIn = onlyDifferences(from, to);
    this.examples.push({ from, to, ...(onlyIn !== undefined && { onlyIn }) });
  }
}
