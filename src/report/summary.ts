import type { GuardTrip, KindCounts, PlanSummary } from '../core/results.js';
import type { SampleReport } from '../core/sample-results.js';
import type { WaitReason } from '../events/events.js';
import type { Entity } from '../core/model.js';
import type { AttributeCount } from './changes-file.js';
import type { RunOrigin } from './origin.js';
import type { ChangeList } from './planned-lists.js';
import type { RejectedRecord, RejectReason } from './rejects-file.js';

/**
 * The outcome of a run:
 *
 * - `planned`: the run was a plan; nothing was sent
 * - `done`: everything was sent; `rejected` lists records that were rejected or refused
 * - `stopped`: the guard stopped the run; nothing was sent
 * - `aborted`: a signal ended the run; run it again to continue
 * - `failed`: an error ended the run; see `error`
 */
export type RunStatus = 'planned' | 'done' | 'stopped' | 'aborted' | 'failed';

/** The records read of one entity. Fields that are unknown because the run failed early are missing. */
export interface SourceSummary {
  readonly read: number;
  readonly rejected: number;
  readonly unchanged?: number;
  /** Rows that a condition leaves out, and memberships of users and groups that are not kept in sync. */
  readonly leftOut?: number;
  /** Records that are not sent, because Okta refused them in an earlier run. */
  readonly refusedBefore?: number;
  /** Planned changes that the options `only` and `first` left out; missing without them. */
  readonly unsent?: number;
}

/** One session of the run. */
export interface SessionSummary {
  readonly number: number;
  readonly sessionId: string;
  /** ISO 8601, like all times of the summary. */
  readonly createdAt: string;
  /** The time at which its import was started. */
  readonly triggeredAt?: string;
  readonly endedAt?: string;
  readonly requests: number;
  /** Users, groups, and groups of memberships in its requests. */
  readonly items: number;
  readonly bytes: number;
  /** Changes of this session that Okta confirmed. */
  readonly changes: number;
  /** `open`: the run ended before the session did; the next run settles it. */
  readonly outcome: 'open' | 'completed' | 'cancelled' | 'failed';
  /** Okta's status of a failed session. */
  readonly status?: string;
  /** The reason why its content was sent again in another session. */
  readonly replayed?: string;
}

/** One wait of the run. */
export interface WaitSummary {
  readonly reason: WaitReason;
  readonly from: string;
  readonly to: string;
}

/**
 * The content of `summary.json`, which `report.html` shows. `version` changes if a field is removed or changes its
 * meaning, but not if a field is added.
 * @example
 * const summary = JSON.parse(readFileSync('report/summary.json', 'utf8')) as RunSummary;
 * console.log(summary.status, summary.error?.code);
 */
export interface RunSummary {
  readonly format: 'rollcall-report';
  readonly version: 1;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly endedAt: string;
  /** Where the run took place, as far as it is known. */
  readonly origin?: RunOrigin;
  /** The error that ended the run. Only rollcall's own errors have a message here: others may contain data. */
  readonly error?: { readonly name: string; readonly code?: string; readonly message?: string };
  /** The plan, if the run got that far. `trips` are the limits of the guard that it exceeds. */
  readonly plan?: PlanSummary & { readonly trips: readonly GuardTrip[] };
  /** The changes of the plan by entity and action; missing if the plan was not complete, or the report did not receive its changes. */
  readonly planned?: readonly ChangeList[];
  readonly sources: Readonly<Partial<Record<Entity, SourceSummary>>>;
  readonly sent: {
    /** Changes that Okta confirmed. */
    readonly confirmed: Readonly<Record<Entity, KindCounts>>;
    /** Planned changes that were not confirmed, without the refused ones. */
    readonly remaining: number;
    readonly requests: number;
    readonly sessions: number;
    readonly bytes: number;
  };
  /** The number of rows in `changes.csv`, by outcome. */
  readonly outcomes: { readonly confirmed: number; readonly refused: number; readonly unknown: number };
  readonly attributes: {
    /** The attributes that appear in most confirmed updates: at most 50. */
    readonly top: readonly AttributeCount[];
    /** Changes of other attributes. */
    readonly others: number;
    /** Confirmed updates whose changed attributes are unknown. */
    readonly unnamedUpdates: number;
  };
  readonly rejected: {
    /** Rejected before anything was sent. */
    readonly rollcall: number;
    readonly okta: number;
    /** Both together, by entity. */
    readonly entities: Readonly<Record<Entity, number>>;
    /** The number of rows in `rejects.csv`; smaller than the counts only if the report did not receive every rejection. */
    readonly listed: number;
    /** The most frequent reasons: at most 50. */
    readonly reasons: readonly RejectReason[];
    /** Rejections for other reasons. */
    readonly otherReasons: number;
    /** The first hundred that were rejected, and the first hundred that Okta refused. */
    readonly first: readonly RejectedRecord[];
  };
  /** Sessions of an earlier run that were settled first. */
  readonly settled: { readonly completed: number; readonly dropped: number; readonly unknown: number };
  /** The sessions of the run: at most ten thousand. */
  readonly sessions: readonly SessionSummary[];
  readonly waits: {
    /** The number and the total duration of waits, by reason; waits that overlap are all counted. */
    readonly totals: readonly { readonly reason: WaitReason; readonly count: number; readonly ms: number }[];
    /** The waits one by one: at most ten thousand. */
    readonly each: readonly WaitSummary[];
  };
  /** With the option `verifySample`: what Okta has of some of the confirmed changes. */
  readonly sample?: SampleReport;
  /** Records of delta feeds that Okta does not have, also those of earlier runs; undefined if there are none. */
  readonly owed?: number;
  /** The time at which the plan was complete, and the sources were closed. */
  readonly plannedAt?: string;
}
