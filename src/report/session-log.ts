import type { SyncEvent, WaitReason } from '../events/events.js';

/** Sessions and waits that are kept one by one; of what comes later only the totals are. */
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
  /** Changes that it brought into the baseline. */
  changes: number;
  /** `open`: the run ended first, and the next one settles it. */
  outcome: 'open' | 'completed' | 'cancelled' | 'failed';
  /** Okta's status, of a failed one. */
  status?: string;
  /** Why what it held was sent again. */
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
  /** It is over by then at the latest. */
  readonly until: number;
}

/** Sessions and waits, put together from the events of a run and the times they came at. */
export class SessionLog {
  readonly sessions: LoggedSession[] = [];
  readonly waits: LoggedWait[] = [];
  /** Waits that ended, by reason: how many, and how long in all. */
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

  /** Ends what is still under way. */
  close(now: number): void {
    this.#endWaits(now, () => true);
  }

  #created(sessionId: string, number: number, now: number): void {
    this.#endWaits(now, (wait) => wait.reason === 'session-cooldown');
    // Those that have ended are not spoken of again, but for the two that may just be ending.
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

  /** Nothing tells the end of a wait: it ends with what it waited for, with the next of its kind, or when it is due. */
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
