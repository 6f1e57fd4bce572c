import type { Entity } from '../core/model.js';
import type { ReadCounts, Rejection } from '../core/rejection.js';

/** Rejections kept in memory for the report; all are counted and all are handed to `onReject`. */
const KEPT_REJECTIONS = 1000;

/**
 * What the stages of one pipe share: the rejections, which must reach `diff` so that a rejected record is never
 * taken for a removed one, and the report. `pipe` hands it from stage to stage.
 */
export class RunContext {
  /** The first rejections, in order. */
  readonly rejections: Rejection[] = [];
  /** How many changes the plan has, set by `guard`: `upload` counts what remains against it. */
  plannedChanges: number | undefined;
  /**
   * Entities that this run did not find in their source, and how many complete reads in a row missed each, set by `diff`.
   * `upload` stores them once the run has reached its end.
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
   * Counts a rejection, keeps its key for `diff` (unless `keep` is false: the entity it belongs to is gone), and
   * tells the listeners. Without a key the record could not be identified, and removals are held back.
   */
  reject(rejection: Rejection, key: string | undefined, keep = true): void {
    const counts = this.counts(rejection.entity);
    counts.rejected++;
    if (key === undefined) counts.unidentified++;
    else if (keep) this.#keysOf(rejection.entity).push(key);
    if (this.rejections.length < KEPT_REJECTIONS) this.rejections.push(rejection);
    for (const listener of this.#listeners) listener(rejection);
    if (this.#outer === undefined) return;
    // There it was never read: what comes through are the records that were accepted here.
    this.#outer.counts(rejection.entity).read++;
    this.#outer.reject(rejection, key, keep);
  }

  /**
   * Hands every rejection on to another context, from the first: for a source that brings a `pipe` of its own, whose
   * rejected records must not be taken for removed ones.
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
