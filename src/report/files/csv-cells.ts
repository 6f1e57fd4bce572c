import { OptionsError } from '../../core/errors.js';

/** One cell. csv-stringify writes numbers unchanged, and escapes text that a spreadsheet would treat as a formula. */
export type Cell = string | number | bigint;

/**
 * Flattens a record to columns. The attributes of its `profile` become columns with their own names, which is the layout
 * that `toUser` and `toGroup` read. The attributes of another nested object become `name.attribute`.
 *
 * @throws {@link OptionsError} if two columns get the same name.
 */
export function flatten(record: object): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  const add = (name: string, value: unknown) => {
    if (cells.has(name))
      throw new OptionsError(
        'columns',
        `two attributes of a record have the same column ${JSON.stringify(name)}`,
      );
    cells.set(name, toCell(value));
  };
  for (const [name, value] of Object.entries(record)) {
    if (!isNested(value)) add(name, value);
    else
      for (const [inner, cell] of Object.entries(value))
        add(name === 'profile' ? inner : `${name}.${inner}`, cell);
  }
  return cells;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function toCell(value: unknown): Cell {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
      return value;
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) return '';
      return value instanceof Date ? value.toISOString() : JSON.stringify(value);
    default:
      return '';
  }
}

/** Names separated by semicolons; a semicolon or backslash inside a name has a backslash before it. */
export function joinNames(names: readonly string[]): string {
  return names.map((name) => name.replace(/[\\;]/g, '\\$&')).join(';');
}
