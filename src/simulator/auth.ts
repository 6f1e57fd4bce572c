import { timingSafeEqual } from 'node:crypto';
import { ApiFault } from './api-fault.js';
import type { OrgRequest } from './types.js';

/** The result of checking credentials: `invalid` is answered with 401, `forbidden` with 403. */
export type AuthResult = 'ok' | 'invalid' | 'forbidden' | AuthAnswer;

/** The same as a status, with additional headers for the response. */
export interface AuthAnswer {
  /** 200: the request is allowed. */
  readonly status: 200 | 400 | 401 | 403;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Checks the credentials of a request. */
export type Authenticate = (request: OrgRequest) => AuthResult;

/** Accepts only `Authorization: SSWS {token}`. */
export function sswsAuthentication(token: string): Authenticate {
  const expected = Buffer.from(token);
  return ({ headers }) => {
    const [scheme, value, ...rest] = (headers['authorization'] ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'ssws' || value === undefined || rest.length > 0) return 'invalid';
    const given = Buffer.from(value);
    return given.length === expected.length && timingSafeEqual(given, expected) ? 'ok' : 'invalid';
  };
}

/** The additional headers for the response to a request. @throws ApiFault for a credential that the org does not accept. */
export function requireAuth(judged: AuthResult): Readonly<Record<string, string>> {
  if (judged === 'ok') return {};
  const { status, headers } = typeof judged === 'object' ? judged : { status: STATUSES[judged], headers: {} };
  switch (status) {
    case 200:
      return headers;
    case 403:
      throw new ApiFault(403, 'E0000006', undefined, undefined, headers);
    case 401:
      throw new ApiFault(401, 'E0000011', undefined, undefined, headers);
    default:
      throw new ApiFault(400, 'E0000001', undefined, undefined, headers);
  }
}

const STATUSES = Object.freeze({ invalid: 401, forbidden: 403 });
