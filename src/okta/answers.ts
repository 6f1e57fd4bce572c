import { OktaAuthError, OktaHttpError, OktaResponseError } from '../core/errors.js';
import { reasonOf } from './reason.js';
import type { Session, WireResponse } from './wire.js';

/** The form of a session's status, including statuses that Okta may add later. Events contain it, so no other text is accepted. */
const STATUS = /^[A-Z][A-Z0-9_]{0,39}$/;

/** Okta's id of the request, which Okta's support asks for. */
export function requestIdOf(response: WireResponse): string | undefined {
  return response.headers['x-okta-request-id'];
}

/**
 * The error for a response; undefined for a 2xx. Of its body it contains the code, and the reason without what was secret in the
 * request.
 *
 * @param sent - the body of the request, its credential, and the host of the org
 */
export function errorOf(
  operation: string,
  response: WireResponse,
  sent: {
    readonly body: string | undefined;
    readonly credential: Readonly<Record<string, string>>;
    readonly host: string;
  },
): OktaHttpError | OktaResponseError | undefined {
  const { status } = response;
  if (status >= 200 && status < 300) return undefined;
  const requestId = requestIdOf(response);
  if (status < 400) return new OktaResponseError(operation, status, 'redirects are not followed', requestId);
  const errorCode = errorCodeOf(response.body) ?? challengeOf(response);
  const reason = reasonOf(response.body, sent.body, sent.credential);
  return status === 403 || isCredentialRefused(response)
    ? new OktaAuthError(operation, status, errorCode, requestId, reason, sent.host)
    : new OktaHttpError(operation, status, errorCode, requestId, reason);
}

/**
 * True if the credential of the request was refused, so that Okta did not process the call. The status is 401, or 400 with a
 * challenge for a refused DPoP proof; that 400 says nothing about the call itself.
 */
export function isCredentialRefused(response: WireResponse): boolean {
  return response.status === 401 || (response.status === 400 && challengeOf(response) !== undefined);
}

/** True if a DPoP proof was refused only because of its nonce. */
export function isNonceRequired(response: WireResponse): boolean {
  return isCredentialRefused(response) && challengeOf(response) === 'use_dpop_nonce';
}

/** The error code in the `WWW-Authenticate` challenge of a response. */
function challengeOf(response: WireResponse): string | undefined {
  return /\berror="([a-z_]{1,40})"/.exec(response.headers['www-authenticate'] ?? '')?.[1];
}

/** True if Okta does not know what a call names. The errorCode shows that the response is from Okta and not from a proxy. */
export function isUnknown(error: unknown): boolean {
  return (
    error instanceof OktaHttpError &&
    !(error instanceof OktaAuthError) &&
    (error.status === 404 || error.status === 400) &&
    error.errorCode !== undefined
  );
}

/** A session. An array of one session is accepted too, because Okta's example of start-import shows one. */
export function parseSession(operation: string, response: WireResponse): Session {
  const value = parseJson(operation, response);
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return toSession(operation, response, one);
}

/** The active sessions. Throws if any of them cannot be read, because it may be a session that is open. */
export function parseSessions(operation: string, response: WireResponse): readonly Session[] {
  const value = parseJson(operation, response);
  if (!Array.isArray(value)) throw unusable(operation, response, 'expected an array of sessions');
  return value.map((one) => toSession(operation, response, one));
}

/** Checks the response to a bulk request or a cancel: Okta's has no body. HTML in its place comes from a proxy, and throws. */
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

/** The JSON of a response. */
export function parseJson(operation: string, response: WireResponse): unknown {
  try {
    return JSON.parse(response.body) as unknown;
  } catch {
    // The error has no cause, because the parser's message quotes the text.
    throw unusable(operation, response, 'it is not JSON');
  }
}

/** The error for a response that the API does not describe. */
export function unusable(operation: string, response: WireResponse, reason: string): OktaResponseError {
  return new OktaResponseError(operation, response.status, reason, requestIdOf(response));
}

/** Okta's `errorCode` in the body of a response, or OAuth's `error`, which the token endpoint uses. */
export function errorCodeOf(body: string): string | undefined {
  try {
    const envelope = JSON.parse(body) as { errorCode?: unknown; error?: unknown } | null;
    const code = envelope?.errorCode ?? envelope?.error;
    return typeof code === 'string' && /^[A-Za-z0-9_]{1,40}$/.test(code) ? code : undefined;
  } catch {
    return undefined;
  }
}
