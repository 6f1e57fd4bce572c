import type { GroupRecord, MembershipRecord } from '../../core/model.js';
import { refusalOf, refusedRecord } from '../../validate/refused-record.js';
import { namedGroup } from './apply.js';
import type { Row } from './cells.js';
import type { NamedGroupsRule } from './mapping.js';

/** Finds the groups of memberships. It keeps the profile of each group, so its memory grows with the groups. */
export class NamedGroups {
  readonly #rule: NamedGroupsRule;
  /** What the first row said of a group, as JSON; undefined after another row said something else. */
  readonly #said = new Map<string, string | undefined>();

  constructor(rule: NamedGroupsRule) {
    this.#rule = rule;
  }

  /**
   * The group of a membership, if it is new, or rejected because rows differ about it.
   *
   * @param row - the row of the membership
   */
  of(pair: MembershipRecord | undefined, row: Row): GroupRecord | undefined {
    if (pair === undefined) return undefined;
    const refusal = refusalOf(pair);
    // It may have any group.
    if (refusal !== undefined) return refusedRecord<'groups'>({ ...refusal, key: undefined });
    const { groupExternalId: id } = pair;
    const isKnown = this.#said.has(id);
    if (isKnown && this.#said.get(id) === undefined) return undefined;
    const group = namedGroup(this.#rule, id, row);
    const said = JSON.stringify(refusalOf(group)?.reason ?? group.profile);
    if (!isKnown) {
      this.#said.set(id, said);
      return group;
    }
    if (this.#said.get(id) === said) return undefined;
    this.#said.set(id, undefined);
    return refusedRecord<'groups'>({
      key: id,
      field: undefined,
      code: 'GROUP_DIFFERS',
      reason: 'has another profile in an earlier row of the memberships, which is kept',
    });
  }
}
