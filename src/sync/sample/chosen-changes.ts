import { membershipKey, type ChangeKind, type Entity } from '../../core/model.js';
import type { ChangeOutcome } from '../../core/results.js';

/** A confirmed change, without its profile. */
export interface ChosenChange {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  readonly key: string;
}

/** Chooses some of the confirmed changes of a run, each with the same probability (reservoir sampling). */
export class ChosenChanges {
  /** All confirmed changes so far. */
  confirmed = 0;
  readonly chosen: ChosenChange[] = [];
  readonly #size: number;
  readonly #random: () => number;

  /** @param random - returns numbers from 0 to 1 */
  constructor(size: number, random: () => number) {
    this.#size = size;
    this.#random = random;
  }

  add(outcomes: readonly ChangeOutcome[]): void {
    for (const outcome of outcomes) if (outcome.outcome === 'confirmed') this.#add(outcome);
  }

  #add({ entity, kind, externalId, memberExternalId }: ChangeOutcome): void {
    this.confirmed++;
    const place =
      this.chosen.length < this.#size ? this.chosen.length : Math.floor(this.#random() * this.confirmed);
    if (place >= this.#size) return;
    const key = memberExternalId === undefined ? externalId : membershipKey(externalId, memberExternalId);
    this.chosen[place] = { entity, kind, key };
  }
}
