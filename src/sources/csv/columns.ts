import { OptionsError, SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';

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

/** The place of a row. */
interface Place {
  readonly file: string | undefined;
  readonly line: number;
}

/**
 * Creates the function that builds rows, from the header and the option `columns`.
 *
 * @throws {@link SourceError} for a header in which two columns have the same name, or without a column that `columns` lists.
 * The function throws it for a value in a column without a name. Columns that `columns` leaves out are not checked.
 */
export function rowBuilder(
  header: readonly string[],
  columns: CsvColumns | undefined,
  place: Place,
): (fields: readonly string[], line: number) => CsvRow {
  if (typeof columns === 'object') {
    const missing = Object.keys(columns).find((name) => !header.includes(name));
    if (missing !== undefined)
      throw new SourceError(
        `the header has no column ${quoted(missing)}, which the option columns names`,
        place,
      );
  }
  const names: string[] = [];
  const positions: number[] = [];
  const unnamed: number[] = [];
  for (const [i, column] of header.entries()) {
    const name = nameOf(column, i, columns);
    if (name === undefined) continue;
    if (name === '') {
      unnamed.push(i);
      continue;
    }
    // An assignment to it would set the prototype of the row, and Okta has no such attribute.
    if (name === '__proto__')
      throw new SourceError('the header has a column __proto__, which is not a valid attribute name', place);
    const before = names.indexOf(name);
    if (before !== -1) throw sameName(header, positions[before] as number, i, name, place);
    names.push(name);
    positions.push(i);
  }
  return (fields, line) => {
    for (const i of unnamed)
      if (fields[i] !== '')
        throw new SourceError(`column ${i + 1} has a value, but the header has no name for it`, {
          ...place,
          line,
        });
    // Assigned in the same order every time, so that all rows share one hidden class.
    const row: Record<string, string> = {};
    for (let i = 0; i < names.length; i++) row[names[i] as string] = fields[positions[i] as number] as string;
    return row;
  };
}

/** The error does not contain a header: in a file without a header, it may be the name of a person. */
function sameName(
  header: readonly string[],
  first: number,
  second: number,
  name: string,
  place: Place,
): SourceError {
  return header[first] === header[second]
    ? new SourceError(`columns ${first + 1} and ${second + 1} have the same header`, place)
    : new SourceError(`two columns have the name ${quoted(name)}`, place);
}

/** The name of a column in a row; undefined if it is left out, and empty if it has none. */
export function nameOf(header: string, index: number, columns: CsvColumns | undefined): string | undefined {
  const named = header.trim() === '' ? '' : header;
  if (columns === undefined) return named;
  if (typeof columns === 'object') return Object.hasOwn(columns, header) ? columns[header] : named;
  const name = columns(header, index);
  if (name === undefined) return undefined;
  if (header.trim() === '' && typeof name === 'string') return name.trim();
  if (typeof name !== 'string' || name === '')
    throw new OptionsError('columns', `the function returned no name for ${quoted(header)}`);
  return name;
}
