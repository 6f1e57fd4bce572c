import { isFields, joinedCells, type Column } from './cell-writer.js';
import type { RecordFields } from './declared-mapping.js';
import type { ScreenRequest } from './screen.js';
import { sameNames } from '../core/same-list.js';
import type { ObjectShape } from './screened-objects.js';

/** Rows with a property for each column, like the first; undefined when it is not known which columns records are made of. */
export function rowShape(first: unknown, { fields }: ScreenRequest): ObjectShape | undefined {
  const plain = fields?.(undefined);
  // A function that takes all columns there are: each row must have just those of the first.
  const names = plain === undefined && isFields(first) ? Object.keys(first) : undefined;
  const known = plain ?? (names && fields?.(names));
  if (known === undefined) return undefined;
  const columns = columnsOf(known);
  return {
    fields: known,
    columns: columns.map(({ name }) => name),
    cellsOf(row) {
      if (!isFields(row)) return undefined;
      if (names !== undefined && !sameNames(Object.keys(row), names)) return undefined;
      return joinedCells(row, columns);
    },
  };
}

/** The columns that records are made of, that of the id first. */
function columnsOf(fields: RecordFields): Column[] {
  if (fields.kind === 'membership')
    return [...new Set([fields.group, fields.member])].map((name) => ({ name, nullIsEmpty: true }));
  const columns = new Map([[fields.externalId, true]]);
  for (const { column, empty, nullStays } of fields.attributes) {
    const isSame = empty === 'null' ? nullStays : empty === 'omit' && !nullStays;
    columns.set(column, isSame && columns.get(column) !== false);
  }
  return Array.from(columns, ([name, nullIsEmpty]) => ({ name, nullIsEmpty }));
}
