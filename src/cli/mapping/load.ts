import { readFile } from 'node:fs/promises';
import { OptionsError } from '../../core/errors.js';
import { LIMITS } from '../../core/limits.js';
import type { Condition } from './condition.js';
import { readCondition } from './conditions.js';
import type { Day } from './dates.js';
import { readDuplicates } from './duplicate-rule.js';
import { readList } from './lists.js';
import { Lookup, type Lookups } from './lookups.js';
import { jsonText, MappingText, type MappingNode } from './mapping-text.js';
import {
  GROUP,
  isListed,
  type IdentityRule,
  type Mapping,
  type NamedGroupsRule,
  type RecordRule,
} from './mapping.js';
import { readValue, type ValueRule } from './values.js';

const IDENTITY: IdentityRule = Object.freeze({ kind: 'identity' });

/**
 * The mapping of a run without a mapping file: users have a column `externalId` and one column for each profile
 * attribute; groups have `externalId`, `displayName`, `description`; memberships `groupExternalId`, `memberExternalId`.
 */
export const identityMapping: Mapping = Object.freeze({
  emptyValues: new Set<string>(),
  clean: false,
  lookups: new Map(),
  users: IDENTITY,
  groups: IDENTITY,
  memberships: IDENTITY,
});

const ID_COLUMN = { columns: ['externalId'], place: 'externalId' } as const;
const IS_ID = { autoEmpty: 'required' } as const;

/**
 * Loads a mapping file: JSON with comments and trailing commas; see `docs/mapping.md`.
 *
 * @param today - the day that the mapping calls `today`
 * @throws {@link OptionsError} with file, line and column of anything invalid, and the most similar known key.
 */
export async function loadMapping(path: string, today: Day): Promise<Mapping> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new OptionsError('--map', `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  return parseMapping(text, path, today);
}

/** Parses the text of a mapping file; see {@link loadMapping}. */
export function parseMapping(source: string, file: string, today: Day = 0): Mapping {
  return readMapping(new MappingText(source.replace(/^\uFEFF/, ''), file, today));
}

/**
 * Reads a mapping that code contains as an object, with the content of a mapping file.
 *
 * @param place - its place, for errors and rejections, which name the property as well
 * @throws {@link OptionsError} for anything invalid, such as a function.
 */
export function parseInlineMapping(mapping: object, place: string, today: Day): Mapping {
  return readMapping(new MappingText(jsonText(mapping, place), place, today, 'property'));
}

function readMapping(text: MappingText): Mapping {
  const known = ['$schema', 'emptyValues', 'clean', 'lookups', 'users', 'groups', 'memberships'];
  const members = text.members(text.root, 'the mapping', known);
  const emptyNode = members.get('emptyValues');
  const emptyValues = new Set(
    emptyNode && text.items(emptyNode, 'emptyValues').map((item) => text.word(item, 'emptyValues')),
  );
  const lookups = (text.lookups = readLookups(text, members.get('lookups')));
  const usersNode = members.get('users');
  const users = usersNode === undefined ? IDENTITY : readRecords(text, usersNode, 'users');
  const groups = readGroups(text, members.get('groups'));
  const memberships = readMemberships(text, members.get('memberships'), users, groups);
  if (groups.kind === 'memberships' && isListed(memberships)) requireGroupOnly(text, members, groups);
  const cleanNode = members.get('clean');
  const clean = cleanNode !== undefined && text.boolean(cleanNode, 'clean');
  return { emptyValues, clean, lookups, users, groups, memberships };
}

function readLookups(text: MappingText, node: MappingNode | undefined): Lookups {
  const lookups = new Map<string, Lookup>();
  if (node === undefined) return lookups;
  for (const [name, value] of text.members(node, 'lookups')) {
    const what = `lookups.${name}`;
    const key = need(text, value, text.members(value, what, ['key']), what, 'key');
    lookups.set(name, new Lookup(name, text.word(key, `${what}.key`), text.place(value)));
  }
  return lookups;
}

function readRecords(text: MappingText, node: MappingNode, entity: 'users' | 'groups'): RecordRule {
  const members = text.members(node, entity, ['externalId', 'profile', 'when', 'deleted', 'duplicates']);
  const id = need(text, node, members, entity, 'externalId');
  const profile = need(text, node, members, entity, 'profile');
  const duplicates = members.get('duplicates');
  return {
    kind: 'rows',
    externalId: readValue(text, id, { what: `${entity}.externalId`, ...IS_ID }),
    profile: readProfile(text, profile, entity),
    when: readOptionalCondition(text, members, 'when', entity),
    deleted: readOptionalCondition(text, members, 'deleted', entity),
    duplicates: duplicates && readDuplicates(text, duplicates, `${entity}.duplicates`),
  };
}

function readProfile(
  text: MappingText,
  node: MappingNode,
  entity: 'users' | 'groups',
): ReadonlyMap<string, ValueRule> {
  const limits: Readonly<Record<string, { readonly nullable: boolean }>> =
    entity === 'users' ? LIMITS.userProfile : LIMITS.groupProfile;
  const known = Object.keys(limits);
  const members = text.members(node, `${entity}.profile`, entity === 'groups' ? known : undefined);
  if (members.size === 0) text.fail(node, `${entity}.profile: must not be empty`);
  const profile = new Map<string, ValueRule>();
  for (const [name, value] of members) {
    const what = `${entity}.profile.${name}`;
    if (name === '' || name === '__proto__') text.fail(value, `${what}: not a valid attribute name`);
    const near = known.find((other) => other !== name && other.toLowerCase() === name.toLowerCase());
    if (near !== undefined) text.fail(value, `${what}: did you mean ${JSON.stringify(near)}?`);
    const nullable = !Object.hasOwn(limits, name) || limits[name]?.nullable === true;
    const isLogin = entity === 'users' && name === 'userName';
    const isOfUser = entity === 'users';
    const autoEmpty = nullable ? null : undefined;
    profile.set(name, readValue(text, value, { what, autoEmpty, isLogin, isOfUser }));
  }
  const [following] = [...profile].find(([, { isFollowing }]) => isFollowing === true) ?? [];
  if (following !== undefined && profile.get('userName')?.isUnique !== true)
    text.fail(node, `${entity}.profile.${following}: follows needs "unique": true for userName`);
  return profile;
}

function readGroups(text: MappingText, node: MappingNode | undefined): Mapping['groups'] {
  if (node === undefined) return IDENTITY;
  if (!text.members(node, 'groups').has('from')) return readRecords(text, node, 'groups');
  const members = text.members(node, 'groups', ['from', 'profile']);
  text.oneOf(members.get('from') as MappingNode, 'groups.from', ['memberships']);
  const profileNode = members.get('profile');
  if (profileNode === undefined) {
    const place = text.place(node);
    const name: ValueRule = { columns: [GROUP], place, of: (row) => row[GROUP] as string };
    return { kind: 'memberships', profile: new Map([['displayName', name]]) };
  }
  const profile = readProfile(text, profileNode, 'groups');
  return { kind: 'memberships', profile };
}

/** A list of groups has no column for each of them. */
function requireGroupOnly(
  text: MappingText,
  members: ReadonlyMap<string, MappingNode>,
  { profile }: NamedGroupsRule,
): void {
  for (const { columns, place } of profile.values())
    if (columns.some((column) => column !== GROUP))
      text.fail(
        members.get('groups') as MappingNode,
        `groups.profile: groups from lists have only the column "group" (${place})`,
      );
}

function readMemberships(
  text: MappingText,
  node: MappingNode | undefined,
  users: Mapping['users'],
  groups: Mapping['groups'],
): Mapping['memberships'] {
  if (node === undefined) return IDENTITY;
  const what = 'memberships';
  if (text.members(node, what).has('from')) {
    const from = text.members(node, what).get('from') as MappingNode;
    const kind = text.oneOf(from, `${what}.from`, ['users', 'groups']);
    const listed = kind === 'users' ? 'groups' : 'members';
    const members = text.members(node, what, ['from', listed, 'when']);
    const rule = kind === 'users' ? users : groups;
    if (rule.kind === 'memberships')
      return text.fail(from, `${what}.from: the groups are made of the memberships, so they list no members`);
    const own = readOptionalCondition(text, members, 'when', what);
    const theirs = rule.kind === 'rows' ? rule.when : undefined;
    return {
      kind,
      list: readList(text, need(text, node, members, what, listed), `${what}.${listed}`),
      externalId: rule.kind === 'rows' ? rule.externalId : identityId(text, node),
      when: [theirs, own].filter((condition): condition is Condition => condition !== undefined),
    };
  }
  const members = text.members(node, what, [
    'groupExternalId',
    'memberExternalId',
    'when',
    'deleted',
    'duplicates',
  ]);
  const duplicates = members.get('duplicates');
  const id = (name: 'groupExternalId' | 'memberExternalId') =>
    readValue(text, need(text, node, members, what, name), { what: `${what}.${name}`, ...IS_ID });
  return {
    kind: 'rows',
    groupExternalId: id('groupExternalId'),
    memberExternalId: id('memberExternalId'),
    when: readOptionalCondition(text, members, 'when', what),
    deleted: readOptionalCondition(text, members, 'deleted', what),
    duplicates: duplicates && readDuplicates(text, duplicates, `${what}.duplicates`),
  };
}

/** The id of users or groups that have no mapping of their own. */
function identityId(text: MappingText, node: MappingNode): ValueRule {
  const place = text.place(node);
  return {
    ...ID_COLUMN,
    place,
    // A value of any other type is rejected for the user or group as well.
    of: (row) => (typeof row['externalId'] === 'string' ? row['externalId'] : ''),
  };
}

function readOptionalCondition(
  text: MappingText,
  members: ReadonlyMap<string, MappingNode>,
  name: 'when' | 'deleted',
  what: string,
): Condition | undefined {
  const node = members.get(name);
  return node === undefined ? undefined : readCondition(text, node, `${what}.${name}`);
}

function need(
  text: MappingText,
  node: MappingNode,
  members: ReadonlyMap<string, MappingNode>,
  what: string,
  name: string,
): MappingNode {
  return members.get(name) ?? text.fail(node, `${what}: missing key "${name}"`);
}
