import { ENTITIES, type Entity } from '../../core/model.js';
import type { SyncReport } from '../../core/results.js';

/** The records and deletions that a run left undone, although it came to its end. */
export interface Undone {
  /** Records that were rejected before sending. */
  readonly rejected: number;
  /** Records that Okta refused. */
  readonly refused: number;
  /** Deletions that are held back, because a record of the source could not be identified. */
  readonly heldBack: number;
  /** Changes that `--only` or `--first` left out. */
  readonly unsent: number;
  /** Records of delta feeds that Okta does not have, also those of earlier runs. */
  readonly owed: number;
}

/** Counts what a run left undone. */
export function undoneOf({ sources, refused, plan, owed }: SyncReport): Undone {
  const sum = (value: (entity: Entity) => number) =>
    ENTITIES.reduce((total, entity) => total + value(entity), 0);
  return {
    rejected: sum((entity) => sources[entity]?.rejected ?? 0),
    refused: refused.length,
    heldBack: sum((entity) => plan.heldBackDeletes[entity]),
    unsent: sum((entity) => sources[entity]?.unsent ?? 0),
    owed: owed.count,
  };
}

/** True if the run left anything undone. */
export function isPartial({ rejected, refused, heldBack, unsent, owed }: Undone): boolean {
  return rejected + refused + heldBack + unsent + owed > 0;
}
