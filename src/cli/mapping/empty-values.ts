import type { Flow } from '../../flow/flow.js';
import { mapRows } from '../../transform/map-rows.js';
import type { Row } from './cells.js';

/** The rows, with an empty text in place of each of these words; blanks around a word are ignored. */
export function emptied(rows: Flow<Row>, words: ReadonlySet<string>): Flow<Row> {
  return words.size === 0 ? rows : mapRows(rows, (row) => withoutWords(row, words) as Row);
}

function withoutWords(cell: unknown, words: ReadonlySet<string>): unknown {
  if (typeof cell === 'string') return words.has(cell.trim()) ? '' : cell;
  if (Array.isArray(cell)) return cell.map((item: unknown) => withoutWords(item, words));
  if (typeof cell !== 'object' || cell === null) return cell;
  return Object.fromEntries(Object.entries(cell).map(([name, value]) => [name, withoutWords(value, words)]));
}
