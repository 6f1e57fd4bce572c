import { ENTITIES, type Entity } from '../model.js';
import type { KindCounts, PlanSummary, UploadReport } from '../report-types.js';
import type { Rejection } from '../run-context.js';
import type { GuardTrip } from '../errors.js';

/** What one entity's source came to. Of a full read,
 * `read = unchanged + creates + updates + rejected + excluded`; of a delta feed, `+ deletes + superseded` besides. */
export interface EntityReport {
  readonly read: number;
  readonly unchanged: number;
  readonly creates: number;
  readonly updates: number;
  /** Removals planned; they are not part of `read`. */
  readonly deletes: number;
  readonly rejected: number;
  /** Removals found but held back, because a record could not be identified. */
  readonly heldBackDeletes: number;
  /** Removals found but not planned, because the options on absence say so. */
  readonly sparedDeletes: number;
  /** Records that are out of scope. */
  readonly excluded: number;
  /** Records of a delta feed that a later one of the same entity stands for. */
  readonly superseded: number;
}

/** A plan: what a sync would send, and whether the guard would let it. */
export interface Plan extends PlanSummary {
  /** What was read, for each entity that has a source. */
  readonly sources: Readonly<Partial<Record<Entity, EntityReport>>>;
  /** The limits that the plan exceeds; empty when the guard would let it pass. */
  readonly trips: readonly GuardTrip[];
  /** The first thousand records that were rejected. */
  readonly rejections: readonly Rejection[];
}

/** What a sync came to. */
export interface SyncReport extends UploadReport {
  readonly plan: PlanSummary;
  /** What was read, for each entity that has a source. */
  readonly sources: Readonly<Partial<Record<Entity, EntityReport>>>;
  /** The first thousand records that were rejected. */
  readonly rejections: readonly Rejection[];
  /** Sessions of an earlier run that were settled first. */
  readonly settled: number;
  /** Whether the watermark of a delta feed was kept; undefined where none was given. */
  readonly watermarkKept: boolean | undefined;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** One line a person reads at a glance. */
export function describePlan(plan: Pick<PlanSummary, 'entities' | 'requests' | 'sessions'>): string {
  const parts = ENTITIES.map((entity) => {
    const { creates, updates, deletes } = plan.entities[entity];
    return `${entity} +${creates} ~${updates} -${deletes}`;
  });
  const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
  return `${parts.join(', ')}; ${count(plan.requests, 'request')} in ${count(plan.sessions, 'session')}`;
}

/** The sum of all changes of a plan. */
export function changesOf(entities: Readonly<Record<Entity, KindCounts>>): number {
  return ENTITIES.reduce(
    (sum, entity) => sum + entities[entity].creates + entities[entity].updates + entities[entity].deletes,
    0,
  );
}
