import type { Entity } from '../core/model.js';
import { doubtMembershipsOf } from '../state/ended-parents.js';
import { UNKNOWN, type AdoptedRow, type Reading, type StateStore } from '../state/store.js';

/** The most rows that are written together. */
const ROWS_AT_A_TIME = 1000;
/** The most users and groups that Okta does not have and that are written together. For each such part all memberships are read once. */
const PARENTS_AT_A_TIME = 50_000;

/**
 * Makes rows of a state unknown, so that the next sync sends them again. Rows that the state does not have are sent anyway. If Okta does
 * not have a user or group, its memberships become unknown too.
 */
export class Repair {
  /** The number of rows that are unknown now. */
  rows = 0;
  readonly #state: StateStore;
  readonly #reading: Reading;
  #pending: { readonly entity: Entity; readonly key: string }[] = [];
  /** Users and groups that Okta does not have. */
  #missing = { users: new Set<string>(), groups: new Set<string>() };

  /** @param reading - a reading of the state */
  constructor(state: StateStore, reading: Reading) {
    this.#state = state;
    this.#reading = reading;
  }

  /** Makes a row unknown whose record differs. */
  async doubt(entity: Entity, key: string): Promise<void> {
    this.#pending.push({ entity, key });
    if (this.#pending.length >= ROWS_AT_A_TIME) await this.#write(this.#pending.splice(0));
  }

  /** Makes a row unknown whose record Okta does not have. */
  async doubtMissing(entity: Entity, key: string): Promise<void> {
    if (entity === 'memberships') return this.doubt(entity, key);
    const { users, groups } = this.#missing;
    this.#missing[entity].add(key);
    if (users.size + groups.size >= PARENTS_AT_A_TIME) await this.flush();
  }

  /** Writes what is not written yet. */
  async flush(): Promise<void> {
    const missing = this.#missing;
    this.#missing = { users: new Set(), groups: new Set() };
    // Before their users and groups: if the process dies in between, nothing is lost.
    if (missing.users.size + missing.groups.size > 0)
      await doubtMembershipsOf(
        this.#state,
        ({ groupExternalId, memberExternalId }) =>
          missing.users.has(memberExternalId) || missing.groups.has(groupExternalId),
      );
    const pending = [...this.#pending];
    this.#pending = [];
    for (const entity of ['users', 'groups'] as const)
      for (const key of missing[entity]) pending.push({ entity, key });
    for (let start = 0; start < pending.length; start += ROWS_AT_A_TIME)
      await this.#write(pending.slice(start, start + ROWS_AT_A_TIME));
  }

  async #write(pending: readonly { readonly entity: Entity; readonly key: string }[]): Promise<void> {
    const rows: AdoptedRow[] = [];
    for (const { entity, key } of pending) {
      const [held] = await this.#reading.held(entity, [key]);
      if (held?.kind === 'confirmed') rows.push({ entity, key, held: UNKNOWN });
    }
    await this.#state.adopt(rows);
    this.rows += rows.length;
  }
}
