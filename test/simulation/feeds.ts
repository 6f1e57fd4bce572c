import {
  keyOf,
  type Entity,
  type GroupRecord,
  type MembershipRecord,
  type RecordOf,
  type RemovedMembership,
  type RemovedRecord,
  type UserRecord,
} from '../../src/core/model.js';
import { leftOutRecord } from '../../src/validate/left-out-record.js';
import type { SourceDirectory } from '../support/world.js';
import type { Draws } from './draws.js';

/** A feed of changes, in which an entity may come several times. */
export interface Feed {
  readonly users: readonly (UserRecord | RemovedRecord)[];
  readonly groups: readonly (GroupRecord | RemovedRecord)[];
  readonly memberships: readonly (MembershipRecord | RemovedMembership)[];
}

/** The changes between two directories, with some records that have not changed, and some that a later one replaces. */
export function feedOf(before: SourceDirectory, after: SourceDirectory, draws: Draws): Feed {
  return {
    users: changes('users', before.users, after.users, draws),
    groups: changes('groups', before.groups, after.groups, draws),
    memberships: changes('memberships', before.memberships, after.memberships, draws),
  };
}

function changes<E extends Entity>(
  entity: E,
  before: readonly RecordOf[E][],
  after: readonly RecordOf[E][],
  draws: Draws,
): (RecordOf[E] & { readonly deleted?: true })[] {
  const removed = (record: RecordOf[E]) => {
    const { profile: _profile, ...ids } = record as UserRecord;
    return { ...ids, deleted: true } as unknown as RecordOf[E] & { readonly deleted: true };
  };
  const old = new Map(before.map((record) => [keyOf(entity, record), record]));
  const feed: (RecordOf[E] & { readonly deleted?: true })[] = [];
  for (const record of after) {
    const key = keyOf(entity, record);
    const was = old.get(key);
    old.delete(key);
    if (JSON.stringify(was) === JSON.stringify(record) && !draws.chance(0.1)) continue;
    if (draws.chance(0.15)) feed.push(draws.chance(0.5) && was !== undefined ? was : removed(record));
    feed.push(record);
  }
  return [...feed, ...Array.from(old.values(), removed)];
}

/** The last record of each entity of a feed, by key. */
export function lastByKey(feed: Feed, entity: Entity): Map<string, Feed[Entity][number]> {
  const records: readonly Feed[Entity][number][] = feed[entity];
  return new Map(records.map((record) => [keyOf(entity, record as RecordOf[Entity]), record]));
}

/** The source as a mapping with a condition passes it on: users who are out of scope are left out. */
export function leftOut(source: SourceDirectory, out: ReadonlySet<string>): SourceDirectory {
  return {
    ...source,
    users: source.users.map((user) =>
      out.has(user.externalId) ? leftOutRecord<'users'>(user.externalId) : user,
    ),
  };
}

/** What Okta should have of a source of which users are left out: neither them nor their memberships. */
export function inScope(source: SourceDirectory, out: ReadonlySet<string>): SourceDirectory {
  return {
    ...source,
    users: source.users.filter(({ externalId }) => !out.has(externalId)),
    memberships: source.memberships.filter(({ memberExternalId }) => !out.has(memberExternalId)),
  };
}
