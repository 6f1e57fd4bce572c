import type { GroupLoss, GuardTrip, KindCounts } from '../core/results.js';
import { ENTITIES, type Entity } from '../core/model.js';
import type { OutOfReach } from '../diff/diff-counts.js';
import type { GuardLimits } from './guard-limits.js';

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
