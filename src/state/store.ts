import type { Change, ChangeKind, Entity } from '../core/model.js';
import type { Held } from './held.js';
import type { Journal } from './journal.js';
import type { Reading } from './reading.js';

export { UNKNOWN, type Held } from './held.js';
export {
  Reference,
  Seen,
  type DifferingRecord,
  type Reading,
  type ReferenceCode,
  type SeenCode,
  type WholeComparison,
} from './reading.js';

/** The org and the identity source to which a state belongs. */
export interface Target {
  /** Origin of the org, e.g. `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly identitySourceId: string;
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
