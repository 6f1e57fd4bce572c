import { contextOf, type Flow } from '../../flow/flow.js';
import { isPlaceholder } from './apply.js';
import { isBlankText, type Row } from './cells.js';

/** The same function of a row, but blank rows are counted in the context of the rows, and have another result. */
export function unlessBlank<B>(rows: Flow<Row>, of: (row: Row) => B): (row: Row) => B | undefined;
export function unlessBlank<B>(rows: Flow<Row>, of: (row: Row) => B, ofBlank: B): (row: Row) => B;
export function unlessBlank<B>(
  rows: Flow<Row>,
  of: (row: Row) => B,
  ofBlank?: B,
): (row: Row) => B | undefined {
  const context = contextOf(rows);
  return (row) => {
    if (!isBlankRow(row)) return of(row);
    context.blankRows++;
    return ofBlank;
  };
}

/** True for a row that names nobody: all its cells are empty, have only white space, or are empty lists. */
function isBlankRow(row: Row): boolean {
  let cells = 0;
  for (const name in row) {
    const cell = row[name];
    if (typeof cell === 'string' ? !isBlankText(cell) : !isNothing(cell)) return false;
    cells++;
  }
  return cells > 0 && !isPlaceholder(row);
}

function isNothing(cell: unknown): boolean {
  return cell === null || cell === undefined || (Array.isArray(cell) && cell.length === 0);
}
