import { cellOf, Fault, hasCell, textOf, type Row } from './cells.js';
import type { MappingNode, MappingText } from './mapping-text.js';
import { readLookUp, readShape, SHAPES } from './values.js';

/** Produces a list of texts from a row: the groups of a person. */
export interface ListRule {
  readonly columns: readonly string[];
  /** Columns that records may lack, because the mapping says what that means. */
  readonly optional: readonly string[];
  /** The items, without duplicates and empty texts. */
  of(row: Row): readonly string[] | Fault;
}

/** Parses a list rule: its column, the separator, and how each item is changed. */
export function readList(text: MappingText, node: MappingNode, what: string): ListRule {
  const members = text.members(node, what, [
    'column',
    'split',
    'missing',
    ...SHAPES,
    'normalize',
    'values',
    'default',
  ]);
  const columnNode = members.get('column');
  if (columnNode === undefined) return text.fail(node, `${what}: expected a column`);
  const column = text.word(columnNode, `${what}.column`);
  const splitNode = members.get('split');
  const split = splitNode === undefined ? undefined : text.word(splitNode, `${what}.split`);
  const place = text.place(node);
  const shape = readShape(text, members, what);
  const lookUp = readLookUp(text, members, what, false);
  const missingNode = members.get('missing');
  const isEmpty =
    missingNode !== undefined && text.oneOf(missingNode, `${what}.missing`, ['empty', 'reject']) === 'empty';
  // As an empty list, a missing column would end all memberships of the person, so the mapping must say it.
  const missing = new Fault(
    'MISSING_COLUMN',
    `the record has no column ${JSON.stringify(column)} (${place})`,
  );
  // LDAP gives a long list in parts, under names of their own.
  const part = `${column};range=`;
  const partial = new Fault(
    'PARTIAL_LIST',
    `the record has only a part of the list ${JSON.stringify(column)}, which LDAP gave in ranges (${place})`,
  );
  return {
    columns: [column],
    optional: isEmpty ? [column] : [],
    of(row) {
      for (const name in row) if (name.startsWith(part)) return partial;
      if (!hasCell(row, column)) return isEmpty ? [] : missing;
      const cells = cellsOf(row, column, split, place);
      if (cells instanceof Fault) return cells;
      const items = new Set<string>();
      for (const cell of cells) {
        const trimmed = shape(cell.trim());
        if (trimmed === '') continue;
        const item = lookUp(trimmed);
        if (item instanceof Fault) return item;
        // The mapping maps a group to null if Okta has no such group.
        if (item !== null && item !== '') items.add(item);
      }
      return [...items];
    },
  };
}

/** The cells of a list: the elements of a JSON array, or the parts of a text between separators. */
function cellsOf(
  row: Row,
  column: string,
  split: string | undefined,
  place: string,
): readonly string[] | Fault {
  const cell = cellOf(row, column);
  if (Array.isArray(cell)) {
    const texts = cell.map((item: unknown) => textOf({ [column]: item }, column, place));
    return texts.find((item) => item instanceof Fault) ?? (texts as string[]);
  }
  const value = textOf(row, column, place);
  if (value instanceof Fault) return value;
  return split === undefined ? [value] : value.split(split);
}
