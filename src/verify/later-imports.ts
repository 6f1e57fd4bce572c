import type { LaterImports } from '../core/verify-results.js';
import type { AppUser } from '../okta/directory-client.js';

/** The clocks of Okta's servers may differ by minutes. */
const MARGIN_MS = 300_000;

/** Counts the users that Okta imported after the last import of this state. */
export class LaterImportTally {
  #users = 0;
  #newest = 0;
  readonly #endedAt: number | undefined;

  /** @param endedAt - of `importsEndedAt`; undefined if it is not known, and nothing is counted then */
  constructor(endedAt: number | undefined) {
    this.#endedAt = endedAt;
  }

  add({ lastSync }: AppUser): void {
    if (lastSync === undefined || this.#endedAt === undefined || lastSync <= this.#endedAt + MARGIN_MS)
      return;
    this.#users++;
    this.#newest = Math.max(this.#newest, lastSync);
  }

  /** Undefined if there are none. */
  get result(): LaterImports | undefined {
    const { users, newest } = { users: this.#users, newest: this.#newest };
    return users === 0
      ? undefined
      : { users, newest: new Date(newest), endedAt: new Date(this.#endedAt as number) };
  }
}
