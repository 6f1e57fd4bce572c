import { ApiFault } from './api-fault.js';
import type { OrgBucket } from './types.js';

/** The six bulk requests: the last part of their paths. */
export type BulkPath =
  | 'bulk-upsert'
  | 'bulk-delete'
  | 'bulk-groups-upsert'
  | 'bulk-groups-delete'
  | 'bulk-group-memberships-upsert'
  | 'bulk-group-memberships-delete';

const BULK_PATHS: ReadonlySet<string> = new Set<BulkPath>([
  'bulk-upsert',
  'bulk-delete',
  'bulk-groups-upsert',
  'bulk-groups-delete',
  'bulk-group-memberships-upsert',
  'bulk-group-memberships-delete',
]);

/** The target of a request: an operation on an identity source, or the token endpoint. */
export type Route = SourceRoute | { readonly name: 'token' };

/** An operation on an identity source. */
export type SourceRoute =
  | { readonly name: 'create' | 'list'; readonly sourceId: string }
  | {
      readonly name: 'get' | 'cancel' | 'start-import';
      readonly sourceId: string;
      readonly sessionId: string;
    }
  | { readonly name: 'bulk'; readonly sourceId: string; readonly sessionId: string; readonly bulk: BulkPath }
  | EntityRoute
  | ReadingRoute;

/** An operation on single users, groups or memberships. */
export type EntityRoute =
  | { readonly name: 'create-user' | 'create-group'; readonly sourceId: string }
  | {
      readonly name:
        | 'user'
        | 'replace-user'
        | 'update-user'
        | 'delete-user'
        | 'group'
        | 'update-group'
        | 'delete-group'
        | 'add-member';
      readonly sourceId: string;
      readonly id: string;
    }
  | {
      readonly name: 'members';
      readonly sourceId: string;
      readonly id: string;
      readonly query: URLSearchParams;
    }
  | {
      readonly name: 'remove-member';
      readonly sourceId: string;
      readonly id: string;
      readonly memberId: string;
    };

/** A call of the Apps, Groups or Schemas API that reads an identity source. */
export interface ReadingRoute {
  readonly name: 'app-users' | 'unconfirmed-users' | 'org-groups' | 'schema';
  readonly sourceId: string;
  readonly query: URLSearchParams;
}

interface Place {
  readonly bucket: OrgBucket;
  /** The routes of this path by method; undefined for a path that the API does not have. */
  readonly methods: Readonly<Record<string, Route>> | undefined;
}

/** Finds the rate-limit bucket and the target of a request. */
export function locate(path: string): Place {
  const [pathname = '', search = ''] = split(path);
  if (pathname === '/oauth2/v1/token') return { bucket: 'token', methods: { POST: { name: 'token' } } };
  const parts = decoded(pathname);
  const query = new URLSearchParams(search);
  const [api, version, kind, sourceId, area, ...rest] = parts;
  if (api !== 'api' || version !== 'v1' || parts.includes('')) return NOWHERE;
  if (kind !== 'identity-sources') return readingPlace(parts.slice(2), query);
  if (sourceId === undefined) return NOWHERE;
  switch (area) {
    case 'sessions':
      return sessionPlace(sourceId, rest[0], rest[1], parts.length);
    case 'users':
      return userPlace(sourceId, rest);
    case 'groups':
      return groupPlace(sourceId, rest, query);
    default:
      return NOWHERE;
  }
}

const NOWHERE: Place = Object.freeze({ bucket: 'other', methods: undefined });

function userPlace(sourceId: string, [id, ...more]: readonly string[]): Place {
  const bucket = 'users';
  if (id === undefined) return { bucket, methods: { POST: { name: 'create-user', sourceId } } };
  if (more.length > 0) return NOWHERE;
  const methods = {
    GET: { name: 'user', sourceId, id },
    PUT: { name: 'replace-user', sourceId, id },
    PATCH: { name: 'update-user', sourceId, id },
    DELETE: { name: 'delete-user', sourceId, id },
  } as const;
  return { bucket, methods };
}

function groupPlace(
  sourceId: string,
  [id, action, memberId, ...more]: readonly string[],
  query: URLSearchParams,
): Place {
  if (id === undefined) return { bucket: 'groups', methods: { POST: { name: 'create-group', sourceId } } };
  if (action === undefined) {
    const methods = {
      GET: { name: 'group', sourceId, id },
      POST: { name: 'update-group', sourceId, id },
      DELETE: { name: 'delete-group', sourceId, id },
    } as const;
    return { bucket: 'groups', methods };
  }
  if (action !== 'membership' || more.length > 0) return NOWHERE;
  if (memberId !== undefined)
    return { bucket: 'membership', methods: { DELETE: { name: 'remove-member', sourceId, id, memberId } } };
  const methods = {
    GET: { name: 'members', sourceId, id, query },
    POST: { name: 'add-member', sourceId, id },
  } as const;
  return { bucket: 'membership', methods };
}

function readingPlace(parts: readonly string[], query: URLSearchParams): Place {
  const [kind, second, third] = parts;
  const place = (bucket: OrgBucket, name: ReadingRoute['name'], sourceId: string): Place => ({
    bucket,
    methods: { GET: { name, sourceId, query } },
  });
  if (kind === 'apps' && second !== undefined && parts.length === 3) {
    if (third === 'users') return place('app-users', 'app-users', second);
    if (third === 'unconfirmed-users') return place('unconfirmed-users', 'unconfirmed-users', second);
  }
  if (kind === 'groups' && parts.length === 1) {
    const [, sourceId = ''] = /^source\.id eq "([^"]+)"$/.exec(query.get('search') ?? '') ?? [];
    return place('org-groups', 'org-groups', sourceId);
  }
  const [, , , id, variant] = parts;
  const isSchema = kind === 'meta' && second === 'schemas' && third === 'apps' && variant === 'default';
  if (isSchema && id !== undefined && parts.length === 5) return place('schemas', 'schema', id);
  return NOWHERE;
}

function sessionPlace(
  sourceId: string,
  sessionId: string | undefined,
  action: string | undefined,
  length: number,
): Place {
  if (sessionId === undefined) {
    const methods = { POST: { name: 'create', sourceId }, GET: { name: 'list', sourceId } } as const;
    return { bucket: 'sessions', methods };
  }
  if (action === undefined) {
    const methods = {
      GET: { name: 'get', sourceId, sessionId },
      DELETE: { name: 'cancel', sourceId, sessionId },
    } as const;
    return { bucket: 'sessions', methods };
  }
  if (length === 7 && action === 'start-import') {
    return { bucket: 'start-import', methods: { POST: { name: 'start-import', sourceId, sessionId } } };
  }
  if (length === 7 && isBulkPath(action)) {
    return { bucket: action, methods: { POST: { name: 'bulk', sourceId, sessionId, bulk: action } } };
  }
  return { bucket: 'other', methods: undefined };
}

/** The route for a method. @throws ApiFault 404 for an unknown path, 405 for an unknown method. */
export function routeOf(place: Place, method: string): Route {
  if (place.methods === undefined) throw new ApiFault(404, 'E0000007', 'no such path');
  const route = Object.hasOwn(place.methods, method) ? place.methods[method] : undefined;
  if (route === undefined) throw new ApiFault(405, 'E0000022');
  return route;
}

function isBulkPath(name: string): name is BulkPath {
  return BULK_PATHS.has(name);
}

function split(path: string): [string, string] {
  const mark = path.indexOf('?');
  return mark === -1 ? [path, ''] : [path.slice(0, mark), path.slice(mark + 1)];
}

/** The parts of the path between slashes. A part that cannot be decoded becomes empty, so that no route matches. */
function decoded(pathname: string): string[] {
  return pathname
    .split('/')
    .slice(1)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return '';
      }
    });
}
