import type { OrgRequest } from './types.js';

/** The scopes of the calls that read an identity source outside its own API, by the beginnings of their paths. */
const READING_SCOPES: readonly (readonly [path: string, scope: string])[] = [
  ['/api/v1/apps/', 'okta.apps.read'],
  ['/api/v1/groups', 'okta.groups.read'],
  ['/api/v1/meta/schemas/', 'okta.schemas.read'],
];

/** The scope that a request needs. */
export function scopeOf({ method, path }: OrgRequest): string {
  const reading = READING_SCOPES.find(([start]) => path.startsWith(start));
  return reading?.[1] ?? `okta.identitySources.${method === 'GET' ? 'read' : 'manage'}`;
}
