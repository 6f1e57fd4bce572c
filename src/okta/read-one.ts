import { splitMembershipKey, type Entity, type Profile } from '../core/model.js';
import type { DirectoryClient } from './directory-client.js';
import { allPages } from './read-back.js';
import type { CallOptions } from './wire.js';

/** The calls that read single users, groups and members. */
export type EntityReader = Pick<DirectoryClient, 'getUser' | 'getGroup' | 'getMemberships'>;

/** One user, group or membership at Okta. Whether a user is active is not part of Okta's answer. */
export interface OktaEntity {
  /** The attributes; empty for a membership. */
  readonly profile: Profile;
  /** The external id in Okta's answer; undefined for a membership. Okta finds a group by its own id, too. */
  readonly externalId?: string;
}

/**
 * Reads one user, group or membership by its key; undefined if Okta does not know it. For a membership it reads the members of the
 * group, page by page, up to the one.
 */
export async function readOne(
  okta: EntityReader,
  entity: Entity,
  key: string,
  options: CallOptions,
): Promise<OktaEntity | undefined> {
  if (entity === 'users') return okta.getUser(key, options);
  if (entity === 'groups') return okta.getGroup(key, options);
  const { groupExternalId, memberExternalId } = splitMembershipKey(key);
  const found = await findMembers(okta, groupExternalId, [memberExternalId], options);
  return found.size === 1 ? { profile: {} } : undefined;
}

/** Those of the wanted members that the group has. It reads page by page, until all of them are found. */
export async function findMembers(
  okta: EntityReader,
  groupExternalId: string,
  wanted: readonly string[],
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const left = new Set(wanted);
  const found = new Set<string>();
  const read = okta.getMemberships.bind(okta, groupExternalId);
  for await (const members of allPages('getIdentitySourceGroupMemberships', read, options)) {
    for (const member of members) if (left.delete(member)) found.add(member);
    if (left.size === 0) break;
  }
  return found;
}

/** The names of the attributes that differ. One that is missing is the same as null. */
export function differingAttributes(expected: Profile, found: Profile): string[] {
  return Object.keys(expected).filter((name) => (expected[name] ?? null) !== (found[name] ?? null));
}
