import { OktaAuthError, OktaHttpError, OktaResponseError } from '../core/errors.js';
import type { Session, WireResponse } from './wire.js';

/** What a status looks like, one that Okta adds some day too: it is told, and must not be any text. */
const STATUS = /^[A-Z][A-Z0-9_]{0,39}$/;

/** Okta's id of a request, for its support. */
export function requestIdOf(response: WireResponse): string | undefined {
  return response.headers['x-okta-request-id'];
}

/** The error an answer stands for; undefined for a 2xx. Holds neither headers nor body. */
export function errorOf(
  operation: string,
  response: WireResponse,
): OktaHttpError | OktaResponseError | undefined {
  const { status } = response;
  if (status >= 200 && status < 300) return undefined;
  const requestId = requestIdOf(response);
  if (status < 400) return new OktaResponseError(operation, status, 'redirects are not followed', requestId);
  const errorCode = errorCodeOf(response.body) ?? challengeOf(response);
  return status === 403 || isCredentialRefused(response)
    ? new OktaAuthError(operation, status, errorCode, requestId)
    : new OktaHttpError(operation, status, errorCode, requestId);
}

/**
 * True when the request's credential was refused, and nothing else of it looked at. Okta answers 401, and 400 to a proof
 * (DPoP) that it does not take: this must not be read as a 400 to the call.
 */
export function isCredentialRefused(response: WireResponse): boolean {
  return response.status === 401 || (response.status === 400 && challengeOf(response) !== undefined);
}

/** True when a proof was refused for its nonce alone. */
export function isNonceRequired(response: WireResponse): boolean {
  return isCredentialRefused(response) && challengeOf(response) === 'use_dpop_nonce';
}

/** The error that the challenge of an answer names, in its `WWW-Authenticate`. */
function challengeOf(response: WireResponse): string | undefined {
  return /\berror="([a-z_]{1,40})"/.exec(response.headers['www-authenticate'] ?? '')?.[1];
}

/** One session; also inside an array of one, as Okta's own example of start-import shows it. */
export function parseSession(operation: string, response: WireResponse): Session {
  const value = parseJson(operation, response);
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return toSession(operation, response, one);
}

/** The active sessions. One that cannot be read fails the whole list: it could be someone's open session. */
export function parseSessions(operation: string, response: WireResponse): readonly Session[] {
  const value = parseJson(operation, response);
  if (!Array.isArray(value)) throw unusable(operation, response, 'expected an array of sessions');
  return value.map((one) => toSession(operation, response, one));
}

/** A bulk request and a cancel answer with nothing; a page in its place comes from something in between. */
export function requireAccepted(operation: string, response: WireResponse): void {
  if (response.body.trim() !== '') parseJson(operation, response);
}

function toSession(operation: string, response: WireResponse, value: unknown): Session {
  if (typeof value !== 'object' || value === null) throw unusable(operation, response, 'expected a session');
  const fields = value as Record<string, unknown>;
  const { id, status } = fields;
  if (typeof id !== 'string' || id === '') throw unusable(operation, response, 'the session has no id');
  if (typeof status !== 'string' || !STATUS.test(status))
    throw unusable(operation, response, 'the session has no status');
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : undefined);
  return {
    id,
    status,
    identitySourceId: text('identitySourceId'),
    importType: text('importType'),
    created: text('created'),
    lastUpdated: text('lastUpdated'),
  };
}

function parseJson(operation: string, response: WireResponse): unknown {
  try {
    return JSON.parse(response.body) as unknown;
  } catch {
    // The parser's message quotes the text, which does not belong in an error.
    throw unusable(operation, response, 'it is not JSON');
  }
}

function unusable(operation: string, response: WireResponse, reason: string): OktaResponseError {
  return new OktaResponseError(operation, response.status, reason, requestIdOf(response));
}

/** Okta's code of an error; of the token endpoint, which keeps to OAuth, its `error`. */
export function errorCodeOf(body: string): string | undefined {
  try {
    const envelope = JSON.parse(body) as { errorCode?: unknown; error?: unknown } | null;
    const code = envelope?.errorCode ?? envelope?.error;
    return typeof code === 'string' && /^[A-Za-z0-9_]{1,40}$/.test(code) ? code : undefined;
  } catch {
    return undefined;
  }
}
