import { OktaAuthError, OktaHttpError, OktaResponseError, type RollcallError } from '../core/errors.js';
import { isLostAnswer } from '../okta/lost-answer.js';

/** Statuses that may come from a proxy, or from a replica that is behind; a later request may succeed. */
const NOT_ABOUT_THE_SESSION = new Set([403, 404, 408]);

/** True if Okta may have acted on the call. */
export function isTransient(error: unknown): error is RollcallError {
  return isLostAnswer(error);
}

/** True if getting a session failed for a reason that may be over at the next attempt. */
export function isUnanswered(error: unknown): boolean {
  // The same request would be redirected again.
  if (error instanceof OktaResponseError) return error.status < 300 || error.status >= 400;
  if (error instanceof OktaHttpError && NOT_ABOUT_THE_SESSION.has(error.status)) return true;
  return isLostAnswer(error);
}

/**
 * True if Okta refused the call because of its content, or because of the state of the session (400, 404, 409). False for a
 * refused sign-in, although its status may be 400 too.
 */
export function isRefused(error: unknown): boolean {
  if (error instanceof OktaAuthError) return false;
  return (
    error instanceof OktaHttpError && (error.status === 400 || error.status === 404 || error.status === 409)
  );
}
