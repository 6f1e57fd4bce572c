import type { Profile } from '../core/model.js';

/** A user, as far as its login is concerned. */
interface LoginUser {
  readonly id: string;
  readonly profile: Profile;
  readonly status: string;
}

/** The logins (`userName`) of the active users of an org, over all its identity sources. Upper and lower case are the same login. */
export class OrgLogins {
  /** The org's own id of the user with each login. */
  readonly #holders = new Map<string, string>();

  /** True if a user other than the one with this id has the login; no id stands for a new user. */
  isTaken(userName: string | null | undefined, id: string | undefined): boolean {
    if (!userName) return false;
    const holder = this.#holders.get(userName.toLowerCase());
    return holder !== undefined && holder !== id;
  }

  /** A user was replaced by its next version; undefined for a user that does not exist. */
  replace(before: LoginUser | undefined, after: LoginUser | undefined): void {
    const old = loginOf(before);
    if (old !== undefined && this.#holders.get(old) === before?.id) this.#holders.delete(old);
    const login = loginOf(after);
    if (login !== undefined && after !== undefined && !this.#holders.has(login))
      this.#holders.set(login, after.id);
  }
}

/** The login that a user occupies: users who are deactivated, or wait for their confirmation, occupy none. */
function loginOf(user: LoginUser | undefined): string | undefined {
  return user?.status === 'ACTIVE' ? user.profile['userName']?.toLowerCase() : undefined;
}
