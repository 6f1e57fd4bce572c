import type { GroupLoss, GuardTrip, KindCounts } from '../core/results.js';
import type { OutOfReach } from '../diff/diff-counts.js';
import { ENTITIES, type Entity } from '../core/model.js';
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

/** The defaults of {@link GuardLimits}. */
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

/** Deletions of one entity that are held back. */
export interface HeldBack {
  /** When the first of the runs in a row ended in which deletions were held back, in milliseconds since the epoch. */
  readonly since: number;
  readonly days: number;
}

/** The numbers of files of one entity's input. */
export interface FileCounts {
  readonly now: number;
  /** At the last complete run. */
  readonly before: number;
}

/** The records that conditions leave out of one entity. */
export interface LeftOutCounts {
  readonly now: number;
  /** At the last complete run. */
  readonly before: number;
}

/** An attribute that had a text, and has none now. */
export interface EmptiedAttribute {
  readonly attribute: string;
  /** The number of entities that lose it. */
  readonly records: number;
}

/** The numbers to which the limits are applied. */
export interface GuardFacts {
  readonly counts: Readonly<Record<Entity, KindCounts>>;
  /** The creations of records that were sent before; they are no growth. */
  readonly resends: Readonly<Record<Entity, number>>;
  readonly population: Readonly<Record<Entity, number>>;
  /** Entities of the population that the source cannot delete or update, because they are protected or excluded. */
  readonly outOfReach: Readonly<Record<Entity, OutOfReach>>;
  /** Deletions of the last seven days, without those of this plan. */
  readonly recentDeletes: Readonly<Record<Entity, number>>;
  /** Deletions that are held back. */
  readonly heldBack: Readonly<Record<Entity, HeldBack | undefined>>;
  /** The files of inputs of which both numbers are known. */
  readonly files: ReadonlyMap<Entity, FileCounts>;
  /** The files of inputs that values are looked up in, by the name of the lookup; the limits of `entity` apply. */
  readonly lookups: ReadonlyMap<string, FileCounts & { readonly entity: Entity }>;
  /** The records that are left out, of entities of which both numbers are known. */
  readonly leftOut: ReadonlyMap<Entity, LeftOutCounts>;
  /** The attribute that most entities lose, by entity. */
  readonly emptied: Readonly<Record<Entity, EmptiedAttribute | undefined>>;
  /** Users who come back under another external id. */
  readonly idChanges: number;
  /** The group that loses the greatest share of its members, of those that lose too many. */
  readonly groupLoss: GroupLoss | undefined;
  /** Records read, without those that are left out, and rejected, of the entities that were read in this run. */
  readonly reads: ReadonlyMap<Entity, { readonly read: number; readonly rejected: number }>;
}

/** The share of its members that a group loses. */
export function percentOf({ lost, members }: GroupLoss): number {
  return (lost / members) * 100;
}

/** Every limit that the plan exceeds. */
export function tripsOf(
  facts: GuardFacts,
  limits: Readonly<Record<Entity, Required<GuardLimits>>>,
): GuardTrip[] {
  return ENTITIES.flatMap((entity) => tripsOfEntity(entity, facts, limits[entity]));
}

function tripsOfEntity(entity: Entity, facts: GuardFacts, limits: Required<GuardLimits>): GuardTrip[] {
  const { creates, deletes, updates } = facts.counts[entity];
  const outOfReach = facts.outOfReach[entity];
  const population = facts.population[entity];
  const reach = population - outOfReach.deletes;
  const reads = facts.reads.get(entity);
  const trips: GuardTrip[] = [];
  const check = (rule: GuardTrip['rule'], actual: number, limit: number, of = population) => {
    if (actual > limit) trips.push({ entity, rule, actual, limit, population: of });
  };
  const checkPercent = (rule: GuardTrip['rule'], actual: number, limit: number, of: number) =>
    check(rule, (actual / of) * 100, limit, of);
  check('deletes', deletes, limits.maxDeletes);
  check('updates', updates, limits.maxUpdates);
  if (entity === 'memberships' && facts.groupLoss !== undefined)
    check('groupLoss', percentOf(facts.groupLoss), limits.maxGroupLossPercent, facts.groupLoss.members);
  if (entity === 'users') check('idChanges', facts.idChanges, limits.maxIdChanges);
  check('creates', creates - facts.resends[entity], limits.maxCreates);
  if (deletes > limits.minDeletes) checkPercent('deletePercent', deletes, limits.maxDeletePercent, reach);
  const recent = facts.recentDeletes[entity];
  if (deletes > 0 && recent > 0 && deletes + recent > limits.minDeletes)
    checkPercent('weekDeletePercent', deletes + recent, limits.maxWeekDeletePercent, reach + recent);
  if (updates > limits.minUpdates)
    checkPercent('updatePercent', updates, limits.maxUpdatePercent, population - outOfReach.updates);
  const emptied = facts.emptied[entity];
  if (emptied !== undefined && emptied.records > limits.minEmptied) {
    const { attribute, records } = emptied;
    const of = population - outOfReach.updates;
    const [actual, limit] = [(records / of) * 100, limits.maxEmptiedPercent];
    if (actual > limit)
      trips.push({ entity, rule: 'emptiedPercent', actual, limit, population: of, attribute });
  }
  const heldBack = facts.heldBack[entity];
  if (heldBack !== undefined && heldBack.days > limits.maxHeldBackDays) {
    const { days: actual, since } = heldBack;
    const limit = limits.maxHeldBackDays;
    trips.push({ entity, rule: 'heldBack', actual, limit, population, since: new Date(since).toISOString() });
  }
  const files = facts.files.get(entity);
  if (files !== undefined)
    check('missingFiles', files.before - files.now, limits.maxMissingFiles, files.before);
  for (const [lookup, { entity: of, now, before }] of facts.lookups) {
    const [actual, limit] = [before - now, limits.maxMissingFiles];
    if (of === entity && actual > limit)
      trips.push({ entity, rule: 'missingFiles', actual, limit, population: before, lookup });
  }
  const leftOut = facts.leftOut.get(entity);
  if (leftOut?.now === 0) check('noneLeftOut', leftOut.before, limits.minLeftOut);
  if (reads !== undefined) {
    if (reads.read === 0 && !limits.allowEmpty) check('emptySource', population, 0);
    if (reads.rejected >= limits.minRejects)
      check('rejects', (reads.rejected / reads.read) * 100, limits.maxRejectPercent);
  }
  return trips;
}
