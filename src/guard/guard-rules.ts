import type { GuardTrip, KindCounts } from '../core/results.js';
import { ENTITIES, type Entity } from '../core/model.js';
import { refuseUnknown, requireNumber } from '../core/check-options.js';

/** The limits of the guard, for one entity or for all. */
export interface GuardLimits {
  /**
   * The most deletions, in percent of the entities in Okta.
   * @defaultValue `20`, like Okta's own import safeguard
   */
  readonly maxDeletePercent?: number;
  /**
   * The most deletions.
   * @defaultValue `Infinity`
   */
  readonly maxDeletes?: number;
  /**
   * The most updates, in percent of the entities in Okta. A shifted column, for example, updates everybody.
   * @defaultValue `50`
   */
  readonly maxUpdatePercent?: number;
  /**
   * The most updates.
   * @defaultValue `Infinity`
   */
  readonly maxUpdates?: number;
  /**
   * The percentages of deletions and updates apply only if Okta has more entities than this.
   * @defaultValue `100`
   */
  readonly minPopulation?: number;
  /**
   * Accepts a source without records, even if Okta has entities.
   * @defaultValue `false`
   */
  readonly allowEmpty?: boolean;
  /**
   * The most rejected records, in percent of the records read.
   * @defaultValue `5`
   */
  readonly maxRejectPercent?: number;
  /**
   * {@link maxRejectPercent} applies only from this number of rejected records on.
   * @defaultValue `20`
   */
  readonly minRejects?: number;
}

/** The defaults of {@link GuardLimits}. */
export const GUARD_DEFAULTS: Readonly<Required<GuardLimits>> = Object.freeze({
  maxDeletePercent: 20,
  maxDeletes: Infinity,
  maxUpdatePercent: 50,
  maxUpdates: Infinity,
  minPopulation: 100,
  allowEmpty: false,
  maxRejectPercent: 5,
  minRejects: 20,
});

/** The names of {@link GuardLimits}. */
export const GUARD_LIMIT_NAMES: readonly string[] = Object.freeze(Object.keys(GUARD_DEFAULTS));

/** Fills in the defaults. @throws {@link OptionsError} for an invalid limit. */
export function resolveLimits(
  where: string,
  limits: GuardLimits,
  base: Required<GuardLimits> = GUARD_DEFAULTS,
): Required<GuardLimits> {
  refuseUnknown(where, limits, GUARD_LIMIT_NAMES);
  const merged = { ...base, ...limits };
  for (const name of ['maxDeletePercent', 'maxUpdatePercent', 'maxRejectPercent'] as const) {
    requireNumber(`${where}.${name}`, merged[name], { min: 0, max: 100 });
  }
  for (const name of ['maxDeletes', 'maxUpdates', 'minPopulation', 'minRejects'] as const) {
    requireNumber(`${where}.${name}`, merged[name], { min: 0 });
  }
  return merged;
}

/** The numbers to which the limits are applied. */
export interface GuardFacts {
  readonly counts: Readonly<Record<Entity, KindCounts>>;
  readonly population: Readonly<Record<Entity, number>>;
  /** Records read and rejected, of the entities that were read in this run. */
  readonly reads: ReadonlyMap<Entity, { readonly read: number; readonly rejected: number }>;
}

/** Every limit that the plan exceeds. */
export function tripsOf(
  facts: GuardFacts,
  limits: Readonly<Record<Entity, Required<GuardLimits>>>,
): GuardTrip[] {
  return ENTITIES.flatMap((entity) => tripsOfEntity(entity, facts, limits[entity]));
}

function tripsOfEntity(entity: Entity, facts: GuardFacts, limits: Required<GuardLimits>): GuardTrip[] {
  const { deletes, updates } = facts.counts[entity];
  const population = facts.population[entity];
  const reads = facts.reads.get(entity);
  const trips: GuardTrip[] = [];
  const check = (rule: GuardTrip['rule'], actual: number, limit: number) => {
    if (actual > limit) trips.push({ entity, rule, actual, limit, population });
  };
  check('deletes', deletes, limits.maxDeletes);
  check('updates', updates, limits.maxUpdates);
  if (population > limits.minPopulation) {
    check('deletePercent', (deletes / population) * 100, limits.maxDeletePercent);
    check('updatePercent', (updates / population) * 100, limits.maxUpdatePercent);
  }
  if (reads !== undefined) {
    if (reads.read === 0 && !limits.allowEmpty) check('emptySource', population, 0);
    if (reads.rejected >= limits.minRejects)
      check('rejects', (reads.rejected / reads.read) * 100, limits.maxRejectPercent);
  }
  return trips;
}
