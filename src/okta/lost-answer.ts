import { OktaHttpError, OktaNetworkError, OktaResponseError } from '../core/errors.js';

/** True for Okta's read-only mode, in which no request changes anything. It ends by itself. */
export function isReadOnlyMode(error: unknown): boolean {
  return error instanceof OktaHttpError && error.status === 503 && error.errorCode === 'E0000010';
}

/**
 * True if Okta may have acted on the request: its response was lost, could not be read, or was a fault of the service
 * (5xx). Callers in `upload` decide what to do, because it depends on the call.
 * @example
 * await okta.startImport(sessionId).catch(async (error: unknown) => {
 *   if (!isLostAnswer(error)) throw error;
 *   console.log((await okta.getSession(sessionId))?.status);
 * });
 */
export function isLostAnswer(error: unknown): boolean {
  if (error instanceof OktaNetworkError) return error.sent;
  // A gateway that sends 408 stopped waiting for Okta; the request may have reached Okta.
  if (error instanceof OktaHttpError)
    return error.status === 408 || (error.status >= 500 && !isReadOnlyMode(error));
  return error instanceof OktaResponseError;
}

/**
 * True if Okta certainly did not act on the request, and the same request may succeed later: it never left this machine,
 * there were too many requests (429), or Okta was in read-only mode.
 */
export function isNotDone(error: unknown): boolean {
  if (error instanceof OktaNetworkError) return !error.sent;
  return error instanceof OktaHttpError && (error.status === 429 || isReadOnlyMode(error));
}

/** True if the request never left this machine, for a reason that does not end by itself. */
export function isLasting(error: unknown): boolean {
  return error instanceof OktaNetworkError && error.lasting;
}
