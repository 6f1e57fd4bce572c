import type { EntityCounts, JournalPhase, Target } from '../../state/store.js';
import type { Entity } from '../../core/model.js';
import type { SessionStatus } from '../../okta/wire.js';
import type { LastRun } from './last-run.js';

/** An active session at Okta. */
export interface ActiveSession {
  readonly sessionId: string;
  readonly status: SessionStatus;
  /** ISO date-time. */
  readonly created: string | undefined;
  /** Whether this state's journal knows it. */
  readonly ours: boolean;
}

/** A session that the journal knows to be in flight. */
export interface PendingSession {
  readonly sessionId: string | undefined;
  readonly phase: JournalPhase;
  readonly loads: number;
  readonly acknowledged: number;
  readonly rows: number;
}

/** What `status` tells. */
export interface StatusReport {
  /** The directory of the state. */
  readonly state: string;
  /** `new`: there is none yet. `busy`: another process is writing it, and only Okta could be asked. */
  readonly condition: 'ready' | 'new' | 'busy';
  /** Who is writing it, when it is busy. */
  readonly heldBy: { readonly pid: number; readonly host: string; readonly since: Date } | undefined;
  readonly target: Target | undefined;
  readonly baseline: Readonly<Record<Entity, EntityCounts>> | undefined;
  readonly lastRun: LastRun | undefined;
  readonly pending: readonly PendingSession[] | undefined;
  /** Okta's active sessions; undefined when there are no credentials to ask with. */
  readonly sessions: readonly ActiveSession[] | undefined;
}

/** What `cancel` did. */
export interface CancelReport {
  /** Cancelled: nothing of them was or will be imported. */
  readonly cancelled: readonly string[];
  /** Past cancelling: they are being imported, or were. The next run settles them. */
  readonly ran: readonly string[];
  /** Open, and not ours; left alone. */
  readonly foreign: readonly string[];
}
