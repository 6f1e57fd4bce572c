import { splitMembershipKey, type Entity, type Profile } from '../core/model.js';
import type { DirectoryClient } from '../okta/directory-client.js';
import { allPages } from './read-back.js';

/** One user, group or membership at Okta. Whether a user is active is not part of Okta's answer. */
export interface OktaEntity {
  /** The attributes; empty for a membership. */
  readonly profile: Profile;
}

/**
 * Reads one user, group or membership by its key; undefined if Okta does not know it. For a membership it reads the members of the
 * group, page by page, up to the one.
 */
export async function readOne(
  okta: DirectoryClient,
  entity: Entity,
  key: string,
  signal: AbortSignal | undefined,
): Promise<OktaEntity | undefined> {
  const options = { ...(signal && { signal }) };
  if (entity === 'users') return okta.getUser(key, options);
  if (entity === 'groups') return okta.getGroup(key, options);
  const { groupExternalId, memberExternalId } = splitMembershipKey(key);
  const read = okta.getMemberships.bind(okta, groupExternalId);
  for await (const members of allPages('getIdentitySourceGroupMemberships', read, signal))
    if (members.includes(memberExternalId)) return { profile: {} };
  return undefined;
}

/** The names of the attributes that differ. One that is missing is the same as null. */
export function differingAttributes(expected: Profile, found: Profile): string[] {
  return Object.keys(expected).filter((name) => (expected[name] ?? null) !== (found[name] ?? null));
}
