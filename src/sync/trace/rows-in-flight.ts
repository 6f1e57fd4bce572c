import { displayKey, splitMembershipKey, type Entity } from '../../core/model.js';
import type { Journal, JournaledSession, PendingRow } from '../../state/journal.js';

/** The most rows that are listed; all are counted. */
const MOST = 20;

/** A row of a session in flight. */
export interface RowInFlight {
  /** Undefined if the answer to the creation of the session was lost. */
  readonly sessionId: string | undefined;
  readonly phase: JournaledSession['phase'];
  readonly entity: Entity;
  readonly kind: PendingRow['kind'];
  /** For a membership `group/member`. */
  readonly id: string;
}

/** The rows in flight that touch an id. */
export interface Touching {
  readonly count: number;
  readonly first: readonly RowInFlight[];
}

/** Finds the rows of sessions in flight that are of this id, and memberships of this user or group. It reads one load at a time. */
export async function rowsInFlight(
  journal: Journal,
  sessions: readonly JournaledSession[],
  id: string,
  entities: readonly Entity[],
): Promise<Touching> {
  let count = 0;
  const first: RowInFlight[] = [];
  for (const { id: journalId, sessionId, phase } of sessions) {
    for await (const rows of journal.pending(journalId)) {
      for (const { entity, kind, key } of rows) {
        if (!touches(entity, key, id, entities)) continue;
        count++;
        if (first.length < MOST) first.push({ sessionId, phase, entity, kind, id: displayKey(entity, key) });
      }
    }
  }
  return { count, first };
}

function touches(entity: Entity, key: string, id: string, entities: readonly Entity[]): boolean {
  if (entities.includes(entity) && displayKey(entity, key) === id) return true;
  if (entity !== 'memberships') return false;
  const { groupExternalId, memberExternalId } = splitMembershipKey(key);
  return (
    (entities.includes('users') && memberExternalId === id) ||
    (entities.includes('groups') && groupExternalId === id)
  );
}
