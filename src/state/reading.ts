import type { Entity } from '../core/model.js';
import type { DigestTable } from '../fingerprints/digest-table.js';
import type { Held } from './held.js';

/**
 * The result of comparing a record with the baseline.
 * @example
 * const isUnchanged = (seen: SeenCode) => seen === Seen.SAME;
 */
export const Seen = Object.freeze({
  /** The baseline has no row for the key. */
  NEW: 0,
  /** The row is confirmed, and its digest is equal. */
  SAME: 1,
  /** The row is confirmed, and its digest differs. */
  CHANGED: 2,
  /** The key was compared before in this reading. */
  DUPLICATE: 3,
  /** The row is unknown: the record is sent again. */
  UNKNOWN: 4,
});
/** One of the values of {@link Seen}. */
export type SeenCode = (typeof Seen)[keyof typeof Seen];

/**
 * A record of a {@link WholeComparison} that is not SAME.
 * @example
 * const isNew = ({ code }: DifferingRecord) => code === Seen.NEW;
 */
export interface DifferingRecord {
  /** Its place among all records that were added, from 0. */
  readonly place: number;
  readonly code: SeenCode;
}

/**
 * A comparison of all records of an entity at once; see {@link Reading.compareAll}.
 * @example
 * async function codesOf(whole: WholeComparison, digests: Uint32Array, keys: readonly string[]) {
 *   await whole.add(digests, (place) => keys[place] ?? '');
 *   for await (const records of whole.end()) for (const { place, code } of records) console.log(keys[place], code);
 * }
 */
export interface WholeComparison {
  /** Adds the next records. Their digests may be overwritten when the promise resolves. */
  add(digests: Uint32Array, keyAt: (place: number) => string): Promise<void>;
  /**
   * Compares all records that were added, marks them as seen, and returns those that are not SAME, in the order in which they were added.
   * Called once. Before it is read, nothing counts as seen, and what depends on it (`missing`, `refer`) fails.
   */
  end(): AsyncIterable<readonly DifferingRecord[]>;
}

/**
 * The result of looking up a user or group to which a membership refers.
 * @example
 * const isHeld = (reference: ReferenceCode) => reference === Reference.HELD;
 */
export const Reference = Object.freeze({
  /** It is not in Okta and not in the source (a rejected record does not count), or this run removes it. */
  ABSENT: 0,
  /** Its row is confirmed, and this run does not remove it. */
  HELD: 1,
  /** This run sends it: it is new, or its row is unknown. */
  NEW: 2,
});
/** One of the values of {@link Reference}. */
export type ReferenceCode = (typeof Reference)[keyof typeof Reference];

/**
 * A comparison of a source with the baseline. It reads the baseline as it was when the reading was opened, and writes nothing.
 * Its functions receive many keys at once, so that a database can use a join. A state has one open reading at a time.
 */
export interface Reading {
  /**
   * Compares records by their digests, four words each, and marks them as seen. Returns a {@link SeenCode} for each, in order.
   *
   * A digest covers the key, so different keys have different digests, and a store needs the keys of few records. A key that was
   * compared before (in this call or in an earlier one) is DUPLICATE; a key that was only passed to {@link keep} is not.
   *
   * @param keyAt - returns the key of a record, by its index
   */
  compare(entity: Entity, digests: Uint32Array, keyAt: (place: number) => string): Promise<Uint8Array>;
  /**
   * Begins to compare all records of an entity at once, instead of with {@link compare}: for a database, in which one join takes a small
   * part of the time of many look-ups. The codes are the same. `diff` has the records in a spool until it knows which of them differ.
   * At most once for an entity in a reading, and only if none of its records was compared.
   *
   * Undefined, or left out, if records are compared as fast one by one.
   */
  compareAll?(entity: Entity): WholeComparison | undefined;
  /** The rows of these keys, in order; undefined for a key without a row. */
  held(entity: Entity, keys: readonly string[]): Promise<readonly (Held | undefined)[]>;
  /**
   * Returns a function that loads the digests of all confirmed rows into memory. A screen looks up rows in this table, and marks
   * them as compared. Undefined if there are no confirmed rows, or if the store compares in another place.
   */
  digests(entity: Entity): (() => DigestTable) | undefined;
  /** Marks keys as present in the source without comparing them, such as those of rejected records. Keys may come twice. */
  keep(entity: Entity, keys: readonly string[]): Promise<void>;
  /** Marks the source of this entity as read to its end. From then on, keys that were not seen are ABSENT in {@link refer}. */
  complete(entity: Entity): void;
  /** True after {@link complete} was called for the entity. */
  isComplete(entity: Entity): boolean;
  /** A {@link ReferenceCode} for each of these users or groups, to which memberships refer. */
  refer(entity: Entity, keys: readonly string[]): Promise<Uint8Array>;
  /**
   * The users in the baseline who may have each of these logins, in order: a confirmed row has one login, and an unknown row each one
   * that it had before or may have now. Nearly always nobody or one user; in the order of the keys if there are several.
   *
   * @param logins - fingerprints of logins; see `fingerprints/login-fingerprints`
   */
  holders(logins: readonly string[]): Promise<readonly (readonly string[])[]>;
  /** The keys of all rows (also unknown ones) that were not seen, in chunks of some thousands. */
  missing(entity: Entity): AsyncIterable<readonly string[]>;
  /** Ends the reading and frees its memory. */
  close(): Promise<void>;
}
