/** The three kinds of thing an identity source holds. */
export type Entity = 'users' | 'groups' | 'memberships';

/** What is done to an entity at Okta. */
export type ChangeKind = 'upsert' | 'delete';

/** The entities in the order in which they are created; they are removed in the reverse order. */
export const ENTITIES: readonly Entity[] = Object.freeze(['users', 'groups', 'memberships']);

/** A profile as Okta takes it: strings, or null where the service allows null. */
export type Profile = Readonly<Record<string, string | null>>;

/** One person of the directory of record. */
export interface UserRecord {
  /** The directory's own, unchanging id of the person; at most 512 characters. */
  readonly externalId: string;
  readonly profile: Profile;
}

/** One group of the directory of record. */
export interface GroupRecord {
  /** The directory's own, unchanging id of the group; at most 255 characters. */
  readonly externalId: string;
  readonly profile: Profile;
}

/** One person's membership of one group. */
export interface MembershipRecord {
  readonly groupExternalId: string;
  readonly memberExternalId: string;
}

/** A user or group that a delta feed marks as removed. */
export interface RemovedRecord {
  readonly externalId: string;
  readonly deleted: true;
}

/** A membership that a delta feed marks as removed. */
export interface RemovedMembership extends MembershipRecord {
  readonly deleted: true;
}

/** The record type of each entity. */
export interface RecordOf {
  readonly users: UserRecord;
  readonly groups: GroupRecord;
  readonly memberships: MembershipRecord;
}

/** Any record. */
export type DirectoryRecord = RecordOf[Entity];

/** What a state keeps of one record instead of the record. Without the state's key it says nothing. */
export interface Fingerprint {
  /** A 128-bit hash of the whole record, its key included: 16 characters of 8 bits each. */
  readonly digest: string;
  /** Fingerprints of the attributes, four characters of 8 bits each; `''` for a membership, which has none. */
  readonly attributes: string;
}

/**
 * One difference between the source and what Okta was last confirmed to hold.
 *
 * `item` is the JSON that is sent for it (for a membership: the member's id alone, as a JSON string, for
 * its group's entry holds many); it is written once, by {@link encodeItem}, and is what is measured and sent.
 */
export interface Change {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** The entity's identity in a state: {@link keyOf} its record. */
  readonly key: string;
  /** The JSON sent for this change. */
  readonly item: string;
  /** For a membership its group's external id as JSON; `''` otherwise. */
  readonly group: string;
  /** What is committed once Okta confirmed an upsert; undefined for a delete. */
  readonly fingerprint: Fingerprint | undefined;
  /** True when Okta was not known to hold the entity before. */
  readonly created: boolean;
  /** The names of the attributes that differ, for an update of a user or group where they are known. */
  readonly changed?: readonly string[] | undefined;
  /**
   * True for a membership whose user or group is created in the same run: it is sent only after the sessions
   * that create them have COMPLETED.
   */
  readonly dependent: boolean;
}

/** The body of one bulk request. */
export interface Batch {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** The JSON body, as sent. */
  readonly body: string;
  /** UTF-8 bytes of `body`. */
  readonly bytes: number;
  /** Entries of the request's array: users, groups, or one entry per group of a membership request. */
  readonly items: number;
  /** The changes inside, so that the batch can be split and committed. */
  readonly changes: readonly Change[];
  /** True when any change inside is dependent (see {@link Change.dependent}). */
  readonly dependent: boolean;
}

/**
 * The identity of a record inside a state: its external id; for a membership both ids, joined so that no two
 * pairs share a key.
 */
export function keyOf<E extends Entity>(entity: E, record: RecordOf[E]): string {
  if (entity !== 'memberships') return (record as UserRecord).externalId;
  const { groupExternalId, memberExternalId } = record as MembershipRecord;
  return membershipKey(groupExternalId, memberExternalId);
}

/** The key of a membership: the group id's length, both ids. Injective, and taken apart by {@link splitMembershipKey}. */
export function membershipKey(groupExternalId: string, memberExternalId: string): string {
  return `${groupExternalId.length}:${groupExternalId}${memberExternalId}`;
}

/** The two ids of a membership's key. */
export function splitMembershipKey(key: string): MembershipRecord {
  const colon = key.indexOf(':');
  const start = colon + 1;
  const end = start + Number(key.slice(0, colon));
  return { groupExternalId: key.slice(start, end), memberExternalId: key.slice(end) };
}

/** The record's external id as people know it; for a membership `group/member`. */
export function displayKey(entity: Entity, key: string): string {
  if (entity !== 'memberships') return key;
  const { groupExternalId, memberExternalId } = splitMembershipKey(key);
  return `${groupExternalId}/${memberExternalId}`;
}

/** The JSON sent for an upsert of a user or group, or for either kind of membership change. */
export function encodeItem<E extends Entity>(
  entity: E,
  record: RecordOf[E],
): { item: string; group: string } {
  if (entity === 'memberships') {
    const { groupExternalId, memberExternalId } = record as MembershipRecord;
    return { item: JSON.stringify(memberExternalId), group: JSON.stringify(groupExternalId) };
  }
  const { externalId, profile } = record as UserRecord;
  return {
    item: `{"externalId":${JSON.stringify(externalId)},"profile":${JSON.stringify(profile)}}`,
    group: '',
  };
}

/** The JSON sent for the deletion of the entity with this key. */
export function encodeDeletion(entity: Entity, key: string): { item: string; group: string } {
  if (entity === 'users') return { item: `{"externalId":${JSON.stringify(key)}}`, group: '' };
  if (entity === 'groups') return { item: JSON.stringify(key), group: '' };
  return encodeItem('memberships', splitMembershipKey(key));
}
