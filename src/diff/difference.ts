import type { KnownAttributes } from '../core/known-attributes.js';
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
  /** The attributes that had a text in the baseline, and have none now. */
  readonly emptied: readonly string[];
}

/** Counts a record that is sent. */
export function countDifference({ change, emptied }: Difference, counts: DiffCounts): void {
  for (const name of emptied) counts.emptied.set(name, 1 + (counts.emptied.get(name) ?? 0));
  if (!change.created) counts.updates++;
  else counts.creates++;
  if (change.isResend) counts.resends++;
}

/** The most ids that the plan names for an attribute. */
const NAMED = 3;

/** Counts the attributes that leave a record, and that Okta may keep because it accepts no null for them. */
export function countUncleared(change: Change, known: KnownAttributes, counts: DiffCounts): void {
  for (const name of known.uncleared(change)) {
    const { records, examples } = counts.uncleared.get(name) ?? { records: 0, examples: [] };
    const ids = examples.length < NAMED ? [...examples, change.key] : examples;
    counts.uncleared.set(name, { records: records + 1, examples: ids });
  }
}
