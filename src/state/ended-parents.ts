import { splitMembershipKey } from '../core/model.js';
import { UNKNOWN, type AdoptedRow, type PendingRow, type SessionOutcome } from './store.js';

/**
 * The users and groups that a commit removes, or may remove. Their memberships are changed in the same transaction. If they stayed
 * confirmed, they would count as unchanged when the user or group comes back, and would never be sent again.
 */
export interface EndedParents {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  /** True if Okta certainly removed them. */
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

/** The users and groups that `adopt` removes from the baseline. */
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
 * The new row of a membership; undefined if it does not change, because its user and its group stay. The memberships of a group
 * that was certainly removed are removed too. A removed user is only deactivated, and Okta does not document the effect on
 * memberships, so they become unknown: if the user comes back, each is sent again, or deleted.
 */
export function membershipAfter(key: string, ended: EndedParents): AdoptedRow | undefined {
  const { groupExternalId, memberExternalId } = splitMembershipKey(key);
  const entity = 'memberships';
  if (ended.groups.has(groupExternalId)) return { entity, key, held: ended.isCertain ? undefined : UNKNOWN };
  return ended.users.has(memberExternalId) ? { entity, key, held: UNKNOWN } : undefined;
}
