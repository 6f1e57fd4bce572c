import { stringify } from 'csv-stringify/sync';
import type { Cell } from './csv-cells.js';

/** How rows become text. */
export interface RowFormat<Row> {
  /** The text before the first row. */
  readonly head: string;
  readonly encode: (rows: readonly Row[]) => string;
}

/** CSV (LF) with a header. A text that a spreadsheet would treat as a formula gets an apostrophe before it. */
export function csvRows(columns: readonly string[]): RowFormat<readonly Cell[]> {
  const encode = (rows: readonly (readonly Cell[])[]) =>
    stringify(rows as Cell[][], { escape_formulas: true });
  return { head: encode([columns]), encode };
}

/** JSON, one object a line. */
export function jsonRows<Row extends object>(): RowFormat<Row> {
  return { head: '', encode: (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('') };
}
