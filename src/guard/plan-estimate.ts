import { LIMITS } from '../core/limits.js';
import { toFlow } from '../flow/flow.js';
import type { Batch } from '../core/model.js';

/** What sending a plan takes. */
export interface PlanSize {
  readonly requests: number;
  readonly sessions: number;
  /** Milliseconds; sessions are at least five minutes apart. */
  readonly leastMs: number;
}

/** Packs the plan as it will be packed, and counts requests and the sessions they make. */
export async function estimate(batches: AsyncIterable<Batch>): Promise<PlanSize> {
  let free = 0;
  let dependent = 0;
  /** The position of the last request that creates what a dependent one may wait for. */
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

/** Dependent requests may top up the last session of the free ones only if every creation is in an earlier one. */
function sessionsOf(free: number, dependent: number, lastCreate: number): number {
  const per = LIMITS.requestsPerSession;
  const freeSessions = Math.ceil(free / per);
  const createSessions = Math.ceil(lastCreate / per);
  const room = createSessions < freeSessions ? freeSessions * per - free : 0;
  return freeSessions + Math.ceil(Math.max(0, dependent - room) / per);
}
