import { iso, jsonContent, pageOf, type Content } from './answers.js';
import { ApiFault } from './api-fault.js';
import { MAX_LIST_PAGE, REQUIRED_ATTRIBUTES, USER_PROFILE } from './contract.js';
import type { HeldUser, SimulatedDirectory } from './directory.js';
import type { CheckedOrgOptions, OrgAttribute } from './options.js';
import type { ReadingRoute } from './routes.js';

/** The names of a status in the Apps API. */
const STATUSES = Object.freeze({ ACTIVE: 'ACTIVE', UNCONFIRMED: 'IMPORTED', DEACTIVATED: 'DEPROVISIONED' });

/** Executes a call of the Apps, Groups or Schemas API. */
export function performReading(
  { appsApi, customAttributes }: CheckedOrgOptions,
  directory: SimulatedDirectory,
  { name, sourceId, query }: ReadingRoute,
  url: string,
): Content {
  if (!appsApi && name !== 'org-groups') throw new ApiFault(404, 'E0000007', 'no such app');
  switch (name) {
    case 'app-users':
    case 'unconfirmed-users': {
      const waiting = name === 'unconfirmed-users';
      const users = [...directory.users].filter(([, { status }]) => (status === 'UNCONFIRMED') === waiting);
      const { items, headers } = pageOf(users, query, MAX_LIST_PAGE, url);
      return jsonContent(200, items.map(appUser), withSelf(headers, url));
    }
    case 'org-groups': {
      const { items, headers } = pageOf([...directory.groups.values()], query, MAX_LIST_PAGE, url);
      const groups = items.map(({ id, profile: { displayName, description } }) => ({
        id,
        type: 'APP_GROUP',
        // The external id is not documented as a part of this answer.
        profile: { name: displayName, description: description ?? null },
        source: { id: sourceId },
      }));
      return jsonContent(200, groups, withSelf(headers, url));
    }
    case 'schema':
      return jsonContent(200, schema(customAttributes));
  }
}

/** These APIs also link to the page itself, before the next. */
function withSelf({ link, ...headers }: Content['headers'] & object, url: string): Content['headers'] {
  const self = `<${url}>; rel="self"`;
  return { ...headers, link: link === undefined ? self : `${self}, ${link}` };
}

function appUser([externalId, { id, profile, status, created, lastUpdated }]: [string, HeldUser]) {
  return {
    id,
    externalId,
    created: iso(created),
    lastUpdated: iso(lastUpdated),
    status: STATUSES[status],
    statusChanged: iso(lastUpdated),
    lastSync: iso(lastUpdated),
    scope: 'USER',
    profile,
  };
}

function schema(custom: Readonly<Record<string, OrgAttribute>>) {
  const base = [...USER_PROFILE].map(
    ([name, { max }]) => [name, { type: 'string', maxLength: max }] as const,
  );
  const own = Object.entries(custom).map(
    ([name, { required = false, maxLength }]) =>
      [name, { type: 'string', required, ...(maxLength !== undefined && { maxLength }) }] as const,
  );
  const names = own.filter(([, { required }]) => required).map(([name]) => name);
  const definition = (id: string, properties: object, required: readonly string[]) => ({
    id: `#${id}`,
    type: 'object',
    properties,
    required,
  });
  return {
    name: 'User',
    type: 'object',
    definitions: {
      base: definition('base', Object.fromEntries(base), REQUIRED_ATTRIBUTES),
      custom: definition('custom', Object.fromEntries(own), names),
    },
  };
}
