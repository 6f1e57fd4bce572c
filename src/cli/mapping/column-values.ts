import { Fault, textOf, type Row } from './cells.js';
import { cellsOf, partialList } from './list-cells.js';
import type { MappingNode, MappingText } from './mapping-text.js';

/** What a value is made of, before its text is changed. */
export interface ValueSource {
  readonly columns: readonly string[];
  readonly of: (row: Row) => string | Fault;
}

/** The keys that make one text of a list, beside `column`. */
export const LIST_KEYS = ['first', 'join', 'split'] as const;

/** The text of a column, or one text of its list: the first item, or all of them with a separator. */
export function readColumn(
  text: MappingText,
  node: MappingNode,
  members: ReadonlyMap<string, MappingNode>,
  what: string,
): ValueSource {
  const place = text.place(node);
  const column = text.word(node, `${what}.column`);
  const [splitNode, firstNode, joinNode] = ['split', 'first', 'join'].map((key) => members.get(key));
  if (firstNode !== undefined && joinNode !== undefined)
    text.fail(joinNode, `${what}: first and join exclude each other`);
  const separator = joinNode && text.string(joinNode, `${what}.join`);
  if (separator === undefined && (firstNode === undefined || !text.boolean(firstNode, `${what}.first`))) {
    if (splitNode !== undefined) text.fail(splitNode, `${what}: split needs first or join`);
    return { columns: [column], of: (row) => textOf(row, column, place) };
  }
  const split = splitNode && text.word(splitNode, `${what}.split`);
  const partial = partialList(column, place);
  return {
    columns: [column],
    of(row) {
      const fault = partial(row);
      if (fault !== undefined) return fault;
      const cells = cellsOf(row, column, split, place);
      if (cells instanceof Fault) return cells;
      const items = cells.map((cell) => cell.trim()).filter((item) => item !== '');
      return separator === undefined ? (items[0] ?? '') : items.join(separator);
    },
  };
}

/** The text of the first column that is not blank; `''` if all are. */
export function readFallback(text: MappingText, node: MappingNode, what: string): ValueSource {
  const place = text.place(node);
  const columns = text.items(node, what).map((item) => text.word(item, what));
  return {
    columns,
    of(row) {
      for (const column of columns) {
        const cell = textOf(row, column, place);
        if (cell instanceof Fault || cell.trim() !== '') return cell;
      }
      return '';
    },
  };
}
