import { ENTITIES, type ChangeKind, type Entity } from './model.js';
import type { Rejection } from './rejection.js';

/** Changes of one entity, by kind. */
export interface KindCounts {
  /** Entities that Okta does not hold yet. */
  readonly creates: number;
  readonly updates: number;
  readonly deletes: number;
}

/** In how many updates an attribute differs. */
export interface AttributeChanges {
  readonly entity: Entity;
  readonly attribute: string;
  readonly updates: number;
}

/** The counts of a plan. */
export interface PlanSummary {
  /** SHA-256 over exactly the changes of this plan, whatever their order; give it as `approve` to let it pass a tripped guard. */
  readonly hash: string;
  readonly entities: Readonly<Record<Entity, KindCounts>>;
  /** What Okta was confirmed to hold before. */
  readonly population: Readonly<Record<Entity, number>>;
  /** Bulk requests that sending it takes. */
  readonly requests: number;
  readonly sessions: number;
  /** The least milliseconds it can take under Okta's limits: five minutes between sessions. */
  readonly leastMs: number;
  /** Attributes that differ in most updates of users and groups, most first; at most twenty. Names, never values. */
  readonly changedAttributes: readonly AttributeChanges[];
  /** Deletions that were found but are held back, because a record of the source could not be identified. */
  readonly heldBackDeletes: Readonly<Record<Entity, number>>;
}

/** What became of one change. */
export interface ChangeOutcome {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** For a membership the group's. */
  readonly externalId: string;
  /** For a membership the user's. */
  readonly memberExternalId?: string;
  /** True when Okta was not known to hold the entity before. */
  readonly created: boolean;
  /** Names of the attributes that differed, for an update of a user or group where they are known. */
  readonly changedAttributes?: readonly string[] | undefined;
  /** `''` for what never came into a session, because what it refers to was refused. */
  readonly sessionId: string;
  /** `unknown`: the session may have been applied; it is sent again. */
  readonly outcome: 'confirmed' | 'refused' | 'unknown';
  /** Okta's code, for what it refused. */
  readonly errorCode?: string;
}

/** What sending came to. */
export interface UploadReport {
  /** Changes confirmed by Okta, by entity. */
  readonly confirmed: Readonly<Record<Entity, KindCounts>>;
  /** Changes not confirmed when the run ended. */
  readonly remaining: number;
  /** Records that Okta refused; they are tried again at the next run. */
  readonly refused: readonly Rejection[];
  readonly requests: number;
  readonly sessions: number;
  readonly bytes: number;
}

/** One limit of the guard that a plan exceeds. */
export interface GuardTrip {
  readonly entity: Entity;
  readonly rule:
    'deletePercent' | 'deletes' | 'updatePercent' | 'updates' | 'population' | 'emptySource' | 'rejects';
  /** What the plan holds. */
  readonly actual: number;
  /** What the guard allows. */
  readonly limit: number;
  /** The entities Okta was last confirmed to hold. */
  readonly population: number;
}

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
