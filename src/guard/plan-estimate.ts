import { LIMITS } from '../core/limits.js';
import { toFlow } from '../flow/flow.js';
import type { Batch } from '../core/model.js';

/** The number of requests and sessions of a plan, and the time that Okta's waits between sessions take. */
export interface PlanSize {
  readonly requests: number;
  readonly sessions: number;
  /** The time in milliseconds if Okta requires one minute between two sessions. */
  readonly leastMs: number;
  /** The time in milliseconds if Okta requires five minutes between two sessions, as it documents. */
  readonly mostMs: number;
}

/** Counts the requests of a plan, and the sessions for them. */
export async function estimate(batches: AsyncIterable<Batch>): Promise<PlanSize> {
  const sessions = new Sessions();
  for await (const chunk of toFlow(batches).chunks()) for (const batch of chunk) sessions.add(batch);
  const waits = Math.max(0, sessions.count - 1);
  return {
    requests: sessions.requests,
    sessions: sessions.count,
    leastMs: waits * LIMITS.shortSessionCooldownMs,
    mostMs: waits * LIMITS.sessionCooldownMs,
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
