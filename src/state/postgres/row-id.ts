import { createHash } from 'node:crypto';
import { membershipKey, splitMembershipKey, type Entity } from '../../core/model.js';
import type { BytesArrayWriter } from './bytes-array.js';

/** The first byte of a part of an id says how the text is encoded. */
const UTF8 = 1;
/** For a text that is not well-formed Unicode, which UTF-8 cannot represent. */
const UTF16 = 2;
/** For a long text: its SHA-256. */
const HASHED = 3;
/** The most bytes of a text that is in an id. An entry of an index has at most 2,704 bytes, and a membership has two ids. */
const LONGEST_TEXT = 1200;
/** Characters of a text that is not {@link HASHED}, whatever they are. */
const SHORT_TEXT = LONGEST_TEXT / 3;
/** In place of the length of the group's part, for a key that is not one of a membership. */
const NO_MEMBERSHIP = 0xffff;
const LENGTH_BYTES = 2;

/** The columns that identify a row of the baseline. */
export interface RowId {
  /** Identifies the row among those of its entity. The ids of the memberships of one group begin alike. */
  readonly id: Buffer;
  /** The key in UTF-16, if the id contains only a hash of it. */
  readonly longKey: Buffer | undefined;
  /** The member of a membership. */
  readonly member: Buffer | undefined;
}

/** The columns that identify the row of a key. */
export function rowIdOf(entity: Entity, key: string): RowId {
  const prefix = Buffer.alloc(0);
  if (entity !== 'memberships') return rowId(key, prefix, partOf(key), undefined);
  const { groupExternalId, memberExternalId } = splitMembershipKey(key);
  if (membershipKey(groupExternalId, memberExternalId) !== key)
    return rowId(key, lengthOf(NO_MEMBERSHIP), partOf(key), undefined);
  const member = partOf(memberExternalId);
  return rowId(key, groupPrefix(groupExternalId), member, member);
}

/** The id of the row of a key, without the other columns. */
export function idOf(entity: Entity, key: string): Buffer {
  return rowIdOf(entity, key).id;
}

/**
 * The id as an expression of SQL, equal to {@link idOf}, from expressions of the texts of a key: NULL for a text that is NULL, empty or long.
 * PostgreSQL has only well-formed texts.
 */
export function idExpression(texts: readonly string[]): string {
  const bytes = texts.map((text) => `convert_to(${text}, 'UTF8')`);
  const [group, member] = bytes.map((text) => `'\\x0${UTF8}'::bytea || ${text}`);
  const id =
    member === undefined ? group : `int2send((octet_length(${bytes[0]}) + 1)::int2) || ${group} || ${member}`;
  const areShort = bytes.map((text) => `octet_length(${text}) BETWEEN 1 AND ${LONGEST_TEXT}`).join(' AND ');
  return `CASE WHEN ${areShort} THEN ${id} END`;
}

/** Adds {@link idOf} to an array. Most ids are short, and take one copy. */
export function addId(array: BytesArrayWriter, entity: Entity, key: string): void {
  if (entity !== 'memberships' && key.length <= SHORT_TEXT && key.isWellFormed()) array.addText(UTF8, key);
  else array.add(idOf(entity, key));
}

/** The id of a user as memberships contain it. */
export function memberOf(userExternalId: string): Buffer {
  return partOf(userExternalId);
}

/** The bytes with which the ids of all memberships of a group begin. */
export function groupPrefix(groupExternalId: string): Buffer {
  const group = partOf(groupExternalId);
  return Buffer.concat([lengthOf(group.length), group]);
}

/** The first bytes after all that begin with a prefix of {@link groupPrefix}. */
export function afterPrefix(prefix: Buffer): Buffer {
  let last = prefix.length - 1;
  while (prefix[last] === 0xff) last--;
  const end = Buffer.from(prefix.subarray(0, last + 1));
  end[last] = (end[last] as number) + 1;
  return end;
}

/** The key of a row, from its columns. */
export function keyOfRow(entity: Entity, id: Buffer, longKey: Buffer | null): string {
  if (longKey !== null) return longKey.toString('utf16le');
  if (entity !== 'memberships') return textOf(id);
  const length = id.readUInt16BE(0);
  if (length === NO_MEMBERSHIP) return textOf(id.subarray(LENGTH_BYTES));
  const end = LENGTH_BYTES + length;
  return membershipKey(textOf(id.subarray(LENGTH_BYTES, end)), textOf(id.subarray(end)));
}

function rowId(key: string, prefix: Buffer, part: Buffer, member: Buffer | undefined): RowId {
  const isHashed = part[0] === HASHED || prefix[LENGTH_BYTES] === HASHED;
  return {
    id: Buffer.concat([prefix, part]),
    longKey: isHashed ? Buffer.from(key, 'utf16le') : undefined,
    member,
  };
}

function partOf(text: string): Buffer {
  const isUtf8 = text.isWellFormed();
  const bytes = Buffer.from(text, isUtf8 ? 'utf8' : 'utf16le');
  if (bytes.length <= LONGEST_TEXT) return Buffer.concat([Buffer.of(isUtf8 ? UTF8 : UTF16), bytes]);
  const hash = createHash('sha256').update(Buffer.from(text, 'utf16le')).digest();
  return Buffer.concat([Buffer.of(HASHED), hash]);
}

function textOf(part: Buffer): string {
  return part.toString(part[0] === UTF16 ? 'utf16le' : 'utf8', 1);
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES);
  bytes.writeUInt16BE(length, 0);
  return bytes;
}
