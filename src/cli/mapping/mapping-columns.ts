import type { Entity } from '../../core/model.js';
import type { Condition } from './conditions.js';
import type { NeededColumns } from '../inputs/header-check.js';
import type { Mapping, RecordRule } from './mapping.js';

/** The columns that a mapping needs for an entity. */
export function columnsOf(mapping: Mapping, entity: Entity): NeededColumns {
  if (entity === 'memberships') return { names: membershipColumns(mapping), others: 'leave' };
  const rule = mapping[entity];
  // Without a mapping, every column except the id is an attribute.
  return rule.kind === 'rows'
    ? { names: recordColumns(rule), others: 'leave' }
    : { names: ['externalId'], others: 'keep' };
}

function recordColumns({ externalId, profile, when }: RecordRule): readonly string[] {
  return unique([externalId, ...profile.values()], [when]);
}

function membershipColumns({ memberships: rule }: Mapping): readonly string[] {
  if (rule.kind === 'identity') return ['groupExternalId', 'memberExternalId'];
  if (rule.kind === 'users') return unique([rule.memberExternalId, rule.groups], rule.when);
  return unique([rule.groupExternalId, rule.memberExternalId], [rule.when]);
}

function unique(
  values: readonly { readonly columns: readonly string[] }[],
  conditions: readonly (Condition | undefined)[],
): readonly string[] {
  return [...new Set([...values, ...conditions].flatMap((part) => part?.columns ?? []))];
}
