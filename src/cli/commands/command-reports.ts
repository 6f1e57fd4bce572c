import type { JournalPhase } from '../../state/journal.js';
import type { EntityCounts, Target } from '../../state/store.js';
import type { Entity } from '../../core/model.js';
import type { Session } from '../../okta/wire.js';
import type { Deactivation } from '../../upload/deactivate.js';
import type { LastRun } from './last-run.js';

/** An active session at Okta. */
export interface ActiveSession {
  readonly sessionId: string;
  readonly status: Session['status'];
  /** ISO date-time. */
  readonly created: string | undefined;
  /** True if the journal of this state contains it. */
  readonly ours: boolean;
}

/** A session in flight: the journal contains it, and it is not settled yet. */
export interface PendingSession {
  readonly sessionId: string | undefined;
  readonly phase: JournalPhase;
  readonly loads: number;
  readonly acknowledged: number;
  readonly rows: number;
}

/** The outcome of `status`. */
export interface StatusReport {
  /** The directory of the state. */
  readonly state: string;
  /** `new`: there is no state yet. `busy`: another process has it open, so only the part about Okta is known. */
  readonly condition: 'ready' | 'new' | 'busy';
  /** The process that has the state open, if it is busy. */
  readonly heldBy: { readonly pid: number; readonly host: string; readonly since: Date } | undefined;
  readonly target: Target | undefined;
  readonly baseline: Readonly<Record<Entity, EntityCounts>> | undefined;
  readonly lastRun: LastRun | undefined;
  /** The number of records that are not sent again until they change, because each session with them failed. */
  readonly remembered: number | undefined;
  readonly pending: readonly PendingSession[] | undefined;
  /** The active sessions in Okta; undefined without credentials. */
  readonly sessions: readonly ActiveSession[] | undefined;
}

/** The outcome of `cancel`. */
export interface CancelReport {
  /** Sessions that were cancelled: Okta imports nothing of them. */
  readonly cancelled: readonly string[];
  /** Sessions that cannot be cancelled: Okta imports them, or already has. The next run settles them. */
  readonly ran: readonly string[];
  /** Open sessions that this state did not create; they were not touched. */
  readonly foreign: readonly string[];
  /** Sessions that Okta has not finished and that this state gave up: it is not known what Okta has of their changes. */
  readonly forgotten: readonly string[];
}

/** The outcome of `deactivate`. */
export interface DeactivateReport {
  /** False without `--yes`: nothing was sent. */
  readonly sent: boolean;
  readonly users: readonly Deactivation[];
}
