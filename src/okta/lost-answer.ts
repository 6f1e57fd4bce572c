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
  if (error instanceof OktaHttpError)
    return error.status >= 500 && !isReadOnlyMode(error.status, error.errorCode);
  return error instanceof OktaResponseError;
}
