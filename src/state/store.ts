import type { Change, ChangeKind, Entity, Fingerprint } from '../core/model.js';
import type { DigestTable } from '../fingerprints/digest-table.js';

/** The org and identity source that a state belongs to. */
export interface Target {
  /** Origin of the org, e.g. `https://example.okta.com`. */
  readonly orgUrl: string;
  readonly identitySourceId: string;
}

/** What a state says of one record of the source. */
export const Seen = Object.freeze({
  /** Okta is not known to hold it: it is not in the baseline, or is there as unknown. */
  NEW: 0,
  /** Okta was confirmed to hold exactly this. */
  SAME: 1,
  /** Okta was confirmed to hold something else. */
  CHANGED: 2,
  /** The key was already seen in this reading. */
  DUPLICATE: 3,
});
/** One of the values of {@link Seen}. */
export type SeenCode = (typeof Seen)[keyof typeof Seen];

/** What a state knows of an entity that something refers to. */
export const Reference = Object.freeze({
  /** Not known to be held by Okta and not in this reading (a rejected record is not), or about to be removed. */
  ABSENT: 0,
  /** Okta was confirmed to hold it, and it stays. */
  HELD: 1,
  /** This reading sends it: it is new, or it is not known whether Okta holds it. */
  NEW: 2,
});
/** One of the values of {@link Reference}. */
export type ReferenceCode = (typeof Reference)[keyof typeof Reference];

/**
 * One comparison of a source with the baseline. It reads the baseline as it was when it was opened and writes
 * nothing; it is asked in sets, so that a database can answer with a join. One reading is open at a time.
 */
export interface Reading {
  /**
   * Compares records by their digests, four words each, and marks them as seen. `keyAt` answers the key of one of them by
   * its place; a digest covers its key, so that no two keys share one, and most keys are never asked for.
   *
   * Answers a {@link SeenCode} for each, in order. A key that was compared before (in this call or in an earlier one) is
   * DUPLICATE; one that was only kept is not, so that chunk borders make no difference.
   */
  compare(entity: Entity, digests: Uint32Array, keyAt: (place: number) => string): Promise<Uint8Array>;
  /** What the baseline says of these keys; undefined for a key that it has no row for. */
  held(entity: Entity, keys: readonly string[]): Promise<readonly (Held | undefined)[]>;
  /**
   * Loads the digests of all confirmed rows into memory, in which a screen may look rows up and mark them as compared;
   * undefined where there are none, or the store compares elsewhere.
   */
  digests(entity: Entity): (() => DigestTable) | undefined;
  /** Marks keys as present in the source without comparing them: rejected records. A key that is kept twice is no fault. */
  keep(entity: Entity, keys: readonly string[]): Promise<void>;
  /** Says that the reading of this entity is complete: what was not seen counts as absent in {@link refer}. */
  complete(entity: Entity): void;
  /** True once {@link complete} was called for the entity. */
  isComplete(entity: Entity): boolean;
  /** A {@link ReferenceCode} for each key of another entity (users, groups) that memberships refer to. */
  refer(entity: Entity, keys: readonly string[]): Promise<Uint8Array>;
  /** The keys of the baseline (the unknown ones included) that were not seen, some thousands at a time. */
  missing(entity: Entity): AsyncIterable<readonly string[]>;
  /** Ends the reading and frees what it holds. */
  close(): Promise<void>;
}

/**
 * Where a plan waits between `diff` and `batch`, on disk once it outgrows a few megabytes. It is disposable:
 * its content is encrypted with a key that exists only in this process, and what a crashed process left is dropped.
 */
export interface Outbox {
  add(changes: readonly Change[]): Promise<void>;
  /** Ends the writing. */
  seal(): Promise<void>;
  /**
   * The changes of one lane: creations before updates, sizes mixed evenly over the lane, so that a small window
   * of it looks like the whole and packs well. May be asked more than once.
   */
  read(lane: Lane): AsyncIterable<readonly Change[]>;
  /** Drops the content. */
  close(): Promise<void>;
}

/** The part of a plan that is sent as one stretch of requests. */
export interface Lane {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** Memberships that wait for entities created in the same run; see {@link Change.dependent}. */
  readonly dependent: boolean;
}

/** The lanes in the order in which they are sent. Dependent memberships come last, after all that they could wait for. */
export const LANES: readonly Lane[] = Object.freeze([
  { entity: 'users', kind: 'upsert', dependent: false },
  { entity: 'groups', kind: 'upsert', dependent: false },
  { entity: 'memberships', kind: 'upsert', dependent: false },
  { entity: 'memberships', kind: 'delete', dependent: false },
  { entity: 'groups', kind: 'delete', dependent: false },
  { entity: 'users', kind: 'delete', dependent: false },
  { entity: 'memberships', kind: 'upsert', dependent: true },
] as const);

/** What the baseline says of one row. */
export type Held =
  /** Okta confirmed that it holds the record of this fingerprint. */
  | { readonly kind: 'confirmed'; readonly fingerprint: Fingerprint }
  /** It was sent in a session whose outcome could not be learned. */
  | { readonly kind: 'unknown' };

/** That of any row of which it is not known what Okta holds. */
export const UNKNOWN: Held = Object.freeze({ kind: 'unknown' });

/** One row of the baseline. */
export interface HeldRow {
  readonly entity: Entity;
  readonly key: string;
  readonly held: Held;
}

/** A row as it is to be from now on; `held: undefined` removes it. */
export interface AdoptedRow {
  readonly entity: Entity;
  readonly key: string;
  readonly held: Held | undefined;
}

/** One change of a session in flight, as the journal keeps it: no profile, only what the baseline will say. */
export type PendingRow =
  | {
      readonly entity: Entity;
      readonly kind: 'upsert';
      readonly key: string;
      readonly fingerprint: Fingerprint;
    }
  | { readonly entity: Entity; readonly kind: 'delete'; readonly key: string };

/** How far a journaled session is known to have come. */
export type JournalPhase =
  /** `createSession` is about to be called; `sessionId` is not known yet. */
  | 'creating'
  /** It exists and takes loads. */
  | 'loading'
  /** `startImport` is about to be called, or was; every load was acknowledged. */
  | 'triggering'
  /** `startImport` was acknowledged. */
  | 'triggered'
  /** `deleteSession` is about to be called; its loads count as dropped once it is CLOSED. */
  | 'cancelling';

/** A session in flight, as the journal knows it. */
export interface JournaledSession {
  /** The journal's own number of it, rising. */
  readonly id: number;
  readonly sessionId: string | undefined;
  readonly phase: JournalPhase;
  /** When its creation was attempted, in milliseconds of the server's clock, as far as it is known. */
  readonly startedAt: number;
  /** Ids of the sessions that Okta showed before its creation: none of them is this one. */
  readonly seen: readonly string[];
  /** When it was triggered; undefined before. */
  readonly triggeredAt: number | undefined;
  /** Loads whose request was about to be sent, or was. */
  readonly loads: number;
  /** Loads that Okta acknowledged. */
  readonly acknowledged: number;
  /** Rows of all its loads. */
  readonly rows: number;
  /** True when any of its rows is an upsert. */
  readonly hasUpserts: boolean;
}

/** What became of a journaled session. */
export type SessionOutcome =
  /** Okta reported COMPLETED, or its deletes matched nothing: its rows become the baseline. */
  | 'completed'
  /** It was cancelled or never existed: the baseline stays as it is. */
  | 'dropped'
  /** It may have been applied, whole or in part: its rows become unknown, and are sent again at the next run. */
  | 'unknown';

/**
 * The write-ahead journal of sessions. Each call is durable, power loss included, when its promise resolves. A call may come
 * before the one before it has resolved: calls take effect, and become durable, in the order in which they are made.
 */
export interface Journal {
  /** The sessions in flight, oldest first. */
  open(): Promise<readonly JournaledSession[]>;
  /** Before `createSession`, with the ids of the sessions that Okta shows. Answers the journal's number for it. */
  creating(now: number, seen?: readonly string[]): Promise<number>;
  /** After `createSession`. */
  created(id: number, sessionId: string): Promise<void>;
  /** Before a load is sent, with every row it carries. */
  loading(id: number, rows: readonly PendingRow[]): Promise<void>;
  /** After the last load given to {@link loading} was acknowledged. */
  loaded(id: number): Promise<void>;
  /** After the last load given to {@link loading} was refused: nothing of it was loaded. */
  refused(id: number): Promise<void>;
  triggering(id: number): Promise<void>;
  triggered(id: number, now: number): Promise<void>;
  cancelling(id: number): Promise<void>;
  /** Applies the outcome to the baseline and removes the session, in one transaction. */
  settle(id: number, outcome: SessionOutcome): Promise<void>;
  /** When a session of this source was last triggered, for the wait before the next; undefined when never. */
  lastTriggeredAt(): Promise<number | undefined>;
}

/** What makes a state the one it is, besides its rows. */
export interface StateIdentity {
  readonly fingerprintKey: string;
  readonly target: Target | undefined;
  readonly lastTriggeredAt: number | undefined;
}

/** The value by which a state says that an import into it was not finished. */
export const IMPORT_UNFINISHED = 'unfinished';

/** Entities that a state knows Okta to hold, and those of which it is not known what Okta holds. */
export interface EntityCounts {
  /** Confirmed. */
  readonly known: number;
  /** Sent in a session whose outcome could not be learned. */
  readonly unknown: number;
}

/**
 * The state of one identity source: the *baseline* (what Okta was last confirmed to hold, as external ids and keyed
 * fingerprints), the journal of sessions in flight, and the outbox.
 *
 * It has one writer at a time. Every write of a writer that lost its place is refused with
 * `ERR_ROLLCALL_STATE_LOST`; "missing" is `undefined`, everything else that fails throws {@link StateError}.
 */
export interface StateStore extends AsyncDisposable {
  /** 32 hexadecimal characters that key the fingerprints of this state. */
  readonly fingerprintKey: string;
  readonly journal: Journal;
  /** What the state was stamped with; undefined before its first upload. */
  target(): Promise<Target | undefined>;
  /** Stamps the state, or throws `ERR_ROLLCALL_STATE_TARGET` when it belongs to another org or source. */
  bind(target: Target): Promise<void>;
  counts(): Promise<Readonly<Record<Entity, EntityCounts>>>;
  /** Opens a reading; throws when one is open. */
  read(): Promise<Reading>;
  /** Opens an empty outbox. */
  outbox(): Promise<Outbox>;
  /**
   * Makes rows the baseline without a session: for a state that was lost while Okta was not (`adopt`), and for
   * `importState`.
   */
  adopt(rows: readonly AdoptedRow[]): Promise<void>;
  /**
   * Every row of the baseline, each key once, for `exportState` and `verifyState`. It ends with
   * `ERR_ROLLCALL_STATE_CORRUPT` where a row is not what was written.
   */
  rows(entity: Entity): AsyncIterable<readonly HeldRow[]>;
  /** Complete reads in a row from which entities were missing, by key; only those that were. */
  absences(entity: Entity): Promise<ReadonlyMap<string, number>>;
  /** Replaces what {@link absences} answers. */
  setAbsences(entity: Entity, counts: ReadonlyMap<string, number>): Promise<void>;
  /**
   * Empties the state and gives it the identity of another: for `importState`, which puts the rows in afterwards. Until
   * the value `import` is set to `''` with {@link setMeta} the state counts as half imported, and `read` refuses.
   */
  restore(identity: StateIdentity): Promise<void>;
  /** Small values that must be committed with the baseline, such as the watermark of a delta feed. */
  getMeta(name: string): Promise<string | undefined>;
  setMeta(name: string, value: string): Promise<void>;
  /** Waits for what is under way and gives the state up. May be called again; every other call is refused from then on. */
  close(): Promise<void>;
}
