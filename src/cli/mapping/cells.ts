/** A row of an input: a CSV row, or any JSON object. */
export type Row = Readonly<Record<string, unknown>>;

/** The reason why a row has no usable value. It names places in the mapping, never a value. */
export class Fault {
  constructor(
    readonly code: string,
    readonly reason: string,
  ) {}
}

/**
 * The text of a cell; `''` if there is none. Whole numbers and booleans of JSON become text as they are written. A
 * number that JavaScript cannot represent exactly is a fault, because its last digits are already lost.
 */
export function textOf(row: Row, column: string, place: string): string | Fault {
  const cell = Object.hasOwn(row, column) ? row[column] : undefined;
  if (typeof cell === 'string') return cell;
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'boolean' || (typeof cell === 'number' && Number.isSafeInteger(cell)))
    return String(cell);
  return new Fault(
    'NOT_TEXT',
    `the column ${JSON.stringify(column)} is neither text nor a whole number (${place})`,
  );
}
