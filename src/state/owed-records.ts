import type { Entity } from '../core/model.js';
import type { StateStore } from './store.js';

/** The name of the meta value that contains them. */
export const OWED_RECORDS = 'owed-records';
/** The most records that are remembered. A feed with more of them is read again as a whole. */
export const MOST_OWED = 10_000;

/** A record of a feed that was read, and of which Okta does not have the last change. */
export interface StoredOwed {
  readonly entity: Entity;
  /** Undefined for records that could not be identified: one entry for all of an entity. */
  readonly key?: string | undefined;
  /** The code of the rejection or refusal. */
  readonly code: string;
  /** The watermark from which the feed was read that contained it first; undefined for a feed that was read from its beginning. */
  readonly from?: string | undefined;
  /** When it was owed first, in milliseconds since the epoch. */
  readonly at: number;
  /** When a feed was last read that contained it, or should have. */
  readonly tried: number;
}

/** The owed records of a state, the oldest first. */
export async function loadOwed(state: Pick<StateStore, 'getMeta'>): Promise<readonly StoredOwed[]> {
  const text = await state.getMeta(OWED_RECORDS);
  return text === undefined ? [] : (JSON.parse(text) as readonly StoredOwed[]);
}

/** Replaces the owed records of a state. */
export async function storeOwed(state: StateStore, owed: readonly StoredOwed[]): Promise<void> {
  await state.setMeta(OWED_RECORDS, JSON.stringify(owed));
}

/**
 * The oldest owed record that is due: its part of the feed is read again. The first time is the next run, and then the time since
 * the record was owed first doubles from one time to the next, so that a record that is never mended costs less and less.
 */
export function oldestDue(owed: readonly StoredOwed[], now: number): StoredOwed | undefined {
  return owed.find(({ at, tried }) => now - tried >= tried - at);
}
