import { cellText, RECORD_SEPARATOR, UNIT_SEPARATOR } from './cell-writer.js';
import type { Entity } from './model.js';
import { sameNames } from './same-names.js';
import type { ObjectShape } from './screened-objects.js';

const ID = 'externalId';
const MEMBERSHIP = ['groupExternalId', 'memberExternalId'] as const;
type Fields = Readonly<Record<string, unknown>>;

/** Records like the first, whatever made them: each must have just its attributes, in their order. */
export function recordShape(entity: Entity, first: unknown): ObjectShape | undefined {
  if (!isObject(first)) return undefined;
  const names = Object.keys(first);
  if (entity === 'memberships')
    return sameNames([...names].sort(), MEMBERSHIP) ? membershipShape(names) : undefined;
  const { profile } = first;
  if (!sameNames([...names].sort(), [ID, 'profile']) || !isObject(profile)) return undefined;
  const attributes = Object.keys(profile);
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
    cellsOf: (record) => recordCells(record, names, attributes),
  };
}

function membershipShape(names: readonly string[]): ObjectShape {
  const [group, member] = MEMBERSHIP;
  return {
    fields: { kind: 'membership', group, member },
    columns: names,
    cellsOf(record) {
      if (!isObject(record) || !sameNames(Object.keys(record), names)) return undefined;
      const cells = cellsOf(record, names);
      return cells && cells + RECORD_SEPARATOR;
    },
  };
}

/** A hot loop: it runs for every record of the source. */
function recordCells(
  record: unknown,
  names: readonly string[],
  attributes: readonly string[],
): string | undefined {
  if (!isObject(record) || !sameNames(Object.keys(record), names)) return undefined;
  const { externalId, profile } = record;
  if (typeof externalId !== 'string' || !isObject(profile)) return undefined;
  if (!sameNames(Object.keys(profile), attributes)) return undefined;
  const cells = cellsOf(profile, attributes);
  return cells && externalId + UNIT_SEPARATOR + cells + RECORD_SEPARATOR;
}

function cellsOf(object: Fields, names: readonly string[]): string | undefined {
  let text = '';
  let separator = '';
  for (const name of names) {
    const cell = cellText(object[name], false);
    if (cell === undefined) return undefined;
    text += separator + cell;
    separator = UNIT_SEPARATOR;
  }
  return text;
}

/** An attribute may have the name of the id. */
function columnOf(attribute: string): string {
  return `profile.${attribute}`;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
