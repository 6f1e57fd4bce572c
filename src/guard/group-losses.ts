import { splitMembershipKey, type Change } from '../core/model.js';
import type { GroupLoss } from '../core/results.js';
import type { StateStore } from '../state/store.js';
import type { GuardLimits } from './guard-limits.js';
import { percentOf } from './guard-rules.js';

type Limits = Required<Pick<GuardLimits, 'maxGroupLossPercent' | 'minGroupLosses'>>;

/** Counts how many members each group loses in a plan. */
export class GroupLosses {
  readonly #lost = new Map<string, number>();
  readonly #deleted = new Set<string>();

  add({ entity, kind, key }: Change): void {
    if (kind !== 'delete') return;
    if (entity === 'groups') this.#deleted.add(key);
    if (entity !== 'memberships') return;
    const { groupExternalId } = splitMembershipKey(key);
    this.#lost.set(groupExternalId, (this.#lost.get(groupExternalId) ?? 0) + 1);
  }

  /**
   * The groups that lose more members than the limits allow, those with the greatest share first. A group that is deleted is
   * not one of them. The members are counted in the state, which is read only if a group loses many.
   */
  async over(state: StateStore, { maxGroupLossPercent, minGroupLosses }: Limits): Promise<GroupLoss[]> {
    const members = new Map<string, number>();
    for (const [group, lost] of this.#lost)
      if (lost > minGroupLosses && !this.#deleted.has(group)) members.set(group, 0);
    if (members.size === 0) return [];
    for await (const rows of state.rows('memberships')) {
      for (const { key } of rows) {
        const { groupExternalId } = splitMembershipKey(key);
        const count = members.get(groupExternalId);
        if (count !== undefined) members.set(groupExternalId, count + 1);
      }
    }
    return Array.from(members, ([group, count]) => ({
      group,
      members: count,
      lost: this.#lost.get(group) as number,
    }))
      .filter((loss) => percentOf(loss) > maxGroupLossPercent)
      .sort((a, b) => percentOf(b) - percentOf(a) || (a.group < b.group ? -1 : 1));
  }
}
