import { loginOf } from '../fingerprints/login-fingerprints.js';
import type { AdoptedRow, Held } from './store.js';

/** The index of a store: the user who has a login, by the fingerprint of the login. A `Map` is one. */
export interface LoginIndex {
  get(login: string): string | undefined;
  set(login: string, key: string): unknown;
  delete(login: string): unknown;
}

/**
 * Updates the index after a row of users was written. The entries of an unknown row stay, because the user may still have each of
 * these logins; {@link mayHave} ignores those that are out of date.
 *
 * @param before - the row that was replaced, if there was one
 */
export function indexLogin(logins: LoginIndex, before: Held | undefined, row: AdoptedRow): void {
  const { key, held } = row;
  const old = before && loginOfRow(before);
  const now = (held && loginOfRow(held)) ?? row.login;
  if (old !== undefined && old !== now && held?.kind !== 'unknown' && logins.get(old) === key)
    logins.delete(old);
  // Most updates leave the login as it is, and a look into a large index costs as much as that into the rows.
  if (now !== undefined && now !== old && logins.get(now) !== key) logins.set(now, key);
}

/** True if a user with this row may have a login. The login of an unknown row is not known. */
export function mayHave(held: Held | undefined, login: string): boolean {
  return held !== undefined && (held.kind === 'unknown' || loginOfRow(held) === login);
}

function loginOfRow(held: Held): string | undefined {
  return held.kind === 'confirmed' ? loginOf(held.fingerprint.attributes) : undefined;
}
