import { makeBatch } from '../okta/bulk-body.js';
import { splitMembershipKey, type Batch, type Change } from '../core/model.js';

/** The two halves of a refused batch; undefined for a batch of one change. */
export function splitBatch(batch: Batch): readonly [Batch, Batch] | undefined {
  if (batch.changes.length < 2) return undefined;
  const middle = Math.ceil(batch.changes.length / 2);
  return [
    makeBatch(batch.entity, batch.kind, batch.changes.slice(0, middle)),
    makeBatch(batch.entity, batch.kind, batch.changes.slice(middle)),
  ];
}

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
