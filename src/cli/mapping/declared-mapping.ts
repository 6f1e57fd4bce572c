import {
  mappingOf,
  type DeclaredAttribute,
  type MappingOf,
  type DeclaredMapping,
} from '../../core/declared-mapping.js';
import { toGroup, toMembership, toUser } from '../../transform/to-records.js';
import type { IdentityRule, PairRule, RecordRule } from './mapping.js';
import type { ValueRule } from './values.js';

/** The functions that are used if there is no mapping. */
const IDENTITY = { users: toUser, groups: toGroup, memberships: toMembership };

/**
 * The declared mapping of a rule, if all its values are columns. With it, unchanged rows need not be parsed. Undefined for a rule
 * with a condition, a template, an expression, or another function of a value.
 */
export function profileMapping(
  rule: RecordRule | IdentityRule,
  entity: 'users' | 'groups',
): MappingOf | undefined {
  if (rule.kind === 'identity') return mappingOf(IDENTITY[entity]);
  const id = rule.externalId.plain;
  if (rule.when !== undefined || rule.deleted !== undefined || rule.duplicates !== undefined)
    return undefined;
  if (id === undefined) return undefined;
  const attributes: DeclaredAttribute[] = [];
  for (const [name, value] of rule.profile) {
    const field = attributeField(name, value);
    if (field === undefined) return undefined;
    attributes.push(field);
  }
  const mapping: DeclaredMapping = { kind: 'profile', externalId: id.column, attributes };
  return () => mapping;
}

/** {@link profileMapping} of memberships. */
export function membershipMapping(rule: PairRule | IdentityRule): MappingOf | undefined {
  if (rule.kind === 'identity') return mappingOf(IDENTITY.memberships);
  const group = rule.groupExternalId.plain;
  const member = rule.memberExternalId.plain;
  if (rule.when !== undefined || rule.deleted !== undefined || rule.duplicates !== undefined)
    return undefined;
  if (group === undefined || member === undefined) return undefined;
  const mapping: DeclaredMapping = { kind: 'membership', group: group.column, member: member.column };
  return () => mapping;
}

function attributeField(name: string, { plain }: ValueRule): DeclaredAttribute | undefined {
  if (plain === undefined) return undefined;
  const { column, ofEmpty } = plain;
  // JSON's null is an empty text to a mapping.
  const nullStays = ofEmpty === null;
  return { name, column, empty: ofEmpty === undefined ? 'omit' : nullStays ? 'null' : 'keep', nullStays };
}
