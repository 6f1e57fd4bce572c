import type { Change, ChangeKind, Entity, Fingerprint } from '../core/model.js';
import type { DigestTable } from '../fingerprints/digest-table.js';
import type { Journal } from './journal.js';

/** The org and the identity source to which a state belongs. */
export interface Target {
  /** Origin of the org, e.g. `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly identitySourceId: string;
}

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

/**
 * Stores a plan between `diff` and `batch`, on disk if it is larger than a few megabytes. Its content is encrypted with a key
 * that exists only in this process, because it contains profiles. The outbox of a process that crashed is deleted.
 */
export interface Outbox {
  add(changes: readonly Change[]): Promise<void>;
  /** Ends writing. Only then can it be read. */
  seal(): Promise<void>;
  /**
   * The changes of one lane: creations before updates, otherwise mixed, so that every part of the lane has about the same mix of
   * sizes and can be packed well. A lane can be read several times.
   */
  read(lane: Lane): AsyncIterable<readonly Change[]>;
  /** Deletes the content. */
  close(): Promise<void>;
}

/**
 * Keeps texts in order until they are read, on disk if they are larger than a few megabytes. Like those of an {@link Outbox}, they are
 * encrypted with a key that exists only in this process, because they contain profiles.
 */
export interface Spool {
  add(text: string): Promise<void>;
  /** The texts in the order in which they were added. They can be read several times, and not while others are added. */
  read(): AsyncIterable<string>;
  /** Deletes the content. */
  close(): Promise<void>;
}

/** A part of a plan: changes of one entity and kind, which are sent one after another. */
export interface Lane {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** Changes that must come after others of the plan; see {@link Change.dependent}. */
  readonly dependent: boolean;
}

/**
 * The lanes in the order in which they are sent. Access that has ended comes first, so that a leaver waits for one session,
 * however large the plan is. Dependent changes come last, after those for which they wait.
 * @example
 * for (const lane of LANES) console.log(lane);
 */
export const LANES: readonly Lane[] = Object.freeze([
  { entity: 'users', kind: 'delete', dependent: false },
  { entity: 'memberships', kind: 'delete', dependent: false },
  { entity: 'users', kind: 'upsert', dependent: false },
  { entity: 'groups', kind: 'upsert', dependent: false },
  { entity: 'memberships', kind: 'upsert', dependent: false },
  { entity: 'groups', kind: 'delete', dependent: false },
  { entity: 'users', kind: 'upsert', dependent: true },
  { entity: 'memberships', kind: 'upsert', dependent: true },
  { entity: 'memberships', kind: 'delete', dependent: true },
  { entity: 'groups', kind: 'delete', dependent: true },
] as const);

/** The value of a row of the baseline. */
export type Held =
  /** Okta confirmed the record with this fingerprint. */
  | { readonly kind: 'confirmed'; readonly fingerprint: Fingerprint }
  /** The outcome of the last upload is unknown, so it is not known what Okta has. */
  | { readonly kind: 'unknown' };

/**
 * The value of every unknown row.
 * @example
 * await state.adopt([{ entity: 'users', key: '1001', held: UNKNOWN }]);
 */
export const UNKNOWN: Held = Object.freeze({ kind: 'unknown' });

/** One row of the baseline. */
export interface HeldRow {
  readonly entity: Entity;
  readonly key: string;
  readonly held: Held;
  /** Of the row of an unknown user, the fingerprints of the logins that the user may have, in the order in which they were written. */
  readonly logins?: readonly string[] | undefined;
}

/** A row to be written; `held: undefined` removes it. */
export interface AdoptedRow {
  readonly entity: Entity;
  readonly key: string;
  readonly held: Held | undefined;
  /** For an unknown row, the fingerprint of the login that the user may have now. */
  readonly login?: string | undefined;
}

/** The values of a state that an export contains besides its rows. */
export interface StateIdentity {
  readonly fingerprintKey: string;
  readonly target: Target | undefined;
  readonly lastTriggeredAt: number | undefined;
}

/** The name of the value that says when the last read ended that counted the absences of an entity. */
export function countedAtName(entity: Entity): string {
  return `absences-counted-at:${entity}`;
}

/** The name of the value that says since when deletions of an entity are held back. */
export function heldBackSinceName(entity: Entity): string {
  return `held-back-since:${entity}`;
}

/** The name of the value with the number of files of an entity's input at the last complete run. */
export function sourceFilesName(entity: Entity): string {
  return `source-files:${entity}`;
}

/** The name of the value with the numbers of files of the inputs of lookups at the last complete run, as JSON by the names of the lookups. */
export const LOOKUP_FILES = 'lookup-files';
/** The name of the value with the number of records of an entity that a condition left out at the last complete run. */
export function leftOutName(entity: Entity): string {
  return `left-out:${entity}`;
}

/**
 * The name of the meta value with the place to which a state was moved. A state that has such a place must not be read.
 * @example
 * const newPlace = await state.getMeta(MOVED_TO);
 */
export const MOVED_TO = 'moved-to';

/**
 * The value of the meta value `import` while an import is not finished.
 * @example
 * const isHalfImported = (await state.getMeta('import')) === IMPORT_UNFINISHED;
 */
export const IMPORT_UNFINISHED = 'unfinished';

/** The number of rows of an entity. */
export interface EntityCounts {
  /** Confirmed rows. */
  readonly known: number;
  /** Unknown rows: the outcome of their last upload is not known. */
  readonly unknown: number;
}

/**
 * The state of one identity source: the *baseline* (the last state that Okta confirmed, as external ids and keyed fingerprints),
 * the journal of sessions in flight, and the outbox.
 *
 * It has one writer at a time. If another process becomes the writer, every write fails with `ERR_ROLLCALL_STATE_LOST`. Missing
 * values are `undefined`; every failure is a {@link StateError}.
 */
export interface StateStore extends AsyncDisposable {
  /** The key of the fingerprints of this state: 32 hexadecimal characters. */
  readonly fingerprintKey: string;
  readonly journal: Journal;
  /** The target of the state; undefined before its first session. */
  target(): Promise<Target | undefined>;
  /** Sets the target of the state. @throws {@link StateError} `ERR_ROLLCALL_STATE_TARGET` if it has another target */
  bind(target: Target): Promise<void>;
  /**
   * Changes the address of the org, for an org that got another one. The identity source stays the same.
   * @throws {@link StateError} if the state belongs to no org yet
   */
  retarget(orgUrl: string): Promise<void>;
  counts(): Promise<Readonly<Record<Entity, EntityCounts>>>;
  /** Opens a reading. Throws if one is open, if an import was not finished, or if the state was moved to another place. */
  read(): Promise<Reading>;
  /** Opens an empty outbox. */
  outbox(): Promise<Outbox>;
  /** Opens an empty spool, for the records of a delta feed. A store without it has them in memory. */
  spool?(): Promise<Spool>;
  /**
   * Writes rows to the baseline without a session: for `adopt`, which makes a new state for an org that has users already, and
   * for `importState`.
   */
  adopt(rows: readonly AdoptedRow[]): Promise<void>;
  /**
   * All rows of the baseline, each key once, for `exportState` and `verifyState`.
   * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` if a row is damaged
   */
  rows(entity: Entity): AsyncIterable<readonly HeldRow[]>;
  /** By key, the number of complete reads in a row from which an entity was missing. Entities that were present are left out. */
  absences(entity: Entity): Promise<ReadonlyMap<string, number>>;
  /** Replaces the counts that {@link absences} returns. */
  setAbsences(entity: Entity, counts: ReadonlyMap<string, number>): Promise<void>;
  /**
   * Empties the state, its small values too, and sets its identity, for `importState` and `moveState`, which write the rows afterwards.
   * The state counts as unfinished, and `read` throws, until they set the meta value `import` to `''`.
   */
  restore(identity: StateIdentity): Promise<void>;
  /** Small values that are stored with the baseline, such as the watermark of a delta feed. */
  getMeta(name: string): Promise<string | undefined>;
  setMeta(name: string, value: string): Promise<void>;
  /** The names of all small values, in any order. */
  metaNames(): Promise<readonly string[]>;
  /**
   * Waits for writes in progress and closes the state. It may be called again; every other call throws from then on.
   *
   * The states of this package first wait for runs that use them: an `upload` or `sync` that was started and not awaited ends its work
   * before the state is closed. If such a run fails, its error is an unhandled rejection, which Node reports and ends with exit code 1.
   */
  close(): Promise<void>;
}
