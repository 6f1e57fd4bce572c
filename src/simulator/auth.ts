import { timingSafeEqual } from 'node:crypto';
import type { OrgRequest } from './types.js';

/** Whether a request may be acted on: `invalid` is answered with 401, `forbidden` with 403. */
export type AuthResult = 'ok' | 'invalid' | 'forbidden';

/** Judges a request's credentials. */
export type Authenticate = (request: OrgRequest) => AuthResult;

/** `Authorization: SSWS {token}` and nothing else. */
export function sswsAuthentication(token: string): Authenticate {
  const expected = Buffer.from(token);
  return ({ headers }) => {
    const [scheme, value, ...rest] = (headers['authorization'] ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'ssws' || value === undefined || rest.length > 0) return 'invalid';
    const given = Buffer.from(value);
    return given.length === expected.length && timingSafeEqual(given, expected) ? 'ok' : 'invalid';
  };
}
