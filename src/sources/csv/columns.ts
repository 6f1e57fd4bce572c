import { OptionsError, SourceError } from '../../core/errors.js';

/** One row: the text of each cell by the name of its column; an empty cell is `''`. */
export type CsvRow = Readonly<Record<string, string>>;

/**
 * The names of columns in a row: an object of new names by header (other columns keep their names), or a function that
 * returns the name for a header, or `undefined` to leave the column out.
 */
export type CsvColumns =
  Readonly<Record<string, string>> | ((header: string, index: number) => string | undefined);

/** @throws {@link OptionsError} if the option is neither an object of names nor a function. */
export function checkColumns(columns: CsvColumns | undefined): void {
  if (columns === undefined || typeof columns === 'function') return;
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns)) {
    throw new OptionsError('columns', 'expected an object of names by header, or a function');
  }
  for (const [header, name] of Object.entries(columns)) {
    if (typeof name !== 'string' || name === '')
      throw new OptionsError('columns', `expected a name for ${JSON.stringify(header)}`);
  }
}

/**
 * Creates the function that builds rows, from the header and the option `columns`.
 *
 * @throws {@link SourceError} for a header with an empty or repeated name, or without a column that `columns` lists.
 */
export function rowBuilder(
  header: readonly string[],
  columns: CsvColumns | undefined,
  place: { readonly file: string | undefined; readonly line: number },
): (fields: readonly string[]) => CsvRow {
  refuseBadHeader(header, place);
  if (typeof columns === 'object') {
    const missing = Object.keys(columns).find((name) => !header.includes(name));
    if (missing !== undefined)
      throw new SourceError(
        `the header has no column ${JSON.stringify(missing)}, which the option columns names`,
        place,
      );
  }
  const names: string[] = [];
  const positions: number[] = [];
  for (const [i, column] of header.entries()) {
    const name = nameOf(column, i, columns);
    if (name === undefined) continue;
    // An assignment to it would set the prototype of the row, and Okta has no such attribute.
    if (name === '__proto__')
      throw new SourceError('the header has a column __proto__, which is not a valid attribute name', place);
    if (names.includes(name))
      throw new SourceError(`two columns have the name ${JSON.stringify(name)}`, place);
    names.push(name);
    positions.push(i);
  }
  return (fields) => {
    // Assigned in the same order every time, so that all rows share one hidden class.
    const row: Record<string, string> = {};
    for (let i = 0; i < names.length; i++) row[names[i] as string] = fields[positions[i] as number] as string;
    return row;
  };
}

function refuseBadHeader(
  header: readonly string[],
  place: { readonly file: string | undefined; readonly line: number },
): void {
  const seen = new Map<string, number>();
  for (const [i, name] of header.entries()) {
    if (name.trim() === '') throw new SourceError(`the header of column ${i + 1} is empty`, place);
    const before = seen.get(name);
    // The error does not contain the name: in a file without a header, it may be the name of a person.
    if (before !== undefined)
      throw new SourceError(`columns ${before + 1} and ${i + 1} have the same header`, place);
    seen.set(name, i);
  }
}

/** The name of a column in a row; undefined if it is left out. */
export function nameOf(header: string, index: number, columns: CsvColumns | undefined): string | undefined {
  if (columns === undefined) return header;
  if (typeof columns === 'object') return Object.hasOwn(columns, header) ? columns[header] : header;
  const name = columns(header, index);
  if (name === undefined) return undefined;
  if (typeof name !== 'string' || name === '')
    throw new OptionsError('columns', `the function returned no name for ${JSON.stringify(header)}`);
  return name;
}
