import { OktaHttpError, OktaNetworkError, OktaResponseError } from '../core/errors.js';

/** Okta's read-only mode: nothing is written, so nothing was. */
export function isReadOnlyMode(status: number, errorCode: string | undefined): boolean {
  return status === 503 && errorCode === 'E0000010';
}

/**
 * True when the request behind this error may have been acted on: its answer was lost on the way, could not be
 * read, or was a service fault. What to do then depends on the call, and is for the session layer to decide.
 */
export function isLostAnswer(error: unknown): boolean {
  if (error instanceof OktaNetworkError) return error.sent;
  // A gateway that gave up waiting (408) says nothing of what is behind it.
  if (error instanceof OktaHttpError)
    return error.status === 408 || (error.status >= 500 && !isReadOnlyMode(error.status, error.errorCode));
  return error instanceof OktaResponseError;
}

/**
 * True when the request behind this error was certainly not acted on, and the same request may pass later: it never
 * left this machine, there were too many of them (429), or the service was read-only.
 */
export function isNotDone(error: unknown): boolean {
  if (error instanceof OktaNetworkError) return !error.sent;
  return (
    error instanceof OktaHttpError && (error.status === 429 || isReadOnlyMode(error.status, error.errorCode))
  );
}

/** Codes of TLS, and of the proxy that refuses: no wait mends a certificate, a password or a permission. */
const NOT_MENDED_BY_WAITING = /CERT|SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO|^the proxy answered 4/;

/**
 * True when the reason why a request never left will not pass by itself.
 *
 * @param reached - Whether the server ever answered: until then an unknown host name is a wrong one.
 */
export function isLastingFault(reason: string, reached: boolean): boolean {
  return NOT_MENDED_BY_WAITING.test(reason) || (reason === 'ENOTFOUND' && !reached);
}
