import { ImportTimes } from './import-times.js';
import type { Session } from '../okta/wire.js';

/** The times of sessions have a resolution of seconds, and come from several servers. */
const SKEW_MS = 2000;
/** After a 504 Okta may still create the session. A session that appears within this time belongs to the attempt. */
const LATE_MS = 60_000;
/** How long an attempt lasts at most once it is in the journal: a rate-limit window, and its answer. */
export const ATTEMPT_MS = 120_000;
/** After this, Okta does not act on an attempt in the journal any more. */
export const MOST_LATE_MS = ATTEMPT_MS + LATE_MS;

/** An attempt to create a session whose response was lost, so that it is not known whether there is a session. */
export interface LostCreate {
  /** The number of the attempt in the journal; undefined if it is settled there. */
  readonly journalId: number | undefined;
  /** The ids of the sessions that Okta listed before the attempt. */
  readonly seen: ReadonlySet<string>;
  /** The beginning and the end of the attempt, in milliseconds of the server's clock. */
  readonly from: number;
  readonly to: number;
}

/**
 * The sessions that this state created, as far as a run knows them. It distinguishes them from the sessions of others, because
 * Okta's sessions have no label: by their ids, and after a lost response by the ids that Okta listed before and by the time of
 * the creation.
 */
export class OwnSessions {
  readonly #known = new Map<string, 'ended' | 'doubtful'>();
  #lost: readonly LostCreate[] = [];
  /** The time of the last trigger of this run, by the monotonic clock; undefined before the first. */
  lastTriggeredAt: number | undefined;
  /** True if this run gave up a session that Okta may still import. Each later session waits behind it in Okta's queue. */
  hasLeft = false;
  readonly imports = new ImportTimes();

  /** Marks a session as triggered or ended. A response that shows it open is outdated. */
  markEnded(sessionId: string): void {
    this.#known.set(sessionId, 'ended');
  }

  /** Marks a session as given up, although Okta did not report that it is closed. */
  markDoubtful(sessionId: string): void {
    this.#known.set(sessionId, 'doubtful');
  }

  /** The mark of a session; undefined for a session that is not known to be ours. */
  stateOf(sessionId: string): 'ended' | 'doubtful' | undefined {
    return this.#known.get(sessionId);
  }

  /** The sessions that were given up, and may still be open. */
  get doubtful(): readonly string[] {
    return Array.from(this.#known)
      .filter(([, mark]) => mark === 'doubtful')
      .map(([sessionId]) => sessionId);
  }

  /** The attempts with a lost response whose session was not found yet. */
  get lost(): readonly LostCreate[] {
    return this.#lost;
  }

  addLost(attempt: LostCreate): void {
    this.#lost = [...this.#lost, attempt];
  }

  /** Removes an attempt whose session was found. */
  removeLost(attempt: LostCreate): void {
    this.#lost = this.#lost.filter((one) => one !== attempt);
  }

  /** Records that the journal does not contain this attempt any more. A session of the attempt is still recognised as ours. */
  forgetEntry(journalId: number): void {
    this.#lost = this.#lost.map((attempt) =>
      attempt.journalId === journalId ? { ...attempt, journalId: undefined } : attempt,
    );
  }

  /**
   * The attempt that created this session: Okta did not list the session before, it was created during the attempt, it was not
   * changed since, and it is not one whose id is known. Undefined if this is not certain.
   */
  attemptOf(session: Session): LostCreate | undefined {
    const created = timeOf(session.created);
    if (this.#known.has(session.id)) return undefined;
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
