import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';

/** A row of a query: the text of each column, as the database writes it; null for NULL. */
export type TextRow = Readonly<Record<string, string | null>>;

/**
 * Checks the names of the columns of a result.
 *
 * @throws {@link SourceError} for a name that is empty or occurs twice: the value of one column would hide the other.
 */
export function checkColumns(names: readonly string[], query: string): readonly string[] {
  const seen = new Set<string>();
  for (const name of names) {
    if (name === '' || name === '__proto__')
      throw new SourceError('a column of the query has no usable name; name it with AS', { file: query });
    if (seen.has(name))
      throw new SourceError(`the query returns the column ${quoted(name)} twice; name one of them with AS`, {
        file: query,
      });
    seen.add(name);
  }
  return names;
}

/** Rows as objects, from the values in the order of their columns. */
export function rowsOf(
  names: readonly string[],
  values: readonly (readonly (string | null)[])[],
): readonly TextRow[] {
  return values.map((cells) => {
    const row: Record<string, string | null> = {};
    for (let at = 0; at < names.length; at++) row[names[at] as string] = cells[at] ?? null;
    return row;
  });
}
