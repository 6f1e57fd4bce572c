/** A row of an input: a CSV row, or any JSON object. */
export type Row = Readonly<Record<string, unknown>>;

/** The reason why a row has no usable value. It names places in the mapping, never a value. */
export class Fault {
  constructor(
    readonly code: string,
    readonly reason: string,
  ) {}
}

/** True if the row has the column. A column of JSON may be nested: `dept.name` is the property `name` of `dept`. */
export function hasCell(row: Row, column: string): boolean {
  return Object.hasOwn(row, column) || (column.includes('.') && nestedCell(row, column) !== undefined);
}

/** The cell of a column; undefined if the row does not have it. */
export function cellOf(row: Row, column: string): unknown {
  const cell = row[column];
  // The quick case. A text is never inherited.
  if (typeof cell === 'string') return cell;
  if (Object.hasOwn(row, column)) return row[column];
  return column.includes('.') ? nestedCell(row, column) : undefined;
}

function nestedCell(row: Row, column: string): unknown {
  let cell: unknown = row;
  for (const step of column.split('.')) {
    if (typeof cell !== 'object' || cell === null || !Object.hasOwn(cell, step)) return undefined;
    cell = (cell as Row)[step];
  }
  return cell;
}

/**
 * The text of a cell; `''` if there is none. Whole numbers and booleans of JSON become text as they are written. A
 * number that JavaScript cannot represent exactly is a fault, because its last digits are already lost.
 */
export function textOf(row: Row, column: string, place: string): string | Fault {
  const cell = cellOf(row, column);
  if (typeof cell === 'string') return cell;
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'boolean' || (typeof cell === 'number' && Number.isSafeInteger(cell)))
    return String(cell);
  return new Fault(
    'NOT_TEXT',
    `the column ${JSON.stringify(column)} is neither text nor a whole number (${place})`,
  );
}
