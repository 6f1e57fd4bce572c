import { KnownAttributes, type ProfileEntity } from '../core/known-attributes.js';
import type { Change, Entity } from '../core/model.js';
import type { ReadCounts, Rejection } from '../core/rejection.js';
import type { FeedOutcomes } from './feed-outcomes.js';

/** The most rejections that are kept in memory for the report. All are counted, and all are passed to `onReject`. */
const KEPT_REJECTIONS = 1000;

/** The key of a rejected record, and its 1-based position in its flow. */
export interface RejectedKey {
  readonly key: string;
  readonly position: number;
}

/** The files of an input that values are looked up in, and the entity whose limits apply to them. */
export interface LookupFiles {
  readonly entity: Entity;
  readonly files: number;
}

/** A record that is not sent, because Okta refused it in an earlier run, or a user or group that it names. */
export interface RefusedBefore {
  readonly change: Change;
  readonly code: string;
  readonly reason: string;
}

/**
 * The shared data of the stages of one pipe. It passes rejections to `diff`, so that a rejected record does not count as
 * removed, and to the report. `pipe` passes the context from stage to stage.
 */
export class RunContext {
  /** The first rejections, in order. */
  readonly rejections: Rejection[] = [];
  /** The number of changes in the plan by entity, set by `guard`; `upload` computes the remaining changes from it. */
  plannedChanges: Readonly<Record<Entity, number>> | undefined;
  /**
   * The entities that are missing from their source, with the number of complete reads in a row without them; set by `diff`.
   * `upload` stores them when the run has reached its end.
   */
  readonly absences = new Map<Entity, ReadonlyMap<string, number>>();
  /** When the read ended, in milliseconds since the epoch, for entities whose absences it counts. */
  readonly absencesCountedAt = new Map<Entity, number>();
  /** Small values by name, which `upload` stores in the state when the run has reached its end. */
  readonly valuesAtEnd = new Map<string, string>();
  /** The number of files that the source of this context was read from; set by a source of several files. */
  sourceFiles: number | undefined;
  /** Rows of the source of this context whose cells are all empty, which name nobody; counted while it is read. */
  blankRows = 0;
  /** The blank rows of each entity's source; set by `sync` and `plan`. */
  readonly blank = new Map<Entity, number>();
  /** The number of files of a full read, by entity, for sources that know it; set by `diff`, `sync` and `plan`. */
  readonly files = new Map<Entity, number>();
  /**
   * The number of files of each input that the source of this context looks values up in, by its name, for inputs that know it; set when
   * they are read.
   */
  readonly sourceLookups = new Map<string, number>();
  /** The same of all sources, each with the first entity whose source has it; set by `sync` and `plan`. */
  readonly lookups = new Map<string, LookupFiles>();
  /** The records that a condition of the mapping leaves out of a full read, by entity; set by `sync` and `plan`. */
  readonly leftOut = new Map<Entity, number>();
  /** Decides which keys are out of scope, by entity; set by `diff`. */
  readonly excluded = new Map<Entity, (key: string) => boolean>();
  /** The option `resend` of `sync`: records that are sent again although Okta refused them before. */
  resend: readonly string[] = [];
  /** Set by `diff`; `upload` reports them. */
  readonly refusedBefore: RefusedBefore[] = [];
  /** With the options `only` and `first`: the changes that are left out of the plan, and the resends in it; set by `sync` and `plan`. */
  selection:
    { readonly unsent: Record<Entity, number>; readonly resends: Record<Entity, number> } | undefined;
  /** Runs work that reads the flow to its end, so that what the flow reads from is not closed before; set by `diff`. */
  holdOpen: <T>(work: () => Promise<T>) => Promise<T> = (work) => work();
  /** What becomes of the records of delta feeds; set by `sync`. */
  feeds: FeedOutcomes | undefined;
  readonly #attributes = new Map<ProfileEntity, KnownAttributes>();
  readonly #counts = new Map<Entity, ReadCounts>();
  readonly #rejectedKeys = new Map<Entity, RejectedKey[]>();
  readonly #leftOutKeys = new Map<Entity, Set<string>>();
  #outer: RunContext | undefined;
  readonly #listeners = new Set<(rejection: Rejection) => void>();

  /** The attributes that the source of users or groups is known to set. */
  attributes(entity: ProfileEntity): KnownAttributes {
    let attributes = this.#attributes.get(entity);
    if (attributes === undefined) this.#attributes.set(entity, (attributes = new KnownAttributes(entity)));
    return attributes;
  }

  /** The live counts of an entity. */
  counts(entity: Entity): ReadCounts {
    let counts = this.#counts.get(entity);
    if (counts === undefined) {
      counts = { read: 0, accepted: 0, rejected: 0, unidentified: 0, leftOut: 0 };
      this.#counts.set(entity, counts);
    }
    return counts;
  }

  /**
   * Counts a rejection, stores its key for `diff`, and calls the listeners. Without a key, the record could not be
   * identified, and removals are held back.
   */
  reject(rejection: Rejection, key: string | undefined): void {
    const counts = this.counts(rejection.entity);
    counts.rejected++;
    this.feeds?.fail(rejection.entity, key, rejection.code, rejection.position);
    if (key === undefined) counts.unidentified++;
    else this.#keysOf(rejection.entity).push({ key, position: rejection.position });
    if (this.rejections.length < KEPT_REJECTIONS) this.rejections.push(rejection);
    for (const listener of this.#listeners) listener(rejection);
    if (this.#outer === undefined) return;
    // The outer context did not count the record as read, because this context passes on only accepted records.
    this.#outer.counts(rejection.entity).read++;
    this.#outer.reject(rejection, key);
  }

  /**
   * Passes every rejection on to another context, including the earlier ones. A source with its own `pipe` needs this, so that
   * its rejected records do not count as removed.
   */
  forwardTo(outer: RunContext): void {
    if (outer !== this) this.#outer = outer;
  }

  /** Counts a record that is left out. With a key, {@link isLeftOut} is true for it. */
  leaveOut(entity: Entity, key: string | undefined): void {
    this.counts(entity).leftOut++;
    if (key !== undefined) {
      const keys = this.#leftOutKeys.get(entity);
      if (keys === undefined) this.#leftOutKeys.set(entity, new Set([key]));
      else keys.add(key);
    }
    if (this.#outer === undefined) return;
    this.#outer.counts(entity).read++;
    this.#outer.leaveOut(entity, key);
  }

  /** True if a record with this key was left out or is excluded, so that memberships that name it are left out as well. */
  isLeftOut(entity: Entity, key: string): boolean {
    return this.isLeftOutByCondition(entity, key) || this.excluded.get(entity)?.(key) === true;
  }

  /** True if a condition of the mapping leaves out the record with this key. */
  isLeftOutByCondition(entity: Entity, key: string): boolean {
    return this.#leftOutKeys.get(entity)?.has(key) === true;
  }

  /** The number of records with a key that a condition of the mapping leaves out. */
  leftOutByCondition(entity: Entity): number {
    return this.#leftOutKeys.get(entity)?.size ?? 0;
  }

  /** The keys rejected since the last call; `diff` marks them as present in the source. */
  drainRejectedKeys(entity: Entity): readonly RejectedKey[] {
    const keys = this.#rejectedKeys.get(entity);
    if (keys === undefined || keys.length === 0) return [];
    this.#rejectedKeys.set(entity, []);
    return keys;
  }

  /** Calls `listener` for every rejection from now on. */
  onReject(listener: (rejection: Rejection) => void): void {
    this.#listeners.add(listener);
  }

  #keysOf(entity: Entity): RejectedKey[] {
    let keys = this.#rejectedKeys.get(entity);
    if (keys === undefined) this.#rejectedKeys.set(entity, (keys = []));
    return keys;
  }
}
