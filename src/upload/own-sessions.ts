import type { Session } from '../okta/wire.js';

/** Server clocks show seconds, and need not agree to the second. */
const SKEW_MS = 2000;
/** A service that answers 504 may still be at it: a session that it makes this much later is of that attempt. */
const LATE_MS = 60_000;

/** An attempt to create a session, of which nobody knows whether it made one. */
export interface LostCreate {
  /** Its entry in the journal, while that is open. */
  readonly journalId: number | undefined;
  /** Sessions that Okta showed before. */
  readonly seen: ReadonlySet<string>;
  /** When the attempt began and when it was given up, in milliseconds of the server's clock. */
  readonly from: number;
  readonly to: number;
}

/**
 * What a run knows of the sessions that its state made, so that none of them is taken for another's, and none of
 * another's for one of them. Sessions carry no label: it goes by their ids, and for one whose creation got no answer by
 * what Okta showed before, and by when it was made.
 */
export class OwnSessions {
  readonly #known = new Map<string, 'over' | 'doubtful'>();
  #lost: readonly LostCreate[] = [];

  /** The session was triggered, or has ended: a look that shows it open is an old one. */
  over(sessionId: string): void {
    this.#known.set(sessionId, 'over');
  }

  /** The session was given up, and Okta did not say that it is closed. */
  doubt(sessionId: string): void {
    this.#known.set(sessionId, 'doubtful');
  }

  /** What became of a session of ours; undefined for one that is not known to be ours. */
  fateOf(sessionId: string): 'over' | 'doubtful' | undefined {
    return this.#known.get(sessionId);
  }

  /** Creations without an answer, of which no session was found yet. */
  get lost(): readonly LostCreate[] {
    return this.#lost;
  }

  addLost(attempt: LostCreate): void {
    this.#lost = [...this.#lost, attempt];
  }

  /** The session of this attempt was found. */
  found(attempt: LostCreate): void {
    this.#lost = this.#lost.filter((one) => one !== attempt);
  }

  /** The journal does not keep this attempt any more; a session that it made is ours all the same. */
  closeEntry(journalId: number): void {
    this.#lost = this.#lost.map((attempt) =>
      attempt.journalId === journalId ? { ...attempt, journalId: undefined } : attempt,
    );
  }

  /**
   * The lost creation that made this session: one that was not there before, appeared inside the attempt, and was not
   * touched since. Undefined where that is not certain.
   */
  attemptOf(session: Session): LostCreate | undefined {
    const created = timeOf(session.created);
    if (session.status !== 'CREATED' || created === undefined) return undefined;
    const updated = timeOf(session.lastUpdated) ?? created;
    if (Math.abs(updated - created) > SKEW_MS) return undefined;
    return this.#lost.find(
      ({ seen, from, to }) => !seen.has(session.id) && created >= from - SKEW_MS && created <= to + LATE_MS,
    );
  }
}

function timeOf(date: string | undefined): number | undefined {
  const ms = date === undefined ? NaN : Date.parse(date);
  return Number.isNaN(ms) ? undefined : ms;
}
