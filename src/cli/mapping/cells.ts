/** A row as a mapping sees it: a CSV row, or any JSON object. */
export type Row = Readonly<Record<string, unknown>>;

/** Why a value cannot be had from a row; names places in the mapping, never a value. */
export class Fault {
  constructor(
    readonly code: string,
    readonly reason: string,
  ) {}
}

/**
 * The text of a cell; `''` where there is none. JSON's whole numbers and booleans are taken as they are written; a
 * number that JavaScript cannot hold exactly is not, for its last digits are lost already.
 */
export function textOf(row: Row, column: string, place: string): string | Fault {
  const cell = Object.hasOwn(row, column) ? row[column] : undefined;
  if (typeof cell === 'string') return cell;
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'boolean' || (typeof cell === 'number' && Number.isSafeInteger(cell)))
    return String(cell);
  return new Fault(
    'NOT_TEXT',
    `its column ${JSON.stringify(column)} is neither text nor a whole number (${place})`,
  );
}
