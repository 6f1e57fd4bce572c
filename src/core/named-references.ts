import { splitMembershipKey, type Change } from './model.js';

/** Users and groups that do not exist yet, or were refused: Okta would ignore memberships that name them. */
export class NamedReferences {
  readonly #users = new Set<string>();
  readonly #groups = new Set<string>();

  add(change: Change): void {
    if (!change.created || change.kind !== 'upsert') return;
    if (change.entity === 'users') this.#users.add(change.key);
    if (change.entity === 'groups') this.#groups.add(change.key);
  }

  /** True for a membership that names one of them. */
  has(change: Change): boolean {
    if (
      change.entity !== 'memberships' ||
      change.kind === 'delete' ||
      this.#users.size + this.#groups.size === 0
    )
      return false;
    const { groupExternalId, memberExternalId } = splitMembershipKey(change.key);
    return this.#users.has(memberExternalId) || this.#groups.has(groupExternalId);
  }
}
