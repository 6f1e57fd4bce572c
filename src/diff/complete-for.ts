import { membershipKey, splitMembershipKey, type MembershipRecord } from '../core/model.js';

/** For whom a feed of memberships has all memberships: the members that it names, or the groups. */
export type CompleteFor = 'members' | 'groups';

/** The two values of {@link CompleteFor}. */
export const COMPLETE_FOR: readonly CompleteFor[] = Object.freeze(['members', 'groups']);

/** Finds the memberships that a feed ends by not naming them, because it is complete for their member or group. */
export class CompleteParents {
  readonly #of: CompleteFor;
  readonly #parents = new Set<string>();
  readonly #named = new Set<string>();

  constructor(of: CompleteFor) {
    this.#of = of;
  }

  /** Notes the memberships that the feed names, also those that it marks as removed. */
  add(records: readonly MembershipRecord[]): void {
    for (const { groupExternalId, memberExternalId } of records)
      this.addKey(membershipKey(groupExternalId, memberExternalId));
  }

  /** Notes a membership by its key, also one that is rejected: it must not end for that. */
  addKey(key: string): void {
    this.#named.add(key);
    this.#parents.add(this.#parentOf(key));
  }

  /** True for a membership of the baseline that ends, because the feed names its member or group without it. */
  ends(key: string): boolean {
    return !this.#named.has(key) && this.#parents.has(this.#parentOf(key));
  }

  #parentOf(key: string): string {
    const { groupExternalId, memberExternalId } = splitMembershipKey(key);
    return this.#of === 'members' ? memberExternalId : groupExternalId;
  }
}
