import { splitMembershipKey, type Change } from '../core/model.js';
import { Reference, type Reading } from '../state/store.js';
import { runReferences } from './run-references.js';

const NONE: ReadonlySet<string> = new Set();

/** The result of looking up the user and the group of a membership. */
export type Verdict = 'held' | 'new' | 'unknown-user' | 'unknown-group';

/** Looks up the users and groups of memberships, each id once. */
export async function checkReferences(
  reading: Reading,
  changes: readonly Change[],
): Promise<readonly Verdict[]> {
  const pairs = changes.map((change) => splitMembershipKey(change.key));
  const users = await lookUp(
    reading,
    'users',
    pairs.map((pair) => pair.memberExternalId),
  );
  const groups = await lookUp(
    reading,
    'groups',
    pairs.map((pair) => pair.groupExternalId),
  );
  const { withoutLogin } = runReferences(reading);
  return pairs.map(({ memberExternalId, groupExternalId }) => {
    const user = users.get(memberExternalId);
    const group = groups.get(groupExternalId);
    if (user === Reference.ABSENT || withoutLogin.has(memberExternalId)) return 'unknown-user';
    if (group === Reference.ABSENT) return 'unknown-group';
    return user === Reference.NEW || group === Reference.NEW ? 'new' : 'held';
  });
}

/** Those of some users or groups that are not in Okta, and that this run does not send. */
export async function absentOf(
  reading: Reading,
  entity: 'users' | 'groups',
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return NONE;
  const codes = await lookUp(reading, entity, ids);
  return new Set(ids.filter((id) => codes.get(id) === Reference.ABSENT));
}

async function lookUp(
  reading: Reading,
  entity: 'users' | 'groups',
  ids: readonly string[],
): Promise<Map<string, number>> {
  const unique = Array.from(new Set(ids));
  const codes = await reading.refer(entity, unique);
  return new Map(unique.map((id, i) => [id, codes[i] ?? Reference.ABSENT]));
}

/** The users and groups that this run removes: those that are missing from a complete read, and those that a feed marks. */
export async function removedReferences(
  reading: Reading,
): Promise<{ users: ReadonlySet<string>; groups: ReadonlySet<string> }> {
  const { users, groups } = runReferences(reading).removedByFeed;
  return {
    users: (await missingOf(reading, 'users')) ?? users,
    groups: (await missingOf(reading, 'groups')) ?? groups,
  };
}

/** The entities that are missing from a complete read; undefined if there was none. */
async function missingOf(
  reading: Reading,
  entity: 'users' | 'groups',
): Promise<ReadonlySet<string> | undefined> {
  if (!reading.isComplete(entity)) return undefined;
  const keys = new Set<string>();
  for await (const chunk of reading.missing(entity)) for (const key of chunk) keys.add(key);
  return keys;
}
