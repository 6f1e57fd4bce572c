import {
  OktaAuthError,
  OktaHttpError,
  OktaNetworkError,
  OktaResponseError,
  type RollcallError,
} from '../core/errors.js';

/** True for failures that say nothing about the session: no answer, an unusable one, a fault, or too many requests. */
export function isTransient(error: unknown): error is RollcallError {
  if (error instanceof OktaNetworkError || error instanceof OktaResponseError) return true;
  return error instanceof OktaHttpError && (error.status >= 500 || error.status === 429);
}

/**
 * True when Okta refused the call for the state of things or its content (400, or a session it does not know). A refused
 * sign-in, which may be a 400 too, says nothing of either.
 */
export function isRefused(error: unknown): boolean {
  if (error instanceof OktaAuthError) return false;
  return (
    error instanceof OktaHttpError && (error.status === 400 || error.status === 404 || error.status === 409)
  );
}
