import { StateError } from '../core/errors.js';
import type { Fingerprint } from '../core/model.js';
import { LOGIN_WIDTH, loginOf } from '../fingerprints/login-fingerprints.js';
import type { AdoptedRow } from './store.js';

/**
 * The most logins that are stored for an unknown row. A user has more only if so many uploads in a row, each with another login,
 * had an unknown outcome. Then the second oldest is forgotten: the oldest is the one that Okta confirmed, and the others are
 * later. If another user gets a forgotten login, the record is sent at once; if Okta still has the login elsewhere, it refuses it.
 */
export const MOST_LOGINS = 32;

/**
 * The logins that a user may have after a row was written: of a confirmed row its own, of an unknown row also those from before,
 * because Okta may have applied each of its last uploads or not. They are fingerprints, in the order in which they were written.
 *
 * @param before - the logins of the row that was replaced; empty if there was none
 * @throws {@link StateError} if the login of the row is not a fingerprint
 */
export function loginsAfter(before: readonly string[], { held, login }: AdoptedRow): readonly string[] {
  if (held?.kind !== 'unknown') return held === undefined ? [] : ownLogin(held.fingerprint);
  if (login === undefined || before.includes(login)) return before;
  if (login.length !== LOGIN_WIDTH)
    throw new StateError(`the fingerprint of a login has ${LOGIN_WIDTH} characters`);
  const [first, ...others] = before;
  if (first === undefined) return [login];
  return [first, ...others.slice(before.length < MOST_LOGINS ? 0 : 1), login];
}

function ownLogin({ attributes }: Fingerprint): readonly string[] {
  const login = loginOf(attributes);
  return login === undefined ? [] : [login];
}
