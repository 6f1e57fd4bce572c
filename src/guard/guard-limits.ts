import { refuseUnknown, requireNumber } from '../core/check-options.js';
import { OptionsError } from '../core/errors.js';

/** The limits of the guard, for one entity or for all. */
export interface GuardLimits {
  /**
   * The most deletions, in percent of the entities in Okta that the source could delete: excluded and protected ones do
   * not count. It applies to a population of any size, from more than {@link minDeletes} deletions on.
   * @defaultValue `20`, like Okta's own import safeguard
   */
  readonly maxDeletePercent?: number;
  /**
   * The most deletions of this plan and of the last seven days together, in percent of the entities that Okta had before them and
   * that the source could delete. It applies from more than {@link minDeletes} deletions on, to plans with deletions. Deletions up
   * to and in an approved plan do not count.
   * @defaultValue {@link maxDeletePercent}
   */
  readonly maxWeekDeletePercent?: number;
  /**
   * This many deletions are allowed whatever their share.
   * @defaultValue `5`
   */
  readonly minDeletes?: number;
  /**
   * The most deletions.
   * @defaultValue `Infinity`
   */
  readonly maxDeletes?: number;
  /**
   * The most updates, in percent of the entities in Okta; excluded ones do not count. A shifted column, for example, updates
   * everybody. It applies from more than {@link minUpdates} updates on.
   * @defaultValue `50`
   */
  readonly maxUpdatePercent?: number;
  /**
   * This many updates are allowed whatever their share.
   * @defaultValue `5`
   */
  readonly minUpdates?: number;
  /**
   * The most entities that lose the text of one attribute, in percent of the entities in Okta; excluded ones do not count. An export
   * whose column is there but has no values any more, for example, would empty it for everybody. It applies from more than
   * {@link minEmptied} such entities on.
   * @defaultValue `20`
   */
  readonly maxEmptiedPercent?: number;
  /**
   * This many entities may lose the text of an attribute whatever their share.
   * @defaultValue `5`
   */
  readonly minEmptied?: number;
  /**
   * The most updates.
   * @defaultValue `Infinity`
   */
  readonly maxUpdates?: number;
  /**
   * The most creations.
   * @defaultValue `Infinity`
   */
  readonly maxCreates?: number;
  /**
   * The most people who come back under another external id: new users with the login of a user who is missing from the
   * source. More of them, in a population of any size, are a sign of changed ids.
   * @defaultValue `3`
   */
  readonly maxIdChanges?: number;
  /**
   * The most members that one group may lose, in percent of its members. A group that is deleted does not count. It applies from
   * more than {@link minGroupLosses} members on, and only as a limit of memberships.
   * @defaultValue `50`
   */
  readonly maxGroupLossPercent?: number;
  /**
   * Each group may lose this many members whatever their share.
   * @defaultValue `20`
   */
  readonly minGroupLosses?: number;
  /**
   * The most days for which deletions may be held back, because a record of the source could not be identified. Then nothing is
   * sent, until the source is mended or a person approves the plan, which allows this many days again.
   * @defaultValue `7`
   */
  readonly maxHeldBackDays?: number;
  /**
   * The most files by which an input of several files, or a pattern, may have fewer files than at the last complete run. The command
   * line counts the files of its inputs, those of lookups included, and `concat` its sources; other sources have no number of files, and
   * this limit does not apply to them.
   * @defaultValue `0`
   */
  readonly maxMissingFiles?: number;
  /**
   * A condition of the mapping (`when`) that left out more records than this at the last complete run of `sync` must not leave out none: a
   * status may have got another name. @defaultValue `5`
   */
  readonly minLeftOut?: number;
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

/**
 * The defaults of {@link GuardLimits}.
 * @example
 * const half = { maxDeletePercent: GUARD_DEFAULTS.maxDeletePercent / 2 };
 * await sync({ okta, state, users: people, guard: half });
 */
export const GUARD_DEFAULTS: Readonly<Required<GuardLimits>> = Object.freeze({
  maxDeletePercent: 20,
  maxWeekDeletePercent: 20,
  minDeletes: 5,
  maxDeletes: Infinity,
  maxUpdatePercent: 50,
  minUpdates: 5,
  maxEmptiedPercent: 20,
  minEmptied: 5,
  maxUpdates: Infinity,
  maxCreates: Infinity,
  maxIdChanges: 3,
  maxGroupLossPercent: 50,
  minGroupLosses: 20,
  maxHeldBackDays: 7,
  maxMissingFiles: 0,
  minLeftOut: 5,
  allowEmpty: false,
  maxRejectPercent: 5,
  minRejects: 20,
});

/** The names of {@link GuardLimits}. */
export const GUARD_LIMIT_NAMES: readonly string[] = Object.freeze(Object.keys(GUARD_DEFAULTS));

/** Says what replaced the limit `minPopulation`, after its name in an error. */
export function minPopulationReplaced(minDeletes: string, minUpdates: string): string {
  return `was replaced by ${minDeletes} and ${minUpdates}: the percentages apply to a population of any size, and these many changes are allowed besides`;
}

/** Fills in the defaults. @throws {@link OptionsError} for an invalid limit. */
export function resolveLimits(
  where: string,
  limits: GuardLimits,
  base: Required<GuardLimits> = GUARD_DEFAULTS,
): Required<GuardLimits> {
  if ('minPopulation' in limits)
    throw new OptionsError(`${where}.minPopulation`, minPopulationReplaced('minDeletes', 'minUpdates'));
  refuseUnknown(where, limits, GUARD_LIMIT_NAMES);
  // Who changes the limit of one plan also changes that of a week.
  const week = limits.maxDeletePercent === undefined ? {} : { maxWeekDeletePercent: limits.maxDeletePercent };
  const merged = { ...base, ...week, ...limits };
  for (const name of [
    'maxDeletePercent',
    'maxWeekDeletePercent',
    'maxUpdatePercent',
    'maxEmptiedPercent',
    'maxGroupLossPercent',
    'maxRejectPercent',
  ] as const) {
    requireNumber(`${where}.${name}`, merged[name], { min: 0, max: 100 });
  }
  for (const name of [
    'maxDeletes',
    'minDeletes',
    'maxUpdates',
    'minUpdates',
    'minEmptied',
    'maxCreates',
    'maxIdChanges',
    'minGroupLosses',
    'maxHeldBackDays',
    'maxMissingFiles',
    'minLeftOut',
    'minRejects',
  ] as const) {
    requireNumber(`${where}.${name}`, merged[name], { min: 0 });
  }
  return merged;
}
