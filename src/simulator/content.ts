import type { ChangeKind, Entity, Profile } from '../core/model.js';
import { invalid, malformed } from './api-fault.js';
import {
  GROUP_ID,
  GROUP_PROFILE,
  MAX_BYTES,
  MAX_ITEMS,
  MEMBER_ID,
  USER_ID,
  USER_PROFILE,
  type TextRule,
} from './contract.js';
import type { BulkPath } from './routes.js';

/** One user, group or membership in a bulk request. */
export interface Listed {
  readonly entity: Entity;
  readonly kind: ChangeKind;
  /** The id of the user or group; for a membership, the id of the group. */
  readonly externalId: string;
  /** For a membership, the id of the user; otherwise `''`. */
  readonly memberExternalId: string;
  /** For an upsert of a user or group; otherwise empty. */
  readonly profile: Profile;
}

const EMPTY: Profile = Object.freeze({});

/** Parses the body of a bulk request. @throws ApiFault for a body that the API does not accept. */
export function readContent(bulk: BulkPath, body: string | Uint8Array | undefined): Listed[] {
  const value = parse(body);
  const kind: ChangeKind = bulk.endsWith('upsert') ? 'upsert' : 'delete';
  switch (bulk) {
    case 'bulk-upsert':
    case 'bulk-delete':
      if (value['entityType'] !== 'USERS') throw malformed('entityType must be USERS');
      return entries(value, 'profiles').map((entry, at) =>
        readEntity('users', kind, entry, `profiles[${at}]`, USER_ID, USER_PROFILE),
      );
    case 'bulk-groups-upsert':
      return entries(value, 'profiles').map((entry, at) =>
        readEntity('groups', kind, entry, `profiles[${at}]`, GROUP_ID, GROUP_PROFILE),
      );
    case 'bulk-groups-delete':
      return entries(value, 'externalIds').map((entry, at) =>
        listed('groups', kind, readText(entry, `externalIds[${at}]`, GROUP_ID)),
      );
    default:
      return entries(value, 'memberships').flatMap((entry, at) =>
        readMembers(kind, entry, `memberships[${at}]`),
      );
  }
}

/**
 * Parses the body of a call on one user or group. The id of the path, if there is one, has priority over that of the body.
 * @throws ApiFault for a body that the API does not accept
 */
export function readOne(
  entity: 'users' | 'groups',
  body: string | Uint8Array | undefined,
  id?: string,
): Listed {
  const [idRule, rules] = entity === 'users' ? [USER_ID, USER_PROFILE] : [GROUP_ID, GROUP_PROFILE];
  const value = parse(body);
  const entry = id === undefined ? value : { ...value, externalId: id };
  return readEntity(entity, 'upsert', entry, 'the body', idRule, rules);
}

/** Parses the body that names one member. @throws ApiFault for a body that the API does not accept */
export function readMember(body: string | Uint8Array | undefined): string {
  return readText(parse(body)['memberExternalId'], 'memberExternalId', MEMBER_ID);
}

/** Bytes of a body as sent. */
export function bytesOf(body: string | Uint8Array | undefined): number {
  return body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
}

function parse(body: string | Uint8Array | undefined): Readonly<Record<string, unknown>> {
  const bytes = bytesOf(body);
  if (body === undefined || bytes === 0) throw malformed('the request has no body');
  if (bytes > MAX_BYTES) throw invalid(`the body has ${bytes} bytes, at most ${MAX_BYTES}`, 'too-many-bytes');
  let value: unknown;
  try {
    const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
    value = JSON.parse(text);
  } catch {
    throw malformed('the body is not JSON in UTF-8');
  }
  if (!isObject(value)) throw malformed('the body is not a JSON object');
  return value;
}

function entries(value: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
  const list = Object.hasOwn(value, name) ? value[name] : undefined;
  if (!Array.isArray(list) || list.length === 0) throw invalid(`${name}: missing or empty`, 'invalid-value');
  if (list.length > MAX_ITEMS) {
    throw invalid(`${name}: ${list.length} items, at most ${MAX_ITEMS}`, 'too-many-items');
  }
  return list;
}

function readEntity(
  entity: 'users' | 'groups',
  kind: ChangeKind,
  entry: unknown,
  place: string,
  idRule: TextRule,
  rules: ReadonlyMap<string, TextRule>,
): Listed {
  if (!isObject(entry)) throw invalid(`${place}: not an object`, 'invalid-value');
  const externalId = readText(entry['externalId'], `${place}.externalId`, idRule);
  if (kind === 'delete') return listed(entity, kind, externalId);
  const { profile } = entry;
  if (!isObject(profile)) throw invalid(`${place}.profile: missing`, 'invalid-value');
  const values = Object.entries(profile).map(
    ([name, value]) => [name, readValue(value, `${place}.profile.${name}`, rules.get(name))] as const,
  );
  return {
    entity,
    kind,
    externalId,
    memberExternalId: '',
    profile: Object.freeze(Object.fromEntries(values)),
  };
}

function readMembers(kind: ChangeKind, entry: unknown, place: string): Listed[] {
  if (!isObject(entry)) throw invalid(`${place}: not an object`, 'invalid-value');
  const group = readText(entry['groupExternalId'], `${place}.groupExternalId`, GROUP_ID);
  const members = entry['memberExternalIds'];
  if (!Array.isArray(members) || members.length === 0) {
    throw invalid(`${place}.memberExternalIds: missing or empty`, 'invalid-value');
  }
  return members.map((member, at) =>
    listed('memberships', kind, group, readText(member, `${place}.memberExternalIds[${at}]`, MEMBER_ID)),
  );
}

function listed(entity: Entity, kind: ChangeKind, externalId: string, memberExternalId = ''): Listed {
  return { entity, kind, externalId, memberExternalId, profile: EMPTY };
}

function readText(value: unknown, place: string, rule: TextRule): string {
  const text = readValue(value, place, rule);
  if (text === null) throw invalid(`${place}: null`, 'invalid-value');
  return text;
}

/** Checks a string against its rule; null is allowed if the rule allows it, or if there is no rule. */
function readValue(value: unknown, place: string, rule: TextRule | undefined): string | null {
  if (value === null && (rule === undefined || rule.nullable)) return null;
  if (typeof value !== 'string') throw invalid(`${place}: not a string`, 'invalid-value');
  // In valid text, a surrogate is always half of a supplementary character, which has four bytes in UTF-8.
  if (/[\ud800-\udfff]/.test(value)) {
    throw invalid(`${place}: a character of more than three bytes`, 'unsupported-characters');
  }
  if (rule !== undefined && (value.length < rule.min || value.length > rule.max)) {
    throw invalid(`${place}: ${value.length} characters, not ${rule.min} to ${rule.max}`, 'invalid-value');
  }
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
