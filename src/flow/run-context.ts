import type { Entity } from '../core/model.js';
import type { ReadCounts, Rejection } from '../core/rejection.js';

/** The most rejections that are kept in memory for the report. All are counted, and all are passed to `onReject`. */
const KEPT_REJECTIONS = 1000;

/**
 * The shared data of the stages of one pipe. It passes rejections to `diff`, so that a rejected record does not count as
 * removed, and to the report. `pipe` passes the context from stage to stage.
 */
export class RunContext {
  /** The first rejections, in order. */
  readonly rejections: Rejection[] = [];
  /** The number of changes in the plan, set by `guard`; `upload` computes the remaining changes from it. */
  plannedChanges: number | undefined;
  /**
   * The entities that are missing from their source, with the number of complete reads in a row without them; set by `diff`.
   * `upload` stores them when the run has reached its end.
   */
  readonly absences = new Map<Entity, ReadonlyMap<string, number>>();
  readonly #counts = new Map<Entity, ReadCounts>();
  readonly #rejectedKeys = new Map<Entity, string[]>();
  #outer: RunContext | undefined;
  readonly #listeners = new Set<(rejection: Rejection) => void>();

  /** The live counts of an entity. */
  counts(entity: Entity): ReadCounts {
    let counts = this.#counts.get(entity);
    if (counts === undefined) {
      counts = { read: 0, accepted: 0, rejected: 0, unidentified: 0 };
      this.#counts.set(entity, counts);
    }
    return counts;
  }

  /**
   * Counts a rejection, stores its key for `diff`, and calls the listeners. With `keep` false, the key is not stored, so that
   * the entity counts as removed. Without a key, the record could not be identified, and removals are held back.
   */
  reject(rejection: Rejection, key: string | undefined, keep = true): void {
    const counts = this.counts(rejection.entity);
    counts.rejected++;
    if (key === undefined) counts.unidentified++;
    else if (keep) this.#keysOf(rejection.entity).push(key);
    if (this.rejections.length < KEPT_REJECTIONS) this.rejections.push(rejection);
    for (const listener of this.#listeners) listener(rejection);
    if (this.#outer === undefined) return;
    // The outer context did not count the record as read, because this context passes on only accepted records.
    this.#outer.counts(rejection.entity).read++;
    this.#outer.reject(rejection, key, keep);
  }

  /**
   * Passes every rejection on to another context, including the earlier ones. A source with its own `pipe` needs this, so that
   * its rejected records do not count as removed.
   */
  forwardTo(outer: RunContext): void {
    if (outer !== this) this.#outer = outer;
  }

  /** The keys rejected since the last call; `diff` marks them as present in the source. */
  drainRejectedKeys(entity: Entity): readonly string[] {
    const keys = this.#rejectedKeys.get(entity);
    if (keys === undefined || keys.length === 0) return [];
    this.#rejectedKeys.set(entity, []);
    return keys;
  }

  /** Calls `listener` for every rejection from now on. */
  onReject(listener: (rejection: Rejection) => void): void {
    this.#listeners.add(listener);
  }

  #keysOf(entity: Entity): string[] {
    let keys = this.#rejectedKeys.get(entity);
    if (keys === undefined) this.#rejectedKeys.set(entity, (keys = []));
    return keys;
  }
}
