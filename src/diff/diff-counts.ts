import type { Entity } from '../core/model.js';
import type { RunContext } from '../flow/run-context.js';
import type { IdChangeFinder } from './id-changes.js';

/** Entities of the baseline that a source cannot change, because of the option `absence`. */
export interface OutOfReach {
  /** Entities that it cannot delete: protected or excluded. */
  readonly deletes: number;
  /** Entities that it cannot update: excluded. */
  readonly updates: number;
}

/** The counts of `diff`, for the guard and the report. */
export interface DiffCounts {
  /** Records that `diff` received, unchanged rows included that a screen left out. */
  read: number;
  unchanged: number;
  creates: number;
  /** The creations of records that the baseline has: it is not known whether Okta still has them. A part of `creates`. */
  resends: number;
  updates: number;
  deletes: number;
  /**
   * Removals that are not emitted, because a record of the source has no valid id and may be one of them; groups also because
   * one of their memberships must not be deleted.
   */
  heldBack: number;
  /** Removals that are not emitted because of the option `absence`. */
  spared: number;
  /** Records that are not emitted because Okta refused them, or the user or group that they name, in an earlier run. */
  refused: number;
  /** Records that are out of scope. */
  excluded: number;
  /** Records of a delta feed that a later record of the same entity replaces. */
  superseded: number;
  outOfReach: OutOfReach;
  /** By name, attributes that left records and for which Okta accepts no null. */
  readonly uncleared: Map<string, { readonly records: number; readonly examples: readonly string[] }>;
  /** By name, the number of records in which an attribute had a text in the baseline and has none now. */
  readonly emptied: Map<string, number>;
  /** Finds users who come back under another external id; undefined if Okta is not known to have users. */
  idChanges: IdChangeFinder | undefined;
}

const COUNTS = new WeakMap<RunContext, Map<Entity, DiffCounts>>();

/** The counts of an entity in a run. The first call creates them. */
export function openDiffCounts(context: RunContext, entity: Entity): DiffCounts {
  let all = COUNTS.get(context);
  if (all === undefined) COUNTS.set(context, (all = new Map<Entity, DiffCounts>()));
  let counts = all.get(entity);
  if (counts === undefined) {
    counts = {
      read: 0,
      unchanged: 0,
      creates: 0,
      resends: 0,
      updates: 0,
      deletes: 0,
      heldBack: 0,
      spared: 0,
      refused: 0,
      excluded: 0,
      superseded: 0,
      outOfReach: { deletes: 0, updates: 0 },
      uncleared: new Map(),
      emptied: new Map(),
      idChanges: undefined,
    };
    all.set(entity, counts);
  }
  return counts;
}

/** The counts of an entity in a run; undefined before its diff has begun. */
export function diffCountsOf(context: RunContext, entity: Entity): DiffCounts | undefined {
  return COUNTS.get(context)?.get(entity);
}
