import { LIMITS } from '../core/limits.js';
import { toFlow } from '../flow/flow.js';
import type { Batch } from '../core/model.js';

/** The number of requests and sessions of a plan, and the shortest time to send it. */
export interface PlanSize {
  readonly requests: number;
  readonly sessions: number;
  /** The shortest time in milliseconds: five minutes between two sessions. */
  readonly leastMs: number;
}

/** Counts the requests of a plan, and the sessions for them. */
export async function estimate(batches: AsyncIterable<Batch>): Promise<PlanSize> {
  let free = 0;
  let dependent = 0;
  /** The number of the last request that creates users or groups, for which dependent requests may wait. */
  let lastCreate = 0;
  for await (const chunk of toFlow(batches).chunks()) {
    for (const { dependent: waits, entity, changes } of chunk) {
      if (waits) dependent++;
      else free++;
      if (!waits && entity !== 'memberships' && changes.some((change) => change.created)) lastCreate = free;
    }
  }
  const sessions = sessionsOf(free, dependent, lastCreate);
  return {
    requests: free + dependent,
    sessions,
    leastMs: Math.max(0, sessions - 1) * LIMITS.sessionCooldownMs,
  };
}

/** Dependent requests are sent in the last session of the free ones only if all creations are in earlier sessions. */
function sessionsOf(free: number, dependent: number, lastCreate: number): number {
  const per = LIMITS.requestsPerSession;
  const freeSessions = Math.ceil(free / per);
  const createSessions = Math.ceil(lastCreate / per);
  const room = createSessions < freeSessions ? freeSessions * per - free : 0;
  return freeSessions + Math.ceil(Math.max(0, dependent - room) / per);
}
