import type { ChangeKind, Entity } from './model.js';
import type { Rejection } from './run-context.js';

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
