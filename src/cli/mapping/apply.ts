import {
  membershipKey,
  type GroupRecord,
  type MembershipRecord,
  type RemovedMembership,
  type RemovedRecord,
  type UserRecord,
} from '../../core/model.js';
import { isLeftOut, leftOutRecord } from '../../validate/left-out-record.js';
import { refusalOf, refusedRecord } from '../../validate/refused-record.js';
import { toGroup, toMembership, toUser, type FlatRow } from '../../transform/to-records.js';
import { Fault, type Row } from './cells.js';
import type { Condition } from './condition.js';
import { GROUP, type ListedRule, type NamedGroupsRule, type PairRule, type RecordRule } from './mapping.js';
import type { ValueRule } from './values.js';

type ProfileRecord = UserRecord & GroupRecord;

/**
 * The user or group of a row; a placeholder if the mapping leaves the row out. A row that cannot be mapped becomes a
 * rejected record, with its key if the key is known, so that it is not deleted in Okta.
 *
 * @param isFeed - true for a feed of changes: a row that the mapping leaves out, or marks as deleted, is a removal
 */
export function recordOf(
  { externalId, profile, when, deleted }: RecordRule,
  row: Row,
  isFeed = false,
): ProfileRecord {
  const id = externalId.of(row);
  const key = typeof id === 'string' && id !== '' ? id : undefined;
  const isDeleted = deleted?.of(row) ?? false;
  if (isDeleted instanceof Fault) return refused(isDeleted, key, undefined);
  const wanted = isDeleted || when === undefined || when.of(row);
  if (wanted === false && !isFeed) return leftOutRecord<'users'>(key);
  if (wanted instanceof Fault) return refused(wanted, key, undefined);
  if (id instanceof Fault) return refused(id, undefined, 'externalId');
  if (key === undefined) return refused(noId(externalId), undefined, 'externalId');
  // A feed does not show who is missing, so a person who no longer meets the condition is removed like one who is marked.
  if (isDeleted || !wanted) return marked({ externalId: key, deleted: true });
  const result = profileOf(profile, row);
  if (Array.isArray(result)) return refused(result[1], key, result[0]);
  return { externalId: key, profile: result };
}

/** The profile of a row; or the first attribute that cannot be mapped, with the reason. */
function profileOf(
  rules: ReadonlyMap<string, ValueRule>,
  row: Row,
): Record<string, string | null> | [field: string, fault: Fault] {
  const profile: Record<string, string | null> = {};
  for (const [name, rule] of rules) {
    const value = rule.of(row);
    if (value instanceof Fault) return [name, value];
    if (value !== undefined) profile[name] = value;
  }
  return profile;
}

/** The key of the membership of a row; undefined if one of its ids is not valid. */
export function keyOfPair(rule: PairRule, row: Row): string | undefined {
  const group = idOf(rule.groupExternalId, row);
  const member = idOf(rule.memberExternalId, row);
  return group instanceof Fault || member instanceof Fault ? undefined : membershipKey(group, member);
}

/** The key of the user or group of a row; undefined if its id is not valid. */
export function keyOfRecord({ externalId }: RecordRule, row: Row): string | undefined {
  const id = externalId.of(row);
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** The membership of a row; undefined if the mapping leaves the row out. */
export function pairOf(rule: PairRule, row: Row, isFeed = false): MembershipRecord | undefined {
  const isDeleted = rule.deleted?.of(row) ?? false;
  const wanted = isDeleted !== false || rule.when === undefined || rule.when.of(row);
  if (wanted === false && !isFeed) return undefined;
  const group = idOf(rule.groupExternalId, row);
  const member = idOf(rule.memberExternalId, row);
  if (group instanceof Fault) return refused(group, undefined, 'groupExternalId');
  if (member instanceof Fault) return refused(member, undefined, 'memberExternalId');
  for (const result of [isDeleted, wanted])
    if (result instanceof Fault) return refused(result, membershipKey(group, member), undefined);
  if (isDeleted === true || !wanted)
    return marked({ groupExternalId: group, memberExternalId: member, deleted: true });
  return { groupExternalId: group, memberExternalId: member };
}

/**
 * The memberships of the row of a person or group. If the row cannot be mapped, its memberships are unknown: it becomes a rejected
 * record without a key, so that all removals of memberships are held back.
 */
export function* listedOf(rule: ListedRule, row: Row): Generator<MembershipRecord, void, undefined> {
  const wanted = allOf(rule.when, row);
  if (wanted === false) return;
  const ofUsers = rule.kind === 'users';
  const id = idOf(rule.externalId, row);
  const others = rule.list.of(row);
  if (wanted instanceof Fault) yield refused(wanted, undefined, undefined);
  else if (id instanceof Fault)
    yield refused(id, undefined, ofUsers ? 'memberExternalId' : 'groupExternalId');
  else if (others instanceof Fault)
    yield refused(others, undefined, ofUsers ? 'groupExternalId' : 'memberExternalId');
  else
    for (const other of others)
      yield ofUsers
        ? { groupExternalId: other, memberExternalId: id }
        : { groupExternalId: id, memberExternalId: other };
}

/**
 * A group that a membership names.
 *
 * @param row - the row of the membership, if there is one for each membership
 */
export function namedGroup(rule: NamedGroupsRule, group: string, row: Row = {}): GroupRecord {
  const profile = profileOf(rule.profile, { ...row, [GROUP]: group });
  return Array.isArray(profile) ? refused(profile[1], group, profile[0]) : { externalId: group, profile };
}

/** A row that is not used, because another row with its id counts; or for which that cannot be decided. */
export function duplicateOf({ externalId }: RecordRule, row: Row, fault: Fault | undefined): ProfileRecord {
  if (fault === undefined) return leftOutRecord<'users'>(undefined);
  const id = externalId.of(row);
  return refused(fault, typeof id === 'string' ? id : undefined, 'externalId');
}

/** {@link duplicateOf} for memberships: undefined for a row that does not count. */
export function duplicatePair(
  rule: PairRule,
  row: Row,
  verdict: Fault | false,
): MembershipRecord | undefined {
  return verdict === false ? undefined : refused(verdict, keyOfPair(rule, row), undefined);
}

/** A row whose memberships are unknown. */
export function refusedList(fault: Fault): MembershipRecord {
  return refused(fault, undefined, undefined);
}

function allOf(conditions: readonly Condition[], row: Row): boolean | Fault {
  let fault: Fault | undefined;
  for (const condition of conditions) {
    const result = condition.of(row);
    if (result === false) return false;
    if (result instanceof Fault) fault ??= result;
  }
  return fault ?? true;
}

function idOf(rule: ValueRule, row: Row): string | Fault {
  const id = rule.of(row);
  if (id instanceof Fault) return id;
  return typeof id === 'string' && id !== '' ? id : noId(rule);
}

function noId({ place }: ValueRule): Fault {
  return new Fault('NO_EXTERNAL_ID', `is missing or empty (${place})`);
}

function refused(
  { code, reason }: Fault,
  key: string | undefined,
  field: string | undefined,
): ProfileRecord & MembershipRecord {
  const record: unknown = refusedRecord<'users'>({ key, field, code, reason });
  return record as ProfileRecord & MembershipRecord;
}

/** A record that marks a removal. Only a source in mode `delta` may have it. */
function marked(record: RemovedRecord | RemovedMembership): ProfileRecord & MembershipRecord {
  return record as unknown as ProfileRecord & MembershipRecord;
}

/** The record of a row without a mapping: its columns have the default names, or a JSON object is a whole record. */
export function identityRecord(entity: 'users' | 'groups', row: Row): ProfileRecord {
  if (isPlaceholder(row)) return row;
  if (typeof row['deleted'] === 'boolean') return identityOfFeed(entity, row);
  if (typeof row['profile'] === 'object' && row['profile'] !== null) {
    const besides = Object.keys(row).find((name) => name !== 'externalId' && name !== 'profile');
    if (besides === undefined) return row as unknown as ProfileRecord;
    const id = row['externalId'];
    const key = typeof id === 'string' && id !== '' ? id : undefined;
    return refused(
      new Fault('UNKNOWN_PROPERTY', 'is not allowed in a record with externalId and profile'),
      key,
      besides,
    );
  }
  // A CSV file without this column was already an error; `validate` rejects a JSON object without it.
  const flat = (Object.hasOwn(row, 'externalId') ? row : { ...row, externalId: '' }) as FlatRow;
  return entity === 'users' ? toUser(flat) : toGroup(flat);
}

/** The record of a JSON object that says whether it marks a removal. */
function identityOfFeed(entity: 'users' | 'groups', { deleted, ...row }: Row): ProfileRecord {
  if (deleted === false) return identityRecord(entity, row);
  return marked({ externalId: row['externalId'] as string, deleted: true });
}

/** {@link identityRecord} for memberships. */
export function identityPair(row: Row): MembershipRecord {
  if (isPlaceholder(row)) return row;
  if (row['deleted'] === true) return { ...toMembership(withIds(row)), deleted: true } as MembershipRecord;
  return toMembership(withIds(row));
}

function withIds(row: Row): FlatRow {
  return { groupExternalId: '', memberExternalId: '', ...row };
}

/** True for a record that a source in code rejects or leaves out. */
export function isPlaceholder(row: unknown): row is ProfileRecord & MembershipRecord {
  return refusalOf(row) !== undefined || isLeftOut(row);
}
