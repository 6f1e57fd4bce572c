import type { JournaledSession } from './journal.js';

/** A session as a journal has it before it is created: see `Journal.creating`. */
export function createdSession(id: number, now: number, seen: readonly string[]): JournaledSession {
  return {
    id,
    sessionId: undefined,
    phase: 'creating',
    startedAt: now,
    seen: [...seen],
    triggeredAt: undefined,
    loads: 0,
    acknowledged: 0,
    rows: 0,
    hasUpserts: false,
  };
}
