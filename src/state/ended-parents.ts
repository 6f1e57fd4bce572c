import { splitMembershipKey } from '../core/model.js';
import { UNKNOWN, type AdoptedRow, type PendingRow, type SessionOutcome } from './store.js';

/**
 * The users and groups that a commit ends, or may end. Their memberships are written in the same transaction: a pair that
 * stayed confirmed would count as unchanged when its user or group returns, and would never be sent again.
 */
export interface EndedParents {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  /** Whether they certainly ended. */
  readonly isCertain: boolean;
}

/** The users and groups that a session deleted, or may have deleted. */
export function endedBySession(
  rows: readonly PendingRow[],
  outcome: Exclude<SessionOutcome, 'dropped'>,
): EndedParents {
  return parentsOf(
    rows.filter(({ kind }) => kind === 'delete'),
    outcome === 'completed',
  );
}

/** The users and groups that are taken out of the baseline. */
export function endedByAdoption(rows: readonly AdoptedRow[]): EndedParents {
  return parentsOf(
    rows.filter(({ held }) => held === undefined),
    true,
  );
}

function parentsOf(rows: readonly Pick<AdoptedRow, 'entity' | 'key'>[], isCertain: boolean): EndedParents {
  const keys = (entity: 'users' | 'groups') =>
    new Set(rows.filter((row) => row.entity === entity).map(({ key }) => key));
  return { users: keys('users'), groups: keys('groups'), isCertain };
}

/**
 * What the baseline says of a membership that it holds; undefined where both its user and its group stay. A group that
 * certainly ended has no members. A user is only deactivated, and Okta does not say what becomes of the memberships: they
 * are unknown, so that each is sent again, or deleted, should the user return.
 */
export function membershipAfter(key: string, ended: EndedParents): AdoptedRow | undefined {
  const { groupExternalId, memberExternalId } = splitMembershipKey(key);
  const entity = 'memberships';
  if (ended.groups.has(groupExternalId)) return { entity, key, held: ended.isCertain ? undefined : UNKNOWN };
  return ended.users.has(memberExternalId) ? { entity, key, held: UNKNOWN } : undefined;
}
