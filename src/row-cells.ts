import { cellText, RECORD_SEPARATOR, UNIT_SEPARATOR } from './cell-writer.js';
import type { RecordFields } from './record-fields.js';
import type { ScreenRequest } from './row-screen.js';
import { sameNames } from './same-names.js';
import type { ObjectShape } from './screened-objects.js';

interface Column {
  readonly name: string;
  /** Whether null comes to the same as an empty cell. */
  readonly nullIsEmpty: boolean;
}

/** Rows with a property for each column, like the first; undefined when it is not known which columns records are made of. */
export function rowShape({ fields }: ScreenRequest, first: unknown): ObjectShape | undefined {
  const plain = fields?.(undefined);
  // A function that takes all columns there are: each row must have just those of the first.
  const names =
    plain === undefined && typeof first === 'object' && first !== null ? Object.keys(first) : undefined;
  const known = plain ?? (names && fields?.(names));
  if (known === undefined) return undefined;
  const columns = columnsOf(known);
  return {
    fields: known,
    columns: columns.map(({ name }) => name),
    cellsOf: (row) => rowCells(row, columns, names),
  };
}

/** A hot loop: it runs for every row of the source. */
function rowCells(
  row: unknown,
  columns: readonly Column[],
  names: readonly string[] | undefined,
): string | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  if (names !== undefined && !sameNames(Object.keys(row), names)) return undefined;
  let text = '';
  let separator = '';
  for (const { name, nullIsEmpty } of columns) {
    const cell = cellText((row as Readonly<Record<string, unknown>>)[name], nullIsEmpty);
    if (cell === undefined) return undefined;
    text += separator + cell;
    separator = UNIT_SEPARATOR;
  }
  return text + RECORD_SEPARATOR;
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
