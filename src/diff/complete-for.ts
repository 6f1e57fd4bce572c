import { HashedKeys } from '../fingerprints/hashed-keys.js';
import { splitMembershipKey } from '../core/model.js';

/** For whom a feed of memberships has all memberships: the members that it names, or the groups. */
export type CompleteFor = 'members' | 'groups';

/** The two values of {@link CompleteFor}. */
export const COMPLETE_FOR: readonly CompleteFor[] = Object.freeze(['members', 'groups']);

/** Finds the memberships that a feed ends by not naming them, because it is complete for their member or group. */
export class CompleteParents {
  readonly #of: CompleteFor;
  readonly #parents: HashedKeys;
  readonly #named: HashedKeys;

  constructor(of: CompleteFor, fingerprintKey: string) {
    this.#of = of;
    this.#parents = new HashedKeys(fingerprintKey);
    this.#named = new HashedKeys(fingerprintKey);
  }

  /** Notes a membership that the feed names, by its key; also one that it marks as removed. */
  add(key: string): void {
    this.#named.add(key);
    this.#parents.add(this.#parentOf(key));
  }

  /** Notes the key of a rejected record: its membership must not end for that. Such a record alone does not name its member or group. */
  keep(key: string): void {
    this.#named.add(key);
  }

  /** True if the feed names the member, or the group, of a membership. */
  namesParentOf(key: string): boolean {
    return this.#parents.has(this.#parentOf(key));
  }

  /** True for a membership of the baseline that ends, because the feed names its member or group without it. */
  ends(key: string): boolean {
    return this.namesParentOf(key) && !this.#named.has(key);
  }

  #parentOf(key: string): string {
    const { groupExternalId, memberExternalId } = splitMembershipKey(key);
    return this.#of === 'members' ? memberExternalId : groupExternalId;
  }
}
