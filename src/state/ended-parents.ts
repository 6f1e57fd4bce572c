import { splitMembershipKey, type MembershipRecord } from '../core/model.js';
import type { PendingRow, SessionOutcome } from './journal.js';
import { UNKNOWN, type AdoptedRow, type HeldRow, type StateStore } from './store.js';

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

/** Decides by its two ids whether a membership is one of a user or group that Okta may have removed. */
export type IsDoubted = (membership: MembershipRecord) => boolean;

/**
 * The confirmed memberships of users and groups that Okta may have removed by other means than a session, in parts. They must become
 * unknown with them: if they stayed confirmed, a run that sends the user or group again and does not read the memberships would lose
 * them for good.
 */
export async function* membershipsOf(
  state: Pick<StateStore, 'rows' | 'counts'>,
  isDoubted: IsDoubted,
): AsyncGenerator<readonly HeldRow[], void, undefined> {
  if ((await state.counts()).memberships.known === 0) return;
  for await (const rows of state.rows('memberships')) {
    const found = rows.filter(
      ({ key, held }) => held.kind === 'confirmed' && isDoubted(splitMembershipKey(key)),
    );
    if (found.length > 0) yield found;
  }
}

/** Makes the memberships of {@link membershipsOf} unknown. */
export async function doubtMembershipsOf(
  state: Pick<StateStore, 'rows' | 'counts' | 'adopt'>,
  isDoubted: IsDoubted,
): Promise<void> {
  for await (const rows of membershipsOf(state, isDoubted))
    await state.adopt(rows.map(({ entity, key }) => ({ entity, key, held: UNKNOWN })));
}
