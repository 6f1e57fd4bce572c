import { quoted } from '../../core/visible.js';

/** A row of an input: a CSV row, or any JSON object. */
export type Row = Readonly<Record<string, unknown>>;

/** True for an empty text, and for one of white space only. The usual text is decided by its first character. */
export function isBlankText(text: string): boolean {
  const code = text.charCodeAt(0);
  return !(code > 0x20 && code < 0x7f) && text.trim() === '';
}

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
 * The text of a cell; `''` if there is none. Inputs give the numbers of JSON as texts, as they are written; a number of a source in code
 * becomes the text that JavaScript writes. A number that JavaScript cannot represent exactly is a fault, because its last digits are
 * already lost. Booleans become `true` and `false`.
 */
export function textOf(row: Row, column: string, place: string): string | Fault {
  const cell = cellOf(row, column);
  if (typeof cell === 'string') return cell;
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'boolean' || (typeof cell === 'number' && isExact(cell))) return String(cell);
  return new Fault('NOT_TEXT', `the column ${quoted(column)} ${whyNotText(cell)} (${place})`);
}

function isExact(number: number): boolean {
  return Math.abs(number) <= Number.MAX_SAFE_INTEGER;
}

function whyNotText(cell: unknown): string {
  if (Array.isArray(cell)) return 'has a list; make one text of it with first or join';
  if (typeof cell === 'number') return 'has a number that has lost digits; give it as text';
  return 'has an object; name one of its properties, such as name.first';
}
