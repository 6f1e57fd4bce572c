import type { Entity } from '../../core/model.js';
import type { NeededColumns } from '../inputs/header-check.js';
import { GROUP, type Mapping } from './mapping.js';

/** A part of a mapping, and the columns that it reads. */
interface Part {
  readonly columns: readonly string[];
  readonly optional?: readonly string[];
}

/** The columns that a mapping needs for an entity. */
export function columnsOf(mapping: Mapping, entity: Entity): NeededColumns {
  const parts = entity === 'memberships' ? membershipParts(mapping) : recordParts(mapping, entity);
  if (parts !== undefined) {
    const given = parts.filter((part) => part !== undefined);
    return {
      names: unique(given.flatMap(({ columns }) => columns)),
      others: 'leave',
      optional: unique(given.flatMap(({ optional = [] }) => optional)),
    };
  }
  if (entity === 'memberships') return { names: ['groupExternalId', 'memberExternalId'], others: 'leave' };
  // Without a mapping, every column except the id is an attribute.
  return { names: ['externalId'], others: 'keep' };
}

function recordParts(
  mapping: Mapping,
  entity: 'users' | 'groups',
): readonly (Part | undefined)[] | undefined {
  const rule = mapping[entity];
  if (rule.kind === 'memberships') return namedGroupParts(mapping, [...rule.profile.values()]);
  return rule.kind === 'rows'
    ? [rule.externalId, ...rule.profile.values(), rule.when, rule.deleted, rule.duplicates]
    : undefined;
}

/** Groups that memberships name are made of their rows. */
function namedGroupParts(mapping: Mapping, profile: readonly Part[]): readonly (Part | undefined)[] {
  const ids = { columns: ['groupExternalId', 'memberExternalId'] };
  const columns = profile.flatMap((part) => part.columns).filter((column) => column !== GROUP);
  return [...(membershipParts(mapping) ?? [ids]), { columns }];
}

function membershipParts({ memberships: rule }: Mapping): readonly (Part | undefined)[] | undefined {
  if (rule.kind === 'identity') return undefined;
  if (rule.kind !== 'rows') return [rule.externalId, rule.list, ...rule.when];
  return [rule.groupExternalId, rule.memberExternalId, rule.when, rule.deleted, rule.duplicates];
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
