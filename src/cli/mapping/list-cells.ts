import { cellOf, Fault, textOf, type Row } from './cells.js';

/** The cells of a list: the elements of a JSON array, or the parts of a text between separators. */
export function cellsOf(
  row: Row,
  column: string,
  split: string | undefined,
  place: string,
): readonly string[] | Fault {
  const cell = cellOf(row, column);
  if (Array.isArray(cell)) {
    const texts = cell.map((item: unknown) => textOf({ [column]: item }, column, place));
    return texts.find((item) => item instanceof Fault) ?? (texts as string[]);
  }
  const value = textOf(row, column, place);
  if (value instanceof Fault) return value;
  return split === undefined ? [value] : value.split(split);
}

/** Finds out whether a row has only a part of a list: LDAP gives a long one in parts, under names of their own. */
export function partialList(column: string, place: string): (row: Row) => Fault | undefined {
  const part = `${column};range=`;
  const partial = new Fault(
    'PARTIAL_LIST',
    `the record has only a part of the list ${JSON.stringify(column)}, which LDAP gave in ranges (${place})`,
  );
  return (row) => {
    for (const name in row) if (name.startsWith(part)) return partial;
    return undefined;
  };
}
