import { Fault, textOf, type Row } from './cells.js';
import type { MappingNode, MappingText } from './mapping-text.js';
import { readLookUp, readShape, SHAPES } from './values.js';

/** Makes a list of texts of a row: the groups of a person. */
export interface ListRule {
  readonly columns: readonly string[];
  /** Each item once, never empty. */
  of(row: Row): readonly string[] | Fault;
}

/** Reads a list: the column that holds it, what parts its items, and what is done to each. */
export function readList(text: MappingText, node: MappingNode, what: string): ListRule {
  const members = text.members(node, what, ['column', 'split', ...SHAPES, 'values', 'default']);
  const columnNode = members.get('column');
  if (columnNode === undefined) return text.fail(node, `${what}: expected a column`);
  const column = text.word(columnNode, `${what}.column`);
  const splitNode = members.get('split');
  const split = splitNode === undefined ? undefined : text.word(splitNode, `${what}.split`);
  const place = text.place(node);
  const shape = readShape(text, members, what);
  const lookUp = readLookUp(text, members, what, false);
  // Taken for an empty list, it would take all of a person's memberships away.
  const missing = new Fault('MISSING_COLUMN', `lacks the column ${JSON.stringify(column)} (${place})`);
  return {
    columns: [column],
    of(row) {
      if (!Object.hasOwn(row, column)) return missing;
      const cells = cellsOf(row, column, split, place);
      if (cells instanceof Fault) return cells;
      const items = new Set<string>();
      for (const cell of cells) {
        const trimmed = shape(cell.trim());
        if (trimmed === '') continue;
        const item = lookUp(trimmed);
        if (item instanceof Fault) return item;
        // Null says that this is no group at Okta.
        if (item !== null && item !== '') items.add(item);
      }
      return [...items];
    },
  };
}

/** The cells of a list: of a JSON array its elements, of a text what stands between the separators. */
function cellsOf(
  row: Row,
  column: string,
  split: string | undefined,
  place: string,
): readonly string[] | Fault {
  const cell = row[column];
  if (Array.isArray(cell)) {
    const texts = cell.map((item: unknown) => textOf({ [column]: item }, column, place));
    return texts.find((item) => item instanceof Fault) ?? (texts as string[]);
  }
  const value = textOf(row, column, place);
  if (value instanceof Fault) return value;
  return split === undefined ? [value] : value.split(split);
}
