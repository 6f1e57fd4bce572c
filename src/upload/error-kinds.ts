import { OktaAuthError, OktaHttpError, OktaResponseError, type RollcallError } from '../core/errors.js';
import { isLostAnswer } from '../okta/lost-answer.js';

/** Statuses of something between us and Okta, or of a replica that lags: a later look may be answered. */
const NOT_ABOUT_THE_SESSION = new Set([403, 404, 408]);

/** True for failures after which a call may or may not have been acted on. */
export function isTransient(error: unknown): error is RollcallError {
  return isLostAnswer(error);
}

/** True when a look at a session told nothing, and the next may. */
export function isUnanswered(error: unknown): boolean {
  // A redirect will be one again.
  if (error instanceof OktaResponseError) return error.status < 300 || error.status >= 400;
  if (error instanceof OktaHttpError && NOT_ABOUT_THE_SESSION.has(error.status)) return true;
  return isLostAnswer(error);
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
