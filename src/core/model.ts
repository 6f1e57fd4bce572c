/** The three kinds of entities of an identity source. */
export type Entity = 'users' | 'groups' | 'memberships';

/** The operation on an entity in Okta. */
export type ChangeKind = 'upsert' | 'delete';

/** The entities, in the order in which they are created; they are deleted in the reverse order. */
export const ENTITIES: readonly Entity[] = Object.freeze(['users', 'groups', 'memberships']);

/** A profile as Okta accepts it: strings, or null for attributes that allow null. */
export type Profile = Readonly<Record<string, string | null>>;

/** One person of the source. */
export interface UserRecord {
  /** The permanent id of the person in the source; at most 512 characters. */
  readonly externalId: string;
  readonly profile: Profile;
}

/** One group of the source. */
export interface GroupRecord {
  /** The permanent id of the group in the source; at most 255 characters. */
  readonly externalId: string;
  readonly profile: Profile;
}

/** The membership of one person in one group. */
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

/**
 * A record that `validate` accepted. Only `validate` makes one, so that a forgotten `validate`, or one of another entity,
 * does not compile. At run time it is the record itself: the property exists in the type alone.
 */
export type Valid<E extends Entity> = ValidMark[E] & RecordOf[E];

/** The marks of {@link Valid}. Compiler errors contain their names. */
interface ValidMark {
  readonly users: { readonly "accepted by validate('users')": true };
  readonly groups: { readonly "accepted by validate('groups')": true };
  readonly memberships: { readonly "accepted by validate('memberships')": true };
}

/** The keyed hashes that a state stores instead of a record. Without the key of the state, they reveal nothing. */
export interface Fingerprint {
  /** A 128-bit hash of the whole record, its key included: 16 characters of 8 bits each. */
  readonly digest: string;
  /**
   * Fingerprints of the attributes, four characters of 8 bits each; for a user with a login, its fingerprint follows them
   * (see `fingerprints/login-fingerprints`). `''` for a membership, which has none.
   */
  readonly attributes: string;
}

/**
 * One difference between the source and the last state that Okta confirmed.
 *
 * `item` is the JSON that is sent for the change. For a membership it is only the member's id as a JSON string, because
 * the entry of a group contains many members. It is encoded once, by `encodeItem`, so that the bytes that are
 * measured are the bytes that are sent.
 */
export interface Change {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** The key of the record in a state; see `keyOf`. */
  readonly key: string;
  /** The JSON sent for this change. */
  readonly item: string;
  /** For a membership, the external id of its group as JSON; otherwise `''`. */
  readonly group: string;
  /** The fingerprint to commit when Okta has confirmed an upsert; undefined for a delete. */
  readonly fingerprint: Fingerprint | undefined;
  /** True if the entity was not in the baseline before. */
  readonly created: boolean;
  /** True if the record was sent before, and it is not known whether Okta has it. It also counts as created. */
  readonly isResend?: true;
  /** For an update of a user or group, the names of the attributes that differ, if they are known. */
  readonly changed?: readonly string[] | undefined;
  /**
   * True for a change that must come after others of the same run:
   * - a membership whose user or group is created is sent only after the sessions that create them are COMPLETED;
   * - a user who gets the login (`userName`) of another user is sent only after the sessions that remove or change users are;
   * - the end of a membership whose member gets another one is not sent before that one, nor is the end of its group.
   */
  readonly dependent: boolean;
}

/**
 * A change of a plan that passed `guard`. Only `guard` and `unguarded` make one, so that a forgotten guard does not compile.
 * At run time it is the change itself: the property exists in the type alone.
 */
export type Guarded = GuardMark & Change;

/** The mark of {@link Guarded}. */
interface GuardMark {
  readonly 'passed by guard() or unguarded()': true;
}

/** True for a {@link Change}. */
export function isChange({ key, item }: Readonly<Record<string, unknown>>): boolean {
  return typeof key === 'string' && typeof item === 'string';
}

/**
 * What changes have, and batches too. As the first part of a parameter, it makes a compiler error name `diff`, and one property.
 * A batch fits, so that `batch` before `guard` is one error, at the missing guard; two would make the compiler lose the types between.
 */
export interface ChangesFromDiff {
  readonly kind: ChangeKind;
}

/** What only batches have. As the first part of a parameter, it makes a compiler error name `batch`, and one property. */
export interface RequestsFromBatch {
  readonly body: string;
}

/** The body of one bulk request. */
export interface Batch {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** The JSON body, as sent. */
  readonly body: string;
  /** UTF-8 bytes of `body`. */
  readonly bytes: number;
  /** Entries of the request's array: users, groups, or, for memberships, one entry per group. */
  readonly items: number;
  /** The changes inside, so that the batch can be split and committed. */
  readonly changes: readonly Change[];
  /** True if any change inside is dependent (see {@link Change.dependent}). */
  readonly dependent: boolean;
}

/**
 * The key of a record in a state: its external id; for a membership both ids, joined so that no two pairs share a key.
 */
export function keyOf<E extends Entity>(entity: E, record: RecordOf[E]): string {
  if (entity !== 'memberships') return (record as UserRecord).externalId;
  const { groupExternalId, memberExternalId } = record as MembershipRecord;
  return membershipKey(groupExternalId, memberExternalId);
}

/** The key of a membership: the length of the group id, then both ids. Unique, and decoded by {@link splitMembershipKey}. */
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

/** The external id for messages; for a membership `group/member`. */
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
