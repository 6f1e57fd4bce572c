import type { Profile } from '../core/model.js';
import { parseJson, unusable } from './answers.js';
import type {
  AppUser,
  OktaGroup,
  OktaPage,
  OktaUser,
  OrgGroup,
  SchemaAttribute,
} from './directory-client.js';
import type { WireResponse } from './wire.js';

type Fields = Readonly<Record<string, unknown>>;

/** The answer of a call that reads or writes one user. */
export function parseUser(operation: string, response: WireResponse): OktaUser {
  const fields = parseObject(operation, response);
  const { externalId, profile, id, lastUpdated } = fields;
  if (typeof externalId !== 'string' || !isObject(profile))
    throw unusable(operation, response, 'expected a user with externalId and profile');
  return { id: text(id), externalId, profile: toProfile(profile), lastUpdated: text(lastUpdated) };
}

/** The answer of a call that reads or writes one group. */
export function parseGroup(operation: string, response: WireResponse): OktaGroup {
  const { externalId, profile, id } = parseObject(operation, response);
  if (typeof externalId !== 'string' || !isObject(profile))
    throw unusable(operation, response, 'expected a group with externalId and profile');
  // In Okta's API description, the profile of this answer is one level deeper than that of the request.
  const { profile: inner } = profile;
  return { id: text(id), externalId, profile: toProfile(isObject(inner) ? inner : profile) };
}

/** A page of the external ids of members. In Okta's API description the list is optional: without it, there are none. */
export function parseMembers(operation: string, response: WireResponse): OktaPage<string> {
  const ids = parseObject(operation, response)['memberExternalIds'] ?? [];
  if (!Array.isArray(ids) || ids.some((id) => typeof id !== 'string'))
    throw unusable(operation, response, 'expected memberExternalIds to be a list of texts');
  return { items: ids as string[], next: nextCursor(operation, response) };
}

/** A page of app users. */
export function parseAppUsers(operation: string, response: WireResponse): OktaPage<AppUser> {
  return parsePage(operation, response, ({ id, externalId, status, lastSync, profile, credentials }) => {
    // The login of an app user is a part of its credentials, and need not be in the profile as well.
    const userName = isObject(credentials) ? text(credentials['userName']) : undefined;
    return {
      id: text(id),
      externalId: text(externalId) || undefined,
      status: text(status),
      lastSync: time(lastSync),
      profile: toProfile({ ...(userName !== undefined && { userName }), ...(isObject(profile) && profile) }),
    };
  });
}

/** A page of groups of the org. */
export function parseOrgGroups(operation: string, response: WireResponse): OktaPage<OrgGroup> {
  return parsePage(operation, response, ({ id, profile }) => {
    const name = isObject(profile) ? text(profile['name']) : undefined;
    if (typeof id !== 'string') throw unusable(operation, response, 'a group has no id');
    return { id, name: name ?? '' };
  });
}

/** The attributes of a schema: Okta's own (`base`), then those of the org (`custom`). */
export function parseSchema(operation: string, response: WireResponse): readonly SchemaAttribute[] {
  const { definitions } = parseObject(operation, response);
  if (!isObject(definitions)) throw unusable(operation, response, 'expected a schema with definitions');
  return ['base', 'custom'].flatMap((part) => {
    const definition = definitions[part];
    if (!isObject(definition)) return [];
    const { properties, required } = definition;
    return Object.entries(isObject(properties) ? properties : {}).map(([name, given]) => {
      const { type, maxLength, required: own } = isObject(given) ? given : ({} as Fields);
      const isRequired = own === true || (Array.isArray(required) && required.includes(name));
      return {
        name,
        type: text(type),
        required: isRequired,
        maxLength: typeof maxLength === 'number' ? maxLength : undefined,
      };
    });
  });
}

function parsePage<T>(operation: string, response: WireResponse, toItem: (fields: Fields) => T): OktaPage<T> {
  const list = parseJson(operation, response);
  if (!Array.isArray(list) || !list.every(isObject))
    throw unusable(operation, response, 'expected an array of objects');
  return { items: list.map(toItem), next: nextCursor(operation, response) };
}

/** The `after` in the link to the next page. The link itself is not followed: only its cursor is used, with our own path. */
function nextCursor(operation: string, response: WireResponse): string | undefined {
  const links = (response.headers['link'] ?? '').matchAll(/<([^>]*)>([^<]*)/g);
  for (const [, target = '', parameters = ''] of links) {
    if (!/;\s*rel="?next"?/.test(parameters)) continue;
    const after = URL.canParse(target) ? new URL(target).searchParams.get('after') : null;
    if (after === null || after === '')
      throw unusable(operation, response, 'the link to the next page has no cursor');
    return after;
  }
  return undefined;
}

function parseObject(operation: string, response: WireResponse): Fields {
  const value = parseJson(operation, response);
  if (!isObject(value)) throw unusable(operation, response, 'expected an object');
  return value;
}

/** The profile with texts; a number, a truth value or an array becomes its JSON. */
function toProfile(fields: Fields): Profile {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' || value === null ? value : JSON.stringify(value),
    ]),
  );
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A date as milliseconds since the epoch; undefined for anything else. */
function time(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
