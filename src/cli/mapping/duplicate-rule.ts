import { Fault, textOf, type Row } from './cells.js';
import { isoDay, readDateForm, type ReadDay } from './dates.js';
import type { MappingNode, MappingText } from './mapping-text.js';

const WORDS = ['fail', 'first', 'last'] as const;
const TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?$/;

/** Which of several rows with the same id counts. */
export interface DuplicateRule {
  readonly kind: 'fail' | 'first' | 'last' | 'newest';
  readonly columns: readonly string[];
  readonly place: string;
  /** For `newest`: a number that grows with time; undefined for a cell without one. */
  readonly timeOf: (row: Row) => number | undefined;
}

/** Parses `"fail"`, `"first"`, `"last"`, or `{ "newest": "COLUMN", "date": "DD.MM.YYYY" }`. */
export function readDuplicates(text: MappingText, node: MappingNode, what: string): DuplicateRule {
  const place = text.place(node);
  if (node.type === 'string')
    return { kind: text.oneOf(node, what, WORDS), columns: [], place, timeOf: () => undefined };
  const members = text.members(node, what, ['newest', 'date']);
  const newest = members.get('newest');
  if (newest === undefined)
    return text.fail(node, `${what}: expected ${WORDS.join(', ')} or { "newest": "COLUMN" }`);
  const column = text.word(newest, `${what}.newest`);
  const dateNode = members.get('date');
  const ofDate = dateNode && readDateForm(text, dateNode, `${what}.date`);
  return { kind: 'newest', columns: [column], place, timeOf: (row) => timeIn(row, column, ofDate) };
}

/** The time of a cell: a day, a day with a time (in UTC, unless it has a zone), or a whole number. */
function timeIn(row: Row, column: string, ofDate: ReadDay | undefined): number | undefined {
  const cell = textOf(row, column, '');
  if (cell instanceof Fault) return undefined;
  const text = cell.trim();
  if (ofDate !== undefined) return ofDate(text);
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const [, day, time, zone = 'Z'] = TIME.exec(text) ?? [];
  if (day === undefined) return /^\d{4}-\d{2}-\d{2}$/.test(text) ? isoDay(text) : undefined;
  const ms = Date.parse(`${day}T${time ?? ''}${zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}
