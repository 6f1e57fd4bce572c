import type { Condition } from './condition.js';
import type { DuplicateRule } from './duplicate-rule.js';
import type { ListRule } from './lists.js';
import type { Lookups } from './lookups.js';
import type { ValueRule } from './values.js';

/** Users or groups made of the rows of their own input. */
export interface RecordRule {
  readonly kind: 'rows';
  readonly externalId: ValueRule;
  readonly profile: ReadonlyMap<string, ValueRule>;
  readonly when: Condition | undefined;
  /** In a feed of changes: the rows that mark a removal, and need no more than the id. */
  readonly deleted: Condition | undefined;
  /** Which of several rows with the same id counts. @defaultValue the first one, and the others are rejected */
  readonly duplicates: DuplicateRule | undefined;
}

/** Memberships made of the rows of their own input. */
export interface PairRule {
  readonly kind: 'rows';
  readonly groupExternalId: ValueRule;
  readonly memberExternalId: ValueRule;
  readonly when: Condition | undefined;
  /** See {@link RecordRule.deleted}. */
  readonly deleted: Condition | undefined;
  /** See {@link RecordRule.duplicates}. */
  readonly duplicates: DuplicateRule | undefined;
}

/** Memberships made of a list in each row of the users, of their groups, or in each row of the groups, of their members. */
export interface ListedRule {
  readonly kind: 'users' | 'groups';
  /** The ids of the groups of a user, or of the members of a group. */
  readonly list: ListRule;
  /** The id of the user or group of the row. */
  readonly externalId: ValueRule;
  /** That of the users or groups, so that none that is left out has memberships, and that of the memberships. */
  readonly when: readonly Condition[];
}

/** The column of groups that are made of memberships: the id of the group. */
export const GROUP = 'group';

/** Groups made of those that memberships name. The values are made of the row of a membership, and of the column {@link GROUP}. */
export interface NamedGroupsRule {
  readonly kind: 'memberships';
  readonly profile: ReadonlyMap<string, ValueRule>;
}

/** The columns as they are named when there is no mapping. */
export interface IdentityRule {
  readonly kind: 'identity';
}

/** How the cells of all inputs are changed before anything reads them. */
export interface CellRules {
  /** Words that mean the same as an empty cell; blanks around them are ignored. */
  readonly emptyValues: ReadonlySet<string>;
  /** True to remove characters that nobody can see. */
  readonly clean: boolean;
}

/** How the rows of the inputs become users, groups and memberships. */
export interface Mapping extends CellRules {
  /** The inputs that expressions look up. */
  readonly lookups: Lookups;
  readonly users: RecordRule | IdentityRule;
  readonly groups: RecordRule | NamedGroupsRule | IdentityRule;
  readonly memberships: PairRule | ListedRule | IdentityRule;
}

/** Whether memberships are made of lists in the rows of users or groups. */
export function isListed(rule: Mapping['memberships']): rule is ListedRule {
  return rule.kind === 'users' || rule.kind === 'groups';
}
