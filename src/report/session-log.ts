import type { SyncEvent, WaitReason } from '../events/events.js';

/** The most sessions and waits that are stored one by one; later ones count only in the totals. */
const MOST_KEPT = 10_000;

/** One session of the run. Times are milliseconds since the Unix epoch. */
export interface LoggedSession {
  readonly number: number;
  readonly sessionId: string;
  readonly createdAt: number;
  triggeredAt?: number;
  endedAt?: number;
  requests: number;
  items: number;
  bytes: number;
  /** Changes of this session that Okta confirmed. */
  changes: number;
  /** `open`: the run ended before the session did; the next run settles it. */
  outcome: 'open' | 'completed' | 'cancelled' | 'failed';
  /** Okta's status of a failed session. */
  status?: string;
  /** The reason why its content was sent again. */
  replayed?: string;
}

/** One wait of the run. */
export interface LoggedWait {
  readonly reason: WaitReason;
  readonly sessionId?: string;
  readonly from: number;
  to: number;
}

interface OpenWait {
  readonly wait: LoggedWait;
  /** The latest time at which the wait ends. */
  readonly until: number;
}

/** The sessions and waits of a run, derived from its events and their times. */
export class SessionLog {
  readonly sessions: LoggedSession[] = [];
  readonly waits: LoggedWait[] = [];
  /** Waits that ended, by reason: their number and total duration in milliseconds. */
  readonly waited = new Map<WaitReason, { count: number; ms: number }>();
  readonly settled = { completed: 0, dropped: 0, unknown: 0 };
  readonly #live = new Map<string, LoggedSession>();
  #open: OpenWait[] = [];

  observe(event: SyncEvent, now: number): void {
    switch (event.type) {
      case 'wait:start':
        this.#waitStarts(event.reason, event.until.getTime(), event.sessionId, now);
        break;
      case 'journal:settled':
        this.settled[event.outcome]++;
        this.#endWaits(now, (wait) => wait.reason === 'import' && wait.sessionId === event.sessionId);
        break;
      case 'session:created':
        this.#created(event.sessionId, event.number, now);
        break;
      case 'batch:sent': {
        const session = this.#live.get(event.sessionId);
        if (session === undefined) break;
        session.requests = event.requests;
        session.items += event.items;
        session.bytes += event.bytes;
        break;
      }
      case 'session:triggered': {
        const session = this.#live.get(event.sessionId);
        if (session !== undefined) session.triggeredAt = now;
        break;
      }
      case 'session:completed':
        this.#ends(event.sessionId, now, { outcome: 'completed', changes: event.changes });
        break;
      case 'session:cancelled':
        this.#ends(event.sessionId, now, { outcome: 'cancelled' });
        break;
      case 'session:failed':
        this.#ends(event.sessionId, now, { outcome: 'failed', status: event.status });
        break;
      case 'session:replayed': {
        const session = event.sessionId === undefined ? undefined : this.#live.get(event.sessionId);
        if (session !== undefined) session.replayed = event.reason;
        break;
      }
    }
  }

  /** Ends the waits that are still open. */
  close(now: number): void {
    this.#endWaits(now, () => true);
  }

  #created(sessionId: string, number: number, now: number): void {
    this.#endWaits(now, (wait) => wait.reason === 'session-cooldown');
    // Forget sessions that have ended, except the last two, for which events may still arrive.
    for (const [id, session] of this.#live)
      if (session.endedAt !== undefined && session.number < number - 2) this.#live.delete(id);
    const session: LoggedSession = {
      number,
      sessionId,
      createdAt: now,
      requests: 0,
      items: 0,
      bytes: 0,
      changes: 0,
      outcome: 'open',
    };
    this.#live.set(sessionId, session);
    if (this.sessions.length < MOST_KEPT) this.sessions.push(session);
  }

  #ends(sessionId: string, now: number, end: Partial<LoggedSession>): void {
    this.#endWaits(now, (wait) => wait.reason === 'import' && wait.sessionId === sessionId);
    const session = this.#live.get(sessionId);
    if (session !== undefined) Object.assign(session, { endedAt: now }, end);
  }

  /** There is no event for the end of a wait: it ends when the awaited event comes, when the next wait of its kind starts, or at its latest time. */
  #waitStarts(reason: WaitReason, until: number, sessionId: string | undefined, now: number): void {
    this.#endWaits(
      now,
      (wait, due) => due <= now || (reason === 'session-cooldown' && wait.reason === reason),
    );
    const wait = { reason, ...(sessionId !== undefined && { sessionId }), from: now, to: now };
    this.#open.push({ wait, until });
  }

  #endWaits(now: number, ends: (wait: LoggedWait, due: number) => boolean): void {
    if (this.#open.length === 0) return;
    const stay: OpenWait[] = [];
    for (const open of this.#open) {
      if (!ends(open.wait, open.until)) stay.push(open);
      else this.#waitEnds(open.wait, Math.max(open.wait.from, Math.min(now, open.until)));
    }
    this.#open = stay;
  }

  #waitEnds(wait: LoggedWait, to: number): void {
    wait.to = to;
    const total = this.waited.get(wait.reason) ?? { count: 0, ms: 0 };
    total.count++;
    total.ms += to - wait.from;
    this.waited.set(wait.reason, total);
    if (this.waits.length < MOST_KEPT) this.waits.push(wait);
  }
}
