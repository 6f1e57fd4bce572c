import type { GuardTrip, KindCounts, PlanSummary } from '../core/results.js';
import type { WaitReason } from '../events/events.js';
import type { Entity } from '../core/model.js';
import type { AttributeCount } from './changes-file.js';
import type { RejectedRecord, RejectReason } from './rejects-file.js';

/**
 * How a run ended:
 *
 * - `planned`: it was a plan; nothing was sent
 * - `done`: everything was sent; what was rejected or refused is told by `rejected`
 * - `stopped`: the guard stopped it; nothing was sent
 * - `aborted`: its signal ended it; run it again to go on
 * - `failed`: an error ended it, see `error`
 */
export type RunStatus = 'planned' | 'done' | 'stopped' | 'aborted' | 'failed';

/** What was read of one entity. What is not known, because the run failed before, is not there. */
export interface SourceSummary {
  readonly read: number;
  readonly rejected: number;
  readonly unchanged?: number;
}

/** One session of the run. */
export interface SessionSummary {
  readonly number: number;
  readonly sessionId: string;
  /** ISO 8601, like all times of the summary. */
  readonly createdAt: string;
  /** When its import was started. */
  readonly triggeredAt?: string;
  readonly endedAt?: string;
  readonly requests: number;
  /** Users, groups, and groups of memberships in its requests. */
  readonly items: number;
  readonly bytes: number;
  /** Changes that Okta confirmed by it. */
  readonly changes: number;
  /** `open`: the run ended first; the next one settles the session. */
  readonly outcome: 'open' | 'completed' | 'cancelled' | 'failed';
  /** Okta's status of a failed one. */
  readonly status?: string;
  /** Why what it held was sent again in another. */
  readonly replayed?: string;
}

/** One wait of the run. */
export interface WaitSummary {
  readonly reason: WaitReason;
  readonly from: string;
  readonly to: string;
}

/**
 * What `summary.json` holds, and what `report.html` shows. `version` changes when a field changes its meaning or goes;
 * new fields may come without.
 */
export interface RunSummary {
  readonly format: 'rollcall-report';
  readonly version: 1;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly endedAt: string;
  /** What ended the run. The message only of rollcall's own errors: another's may hold data. */
  readonly error?: { readonly name: string; readonly code?: string; readonly message?: string };
  /** Where the run came so far. `trips` are the limits of the guard that it exceeds. */
  readonly plan?: PlanSummary & { readonly trips: readonly GuardTrip[] };
  readonly sources: Readonly<Partial<Record<Entity, SourceSummary>>>;
  readonly sent: {
    /** Changes that Okta confirmed. */
    readonly confirmed: Readonly<Record<Entity, KindCounts>>;
    /** Changes planned and not confirmed; those refused are not among them. */
    readonly remaining: number;
    readonly requests: number;
    readonly sessions: number;
    readonly bytes: number;
  };
  /** Rows of `changes.csv`. */
  readonly outcomes: { readonly confirmed: number; readonly refused: number; readonly unknown: number };
  readonly attributes: {
    /** The attributes that most confirmed updates changed: at most 50. */
    readonly top: readonly AttributeCount[];
    /** Changes of other attributes. */
    readonly others: number;
    /** Confirmed updates of which it is not known what they changed. */
    readonly unnamedUpdates: number;
  };
  readonly rejected: {
    /** Rejected before anything was sent. */
    readonly rollcall: number;
    readonly okta: number;
    /** Rows of `rejects.csv`: fewer only where the report was not told of every rejection. */
    readonly listed: number;
    /** The reasons met most: at most 50. */
    readonly reasons: readonly RejectReason[];
    /** Rejections for other reasons. */
    readonly otherReasons: number;
    /** The first hundred. */
    readonly first: readonly RejectedRecord[];
  };
  /** Sessions of an earlier run that were settled first. */
  readonly settled: { readonly completed: number; readonly dropped: number; readonly unknown: number };
  /** The sessions of the run: at most ten thousand. */
  readonly sessions: readonly SessionSummary[];
  readonly waits: {
    /** How often and how long it waited, by reason; waits that overlap count each. */
    readonly totals: readonly { readonly reason: WaitReason; readonly count: number; readonly ms: number }[];
    /** The waits one by one: at most ten thousand. */
    readonly each: readonly WaitSummary[];
  };
  /** When the whole plan was known, and the sources closed. */
  readonly plannedAt?: string;
}
