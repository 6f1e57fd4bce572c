import { ENTITIES, type ChangeKind, type Entity } from './model.js';
import type { Rejection } from './rejection.js';
import type { SampleReport } from './sample-results.js';

/** Changes of one entity, by kind. */
export interface KindCounts {
  /** Entities that are not in the baseline yet. */
  readonly creates: number;
  readonly updates: number;
  readonly deletes: number;
}

/** The number of updates in which an attribute differs. */
export interface AttributeChanges {
  readonly entity: Entity;
  readonly attribute: string;
  readonly updates: number;
}

/** A person who comes back under another external id. */
export interface IdChange {
  /** The external id in Okta, which is missing from the source. */
  readonly from: string;
  /** The new external id. */
  readonly to: string;
  /** In what the two ids differ, if it is only in blanks, case, leading zeros or the form of Unicode. @defaultValue in more */
  readonly onlyIn?: readonly string[];
}

/**
 * New users whose login (`userName`) is that of a user who is missing from the source, or whose external id is that of such a user in another form of
 * Unicode.
 */
export interface IdChanges {
  readonly count: number;
  /** The first three. */
  readonly examples: readonly IdChange[];
}

/** An attribute that leaves records, and that an upsert cannot clear because Okta accepts no null for it. */
export interface UnclearedAttribute {
  readonly entity: Entity;
  readonly attribute: string;
  /** The number of records that had it. */
  readonly records: number;
  /** The external ids of the first three. */
  readonly examples: readonly string[];
}

/** A group that loses many of its members. */
export interface GroupLoss {
  /** The external id of the group. */
  readonly group: string;
  /** Its members in the baseline. */
  readonly members: number;
  /** Its members that the plan removes. */
  readonly lost: number;
}

/** Groups that lose more members than the guard allows. */
export interface GroupLosses {
  readonly count: number;
  /** The first three, those that lose the greatest share first. */
  readonly examples: readonly GroupLoss[];
}

/** The counts of a plan. */
export interface PlanSummary {
  /**
   * A keyed hash of the changes of this plan, in any order, for this state, and of the numbers of rejected records and held-back
   * deletions. Pass it as `approve` to send a plan that exceeds limits of the guard.
   */
  readonly hash: string;
  readonly entities: Readonly<Record<Entity, KindCounts>>;
  /** The number of entities in the baseline before the run. */
  readonly population: Readonly<Record<Entity, number>>;
  /** The number of bulk requests to send. */
  readonly requests: number;
  /** The number of sessions to send. */
  readonly sessions: number;
  /**
   * The shortest time in milliseconds of the waits between the sessions of the plan: by the wait that was learned for this source,
   * and before one was, by one minute a wait.
   */
  readonly leastMs: number;
  /**
   * The longest time in milliseconds of the waits between the sessions of the plan: by five minutes a wait, as Okta documents, or by
   * a shorter wait that was learned for this source.
   */
  readonly mostMs: number;
  /** The attributes that differ in most updates of users and groups, in descending order; at most twenty. Names, never values. */
  readonly changedAttributes: readonly AttributeChanges[];
  /**
   * Deletions that were found but are held back because a record of the source could not be identified, and groups of which
   * a membership is held back, waits or is protected.
   */
  readonly heldBackDeletes: Readonly<Record<Entity, number>>;
  /** People who come back under another external id. */
  readonly idChanges: IdChanges;
  /** The creations of records that were sent before: it is not known whether Okta still has them. A part of `creates`. */
  readonly resends: Readonly<Record<Entity, number>>;
  /**
   * Attributes that leave records, and that Okta may keep: an upsert clears an attribute by null, which Okta does not accept for
   * `secondEmail`, `userName`, `email` and `displayName`, nor for attributes that the option `attributes` of `validate` calls not nullable.
   * Change or remove them in Okta by hand.
   */
  readonly uncleared: readonly UnclearedAttribute[];
  /** Groups that lose more members than the guard allows. */
  readonly groupLosses: GroupLosses;
}

/** The outcome of one change. */
export interface ChangeOutcome {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** For a membership, the id of the group. */
  readonly externalId: string;
  /** For a membership, the id of the user. */
  readonly memberExternalId?: string;
  /** True if the entity was not in the baseline before. */
  readonly created: boolean;
  /** For an update of a user or group, the names of the attributes that differed, if they are known. */
  readonly changedAttributes?: readonly string[] | undefined;
  /** `''` for a membership that was never sent because Okta refused its user or group. */
  readonly sessionId: string;
  /** `unknown`: Okta may have applied the session; the change is sent again. */
  readonly outcome: 'confirmed' | 'refused' | 'unknown';
  /** For a refused change, Okta's error code. */
  readonly errorCode?: string;
}

/** The result of sending. */
export interface UploadReport {
  /** Changes confirmed by Okta, by entity. */
  readonly confirmed: Readonly<Record<Entity, KindCounts>>;
  /** Changes that were not confirmed when the run ended. */
  readonly remaining: number;
  /** The same by entity. */
  readonly remainingByEntity: Readonly<Record<Entity, number>>;
  /**
   * Records that Okta refused. The next run sends them again; a record with which every session failed, only if it changes, or
   * if the option `resend` names it.
   */
  readonly refused: readonly Rejection[];
  /** The first thousand records that `validate` and `diff` rejected. They were not sent, and nobody is deleted because of them. */
  readonly rejections: readonly Rejection[];
  readonly requests: number;
  readonly sessions: number;
  readonly bytes: number;
}

/** One limit of the guard that a plan exceeds. */
export interface GuardTrip {
  readonly entity: Entity;
  readonly rule:
    | 'deletePercent'
    | 'weekDeletePercent'
    | 'deletes'
    | 'updatePercent'
    | 'updates'
    | 'creates'
    | 'emptySource'
    | 'rejects'
    | 'idChanges'
    | 'groupLoss'
    | 'emptiedPercent'
    | 'heldBack'
    | 'missingFiles'
    | 'noneLeftOut';
  /** The value of the plan. */
  readonly actual: number;
  /** The limit of the guard. */
  readonly limit: number;
  /**
   * The number of entities in the baseline; for a percentage, of those that the source could delete or update; for `missingFiles`, the
   * number of files at the last complete run.
   */
  readonly population: number;
  /** For `heldBack`: since when deletions are held back, as an ISO 8601 time in UTC. `actual` is the number of days. */
  readonly since?: string;
  /** For `emptiedPercent`: the attribute. */
  readonly attribute?: string;
  /** For `missingFiles`: the name of the lookup whose files are missing. Without it, they are files of the entity's own source. */
  readonly lookup?: string;
}

/**
 * The result of reading one entity's source. For a full read,
 * `read = unchanged + creates + updates + rejected + refusedBefore + excluded + leftOut`; for a delta feed, the sum also includes
 * `deletes + superseded`, without the memberships that end because their user is removed.
 */
export interface EntityReport {
  readonly read: number;
  readonly unchanged: number;
  readonly creates: number;
  /** The creations of records that were sent before: it is not known whether Okta still has them. A part of `creates`. */
  readonly resends: number;
  readonly updates: number;
  /** Planned removals; for a full read they are not part of `read`. */
  readonly deletes: number;
  readonly rejected: number;
  /**
   * Removals that were found but are held back because a record could not be identified, and groups of which a membership is
   * held back, waits or is protected.
   */
  readonly heldBackDeletes: number;
  /** Removals that were found but are not planned because of the option `absence`. */
  readonly sparedDeletes: number;
  /**
   * Rows of users and groups that a condition of the mapping (`when`) leaves out, and memberships whose user or group is left
   * out, is excluded, or is removed by this plan.
   */
  readonly leftOut: number;
  /**
   * Records that are not sent because each session with them failed in an earlier run, until they change or `resend` names them;
   * and memberships of such users and groups. A sync reports them as refused.
   */
  readonly refusedBefore: number;
  /** Records that the option `absence.exclude` excludes. */
  readonly excluded: number;
  /** Records of a delta feed that are replaced by a later record of the same entity. */
  readonly superseded: number;
  /** Rows whose cells are all empty, such as those that a spreadsheet leaves at the end. They name nobody, and are not part of `read`. */
  readonly blank: number;
  /** Changes that the options `only` and `first` leave out of the plan. A part of `creates`, `updates` and `deletes`. */
  readonly unsent: number;
}

/** A plan: the changes that a sync would send, as counts, and the limits of the guard that they exceed. */
export interface Plan extends PlanSummary {
  /** The result of reading, for each entity that has a source. */
  readonly sources: Readonly<Partial<Record<Entity, EntityReport>>>;
  /** The limits that the plan exceeds; empty if the guard would accept it. */
  readonly trips: readonly GuardTrip[];
  /** The first thousand records that were rejected. */
  readonly rejections: readonly Rejection[];
}

/** A record of a delta feed of which Okta does not have the last change, because it was rejected or refused. */
export interface OwedRecord {
  readonly entity: Entity;
  /** The external id (of a membership `group/member`); undefined for all records of the entity that could not be identified. */
  readonly externalId: string | undefined;
  /** The code of the last rejection or refusal; `HELD_BACK` for a deletion that is held back. */
  readonly code: string;
  /** The start of the run that rejected it first. */
  readonly since: Date;
  /** The watermark from which the feed must be read to contain it; undefined for the beginning of the feed. */
  readonly watermark: string | undefined;
}

/** The owed records of a state after a run. */
export interface OwedReport {
  readonly count: number;
  /** The first thousand, the oldest first. */
  readonly records: readonly OwedRecord[];
  /** True if there are more than the 10,000 that a state remembers. The watermark was then not stored. */
  readonly tooMany: boolean;
}

/** The result of a sync. */
export interface SyncReport extends UploadReport {
  readonly plan: PlanSummary;
  /** The result of reading, for each entity that has a source. */
  readonly sources: Readonly<Partial<Record<Entity, EntityReport>>>;
  /** Sessions of an earlier run that were settled first. */
  readonly settled: number;
  /** Whether the watermark of a delta feed was stored; undefined if there was none. */
  readonly watermarkKept: boolean | undefined;
  /** The records of delta feeds that Okta does not have: of this run, and of earlier ones. */
  readonly owed: OwedReport;
  /** What Okta has of some of the confirmed changes; undefined without the option `verifySample`. */
  readonly sample: SampleReport | undefined;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** A plan as one line of text. */
export function describePlan(plan: Pick<PlanSummary, 'entities' | 'requests' | 'sessions'>): string {
  const parts = ENTITIES.map((entity) => {
    const { creates, updates, deletes } = plan.entities[entity];
    return `${entity} +${creates} ~${updates} -${deletes}`;
  });
  const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
  return `${parts.join(', ')}; ${count(plan.requests, 'request')} in ${count(plan.sessions, 'session')}`;
}

/** The changes of each entity, of all kinds. */
export function changesByEntity(entities: Readonly<Record<Entity, KindCounts>>): Record<Entity, number> {
  const sum = ({ creates, updates, deletes }: KindCounts) => creates + updates + deletes;
  return {
    users: sum(entities.users),
    groups: sum(entities.groups),
    memberships: sum(entities.memberships),
  };
}

/** The sum of all changes of a plan. */
export function changesOf(entities: Readonly<Record<Entity, KindCounts>>): number {
  return ENTITIES.reduce(
    (sum, entity) => sum + entities[entity].creates + entities[entity].updates + entities[entity].deletes,
    0,
  );
}
