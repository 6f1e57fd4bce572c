import { readCelCondition } from './cel.js';
import { cellOf, Fault, hasCell, textOf, type Row } from './cells.js';
import type { Condition } from './condition.js';
import { readDateForm, readDay } from './dates.js';
import type { MappingNode, MappingText } from './mapping-text.js';
import { patternOf } from './patterns.js';

const TESTS = ['equals', 'in', 'present', 'matches', 'before', 'after'] as const;
const JOINS = ['all', 'any', 'not', 'cel'] as const;
const SHAPES = ['trim', 'ignoreCase'] as const;

/** Parses a condition: a test of a column, an expression in CEL, or `all`, `any` or `not` over other conditions. */
export function readCondition(text: MappingText, node: MappingNode, what: string): Condition {
  const members = text.members(node, what, ['column', ...TESTS, ...SHAPES, 'date', ...JOINS]);
  const join = JOINS.find((name) => members.has(name));
  if (join === undefined) return readTest(text, node, members, what);
  const other = [...members.keys()].find((key) => key !== join);
  if (other !== undefined)
    text.fail(
      members.get(other) as MappingNode,
      `${what}: ${join} must be the only key; combine conditions with all or any`,
    );
  const joined = members.get(join) as MappingNode;
  if (join === 'cel') return readCelCondition(text, joined, `${what}.cel`);
  if (join === 'not') {
    const condition = readCondition(text, joined, `${what}.not`);
    return { ...condition, of: (row) => negated(condition.of(row)) };
  }
  const conditions = text
    .items(joined, `${what}.${join}`)
    .map((item, i) => readCondition(text, item, `${what}.${join}[${i}]`));
  return {
    columns: conditions.flatMap(({ columns }) => columns),
    optional: conditions.flatMap(({ optional }) => optional),
    compared: conditions.flatMap(({ compared }) => compared),
    words: conditions.flatMap(({ words }) => words),
    of: (row) => combined(conditions, row, join === 'any'),
  };
}

function negated(result: boolean | Fault): boolean | Fault {
  return result instanceof Fault ? result : !result;
}

/** The first condition with the result `decisive` decides. If there is none and one has a fault, the result is the fault. */
function combined(conditions: readonly Condition[], row: Row, decisive: boolean): boolean | Fault {
  let fault: Fault | undefined;
  for (const condition of conditions) {
    const result = condition.of(row);
    if (result === decisive) return decisive;
    if (result instanceof Fault) fault ??= result;
  }
  return fault ?? !decisive;
}

function readTest(
  text: MappingText,
  node: MappingNode,
  members: ReadonlyMap<string, MappingNode>,
  what: string,
): Condition {
  const columnNode = members.get('column');
  const given = TESTS.filter((test) => members.has(test));
  const [test] = given;
  if (columnNode === undefined || test === undefined || given.length > 1)
    return text.fail(
      node,
      `${what}: expected a column and one of ${TESTS.join(', ')}; or all, any, not or cel`,
    );
  const column = text.word(columnNode, `${what}.column`);
  const place = text.place(node);
  const flag = (name: string) => {
    const value = members.get(name);
    return value !== undefined && text.boolean(value, `${what}.${name}`);
  };
  const trim = flag('trim');
  const ignoreCase = flag('ignoreCase');
  const argument = members.get(test) as MappingNode;
  const fold = (value: string) => (ignoreCase ? value.toLowerCase() : value);
  const passes = isDateTest(test)
    ? readDateTest(text, argument, test, members.get('date'), what, column, place)
    : readPasses(text, argument, test, `${what}.${test}`, ignoreCase, fold);
  if (!isDateTest(test) && members.has('date'))
    text.fail(members.get('date') as MappingNode, `${what}: date has an effect on before and after only`);
  if (test === 'present')
    return {
      columns: [column],
      optional: [column],
      compared: [],
      words: [],
      of: (row) => presence(row, column, place, passes, trim),
    };
  const shown = JSON.stringify(column);
  // If a missing column or an empty cell counted as "no", it would leave out the row, and so delete the person.
  const missing = new Fault(
    'MISSING_COLUMN',
    `the record has no column ${shown}, which a condition needs (${place})`,
  );
  const empty = new Fault(
    'EMPTY_CONDITION',
    `the column ${shown} is empty, and the condition does not say what that means (${place})`,
  );
  const allowsEmpty = !isDateTest(test) && passes('') === true;
  return {
    columns: [column],
    optional: [],
    compared: isDateTest(test) ? [] : [column],
    words: wordsOf(text, test, argument).map((word) => ({
      column,
      word,
      isMet: (value) => fold(trim ? value.trim() : value) === fold(word),
    })),
    of(row) {
      if (!hasCell(row, column)) return missing;
      const cell = textOf(row, column, place);
      if (cell instanceof Fault) return cell;
      const value = trim ? cell.trim() : cell;
      return value.trim() === '' && !allowsEmpty ? empty : passes(value);
    },
  };
}

/** The texts of a test that compares with some. */
function wordsOf(text: MappingText, test: (typeof TESTS)[number], argument: MappingNode): readonly string[] {
  if (test === 'equals') return [text.string(argument, test)];
  return test === 'in' ? text.items(argument, test).map((item) => text.string(item, test)) : [];
}

/** Whether the cell has a text, or the list an element. A missing column has none. */
function presence(row: Row, column: string, place: string, passes: Passes, trim: boolean): boolean | Fault {
  const cell = cellOf(row, column);
  if (Array.isArray(cell)) return passes(cell.some((item) => item !== null && item !== '') ? 'x' : '');
  const value = textOf(row, column, place);
  return value instanceof Fault ? value : passes(trim ? value.trim() : value);
}

type Passes = (value: string) => boolean | Fault;

function isDateTest(test: (typeof TESTS)[number]): test is 'before' | 'after' {
  return test === 'before' || test === 'after';
}

/** A day before or after another; a text that is not a day is a fault. */
function readDateTest(
  text: MappingText,
  argument: MappingNode,
  test: 'before' | 'after',
  form: MappingNode | undefined,
  what: string,
  column: string,
  place: string,
): Passes {
  const limit = readDay(text, argument, `${what}.${test}`);
  const dayOf = readDateForm(text, form, `${what}.date`);
  const fault = new Fault(
    'NOT_A_DATE',
    `the column ${JSON.stringify(column)} is not a date in the form that the condition expects (${place})`,
  );
  return (value) => {
    const day = dayOf(value);
    if (day === undefined) return fault;
    return test === 'before' ? day < limit : day > limit;
  };
}

function readPasses(
  text: MappingText,
  argument: MappingNode,
  test: Exclude<(typeof TESTS)[number], 'before' | 'after'>,
  what: string,
  ignoreCase: boolean,
  fold: (value: string) => string,
): (value: string) => boolean {
  if (test === 'present') {
    const wanted = text.boolean(argument, what);
    return (value) => (value !== '') === wanted;
  }
  if (test === 'equals') {
    const wanted = fold(text.string(argument, what));
    return (value) => fold(value) === wanted;
  }
  if (test === 'in') {
    const wanted = new Set(text.items(argument, what).map((item) => fold(text.string(item, what))));
    return (value) => wanted.has(fold(value));
  }
  const pattern = patternOf(text.word(argument, what), ignoreCase);
  if (pattern === undefined)
    return text.fail(argument, `${what}: not a valid regular expression (RE2 syntax)`);
  return (value) => pattern.matches(value);
}
