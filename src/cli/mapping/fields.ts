import {
  fieldsOf,
  type AttributeField,
  type FieldsOf,
  type RecordFields,
} from '../../screening/declared-mapping.js';
import { toGroup, toMembership, toUser } from '../../transform/to-records.js';
import type { IdentityRule, PairRule, RecordRule } from './mapping.js';
import type { ValueRule } from './values.js';

/** The functions that do what a mapping does where there is none. */
const IDENTITY = { users: toUser, groups: toGroup, memberships: toMembership };

/**
 * What a mapping makes of a row, where all of it is the text of columns: rows that are unchanged can then do without being
 * read. Undefined where there is a condition, a template, or anything else that looks into a value.
 */
export function recordFields(
  rule: RecordRule | IdentityRule,
  entity: 'users' | 'groups',
): FieldsOf | undefined {
  if (rule.kind === 'identity') return fieldsOf(IDENTITY[entity]);
  const id = rule.externalId.plain;
  if (rule.when !== undefined || id === undefined) return undefined;
  const attributes: AttributeField[] = [];
  for (const [name, value] of rule.profile) {
    const field = attributeField(name, value);
    if (field === undefined) return undefined;
    attributes.push(field);
  }
  const fields: RecordFields = { kind: 'profile', externalId: id.column, attributes };
  return () => fields;
}

/** {@link recordFields} of memberships. */
export function pairFields(rule: PairRule | IdentityRule): FieldsOf | undefined {
  if (rule.kind === 'identity') return fieldsOf(IDENTITY.memberships);
  const group = rule.groupExternalId.plain;
  const member = rule.memberExternalId.plain;
  if (rule.when !== undefined || group === undefined || member === undefined) return undefined;
  const fields: RecordFields = { kind: 'membership', group: group.column, member: member.column };
  return () => fields;
}

function attributeField(name: string, { plain }: ValueRule): AttributeField | undefined {
  if (plain === undefined) return undefined;
  const { column, ofEmpty } = plain;
  // JSON's null is an empty text to a mapping.
  const nullStays = ofEmpty === null;
  return { name, column, empty: ofEmpty === undefined ? 'omit' : nullStays ? 'null' : 'keep', nullStays };
}
