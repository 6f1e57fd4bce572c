import type { Change } from '../core/model.js';
import type { Held } from '../state/store.js';
import type { DiffCounts } from './diff-counts.js';
import type { Place } from './place-table.js';

/** A record that differs from the baseline, before it is known whether it is sent. */
export interface Difference {
  readonly change: Change;
  readonly place: Place;
  /** The row of the baseline; undefined if there is none, and for a membership. */
  readonly before: Held | undefined;
  /** True if the row is unknown: the record was sent before. */
  readonly isResend: boolean;
}

/** Counts a record that is sent. */
export function countDifference({ change, isResend }: Difference, counts: DiffCounts): void {
  if (!change.created) counts.updates++;
  else counts.creates++;
  if (isResend) counts.resends++;
}
