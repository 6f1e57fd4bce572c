import { LIMITS } from '../core/limits.js';
import { toFlow } from '../flow/flow.js';
import type { Batch } from '../core/model.js';
import { expectedWait, NOTHING_LEARNED, type LearnedWait } from '../state/learned-wait.js';

/** The number of requests and sessions of a plan, and the time that Okta's waits between sessions take. */
export interface PlanSize {
  readonly requests: number;
  readonly sessions: number;
  /** The shortest time of these waits in milliseconds; see {@link expectedWait}. */
  readonly leastMs: number;
  /** The longest time of these waits in milliseconds. */
  readonly mostMs: number;
}

/**
 * Counts the requests of a plan, and the sessions for them.
 * @param learned - what the state has learned about the wait between sessions
 */
export async function estimate(
  batches: AsyncIterable<Batch>,
  learned: LearnedWait = NOTHING_LEARNED,
): Promise<PlanSize> {
  const sessions = new Sessions();
  for await (const chunk of toFlow(batches).chunks()) for (const batch of chunk) sessions.add(batch);
  const waits = Math.max(0, sessions.count - 1);
  const { leastMs, mostMs } = expectedWait(learned);
  return {
    requests: sessions.requests,
    sessions: sessions.count,
    leastMs: waits * leastMs,
    mostMs: waits * mostMs,
  };
}

/** Fills sessions with requests in the order in which they are sent. */
class Sessions {
  requests = 0;
  count = 0;
  /** Requests that the last session has room for. */
  #room = 0;
  /** The last session that creates users or groups, for which dependent memberships wait. */
  #lastCreate = 0;
  /** The last session that changes users, without those who wait themselves. They wait for it. */
  #lastUsers = 0;

  add(batch: Batch): void {
    const { entity, kind, dependent, changes } = batch;
    if (this.#room === 0 || this.#waitsFor(batch) === this.count) {
      this.count++;
      this.#room = LIMITS.requestsPerSession;
    }
    this.#room--;
    this.requests++;
    if (entity === 'memberships') return;
    if (kind === 'upsert' && changes.some(({ created }) => created)) this.#lastCreate = this.count;
    if (entity === 'users' && !dependent) this.#lastUsers = this.count;
  }

  /** The session that must be over before a request is sent; 0 if there is none. */
  #waitsFor({ entity, kind, dependent }: Batch): number {
    if (!dependent || kind === 'delete') return 0;
    return entity === 'users' ? this.#lastUsers : this.#lastCreate;
  }
}
