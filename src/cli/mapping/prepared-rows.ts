import type { Flow } from '../../flow/flow.js';
import { mapRows } from '../../transform/map-rows.js';
import { isPlaceholder } from './apply.js';
import type { Row } from './cells.js';
import { cleaned } from './clean.js';
import type { CellRules } from './mapping.js';

/** The rows, with their cells changed by the rules. Cells in lists and objects are changed as well. */
export function preparedRows(rows: Flow<Row>, { emptyValues, clean }: CellRules): Flow<Row> {
  if (emptyValues.size === 0 && !clean) return rows;
  const change = (text: string) => {
    const result = clean ? cleaned(text) : text;
    return emptyValues.has(result.trim()) ? '' : result;
  };
  return mapRows(rows, (row) => (isPlaceholder(row) ? row : (changedTexts(row, change) as Row)));
}

function changedTexts(cell: unknown, change: (text: string) => string): unknown {
  if (typeof cell === 'string') return change(cell);
  if (Array.isArray(cell)) return cell.map((item: unknown) => changedTexts(item, change));
  if (typeof cell !== 'object' || cell === null) return cell;
  return Object.fromEntries(Object.entries(cell).map(([name, value]) => [name, changedTexts(value, change)]));
}
