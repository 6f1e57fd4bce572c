import { isFields, joinedCells, UNIT_SEPARATOR, type Column } from './cell-writer.js';
import type { Entity } from '../core/model.js';
import { sameNames } from '../core/same-list.js';
import type { ObjectShape } from './screened-objects.js';

const ID = 'externalId';
const MEMBERSHIP = ['groupExternalId', 'memberExternalId'] as const;

/** Records like the first, whatever made them: each must have just its attributes, in their order. */
export function recordShape(entity: Entity, first: unknown): ObjectShape | undefined {
  if (!isFields(first)) return undefined;
  const names = Object.keys(first);
  if (entity === 'memberships')
    return sameNames([...names].sort(), MEMBERSHIP) ? membershipShape(names) : undefined;
  const { profile } = first;
  if (!sameNames([...names].sort(), [ID, 'profile']) || !isFields(profile)) return undefined;
  return profileShape(names, Object.keys(profile));
}

function profileShape(names: readonly string[], attributes: readonly string[]): ObjectShape {
  const columns = columnsOf(attributes);
  // An attribute may have the name of the id.
  const columnOf = (attribute: string) => `profile.${attribute}`;
  return {
    fields: {
      kind: 'profile',
      externalId: ID,
      attributes: attributes.map((name) => ({
        name,
        column: columnOf(name),
        empty: 'keep',
        nullStays: true,
      })),
    },
    columns: [ID, ...attributes.map(columnOf)],
    cellsOf(record) {
      if (!isFields(record) || !sameNames(Object.keys(record), names)) return undefined;
      const { externalId, profile } = record;
      if (typeof externalId !== 'string' || !isFields(profile)) return undefined;
      if (!sameNames(Object.keys(profile), attributes)) return undefined;
      const cells = joinedCells(profile, columns);
      return cells === undefined ? undefined : externalId + UNIT_SEPARATOR + cells;
    },
  };
}

function membershipShape(names: readonly string[]): ObjectShape {
  const [group, member] = MEMBERSHIP;
  const columns = columnsOf(names);
  return {
    fields: { kind: 'membership', group, member },
    columns: names,
    cellsOf: (record) =>
      isFields(record) && sameNames(Object.keys(record), names) ? joinedCells(record, columns) : undefined,
  };
}

function columnsOf(names: readonly string[]): Column[] {
  return names.map((name) => ({ name, nullIsEmpty: false }));
}
