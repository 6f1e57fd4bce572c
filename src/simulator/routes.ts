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
  | { readonly name: 'user' | 'group'; readonly sourceId: string; readonly id: string }
  | {
      readonly name: 'members';
      readonly sourceId: string;
      readonly id: string;
      readonly query: URLSearchParams;
    };

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
  const [api, version, kind, sourceId, area, id, action] = parts;
  const known = api === 'api' && version === 'v1' && kind === 'identity-sources';
  if (!known || !sourceId || parts.includes('')) return { bucket: 'other', methods: undefined };
  if (area === 'sessions') return sessionPlace(sourceId, id, action, parts.length);
  if (area === 'users' && id !== undefined && parts.length === 6) {
    return { bucket: 'users', methods: { GET: { name: 'user', sourceId, id } } };
  }
  if (area === 'groups' && id !== undefined && parts.length === 6) {
    return { bucket: 'groups', methods: { GET: { name: 'group', sourceId, id } } };
  }
  if (area === 'groups' && id !== undefined && action === 'membership' && parts.length === 7) {
    const query = new URLSearchParams(search);
    return { bucket: 'groups', methods: { GET: { name: 'members', sourceId, id, query } } };
  }
  return { bucket: 'other', methods: undefined };
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
