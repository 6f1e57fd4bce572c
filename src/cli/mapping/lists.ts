import { quoted } from '../../core/visible.js';
import { Fault, hasCell, type Row } from './cells.js';
import { cellsOf, partialList } from './list-cells.js';
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

/** Parses a list rule: its column or columns, the separator, and how each item is changed. */
export function readList(text: MappingText, node: MappingNode, what: string): ListRule {
  const known = ['column', 'columns', 'split', 'missing', ...SHAPES, 'normalize', 'values', 'default'];
  const members = text.members(node, what, known);
  const columns = readColumns(text, node, members, what);
  const splitNode = members.get('split');
  const split = splitNode === undefined ? undefined : text.word(splitNode, `${what}.split`);
  const missingNode = members.get('missing');
  const isEmpty =
    missingNode !== undefined && text.oneOf(missingNode, `${what}.missing`, ['empty', 'reject']) === 'empty';
  const place = text.place(node);
  const shape = readShape(text, members, what);
  const lookUp = readLookUp(text, members, what, false);
  const readers = columns.map((column) => cellReader(column, split, isEmpty, place));
  return {
    columns,
    optional: isEmpty ? columns : [],
    of(row) {
      const items = new Set<string>();
      for (const read of readers) {
        const cells = read(row);
        if (cells instanceof Fault) return cells;
        for (const cell of cells) {
          const trimmed = shape(cell.trim());
          if (trimmed === '') continue;
          const item = lookUp(trimmed);
          if (item instanceof Fault) return item;
          // The mapping maps a group to null if Okta has no such group.
          if (item !== null && item !== '') items.add(item);
        }
      }
      return [...items];
    },
  };
}

function readColumns(
  text: MappingText,
  node: MappingNode,
  members: ReadonlyMap<string, MappingNode>,
  what: string,
): readonly string[] {
  const [one, several] = [members.get('column'), members.get('columns')];
  if ((one === undefined) === (several === undefined))
    return text.fail(node, `${what}: expected a column, or columns`);
  if (one !== undefined) return [text.word(one, `${what}.column`)];
  return text
    .items(several as MappingNode, `${what}.columns`)
    .map((item) => text.word(item, `${what}.columns`));
}

/** Reads the cells of one column. */
function cellReader(
  column: string,
  split: string | undefined,
  isEmpty: boolean,
  place: string,
): (row: Row) => readonly string[] | Fault {
  // As an empty list, a missing column would end all memberships of the person, so the mapping must say it.
  const missing = new Fault(
    'MISSING_COLUMN',
    `the record has no column ${quoted(column)}; if that means an empty list, say "missing": "empty" (${place})`,
  );
  const partial = partialList(column, place);
  return (row) => {
    const fault = partial(row);
    if (fault !== undefined) return fault;
    if (!hasCell(row, column)) return isEmpty ? [] : missing;
    return cellsOf(row, column, split, place);
  };
}
