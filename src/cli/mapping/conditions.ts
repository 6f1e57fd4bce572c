import { Fault, textOf, type Row } from './cells.js';
import type { MappingNode, MappingText } from './mapping-text.js';

/** Decides whether a row belongs to an entity. */
export interface Condition {
  readonly columns: readonly string[];
  /** A fault if the row cannot be decided: it is then rejected, never left out. */
  of(row: Row): boolean | Fault;
}

const TESTS = ['equals', 'in', 'present', 'matches'] as const;
const JOINS = ['all', 'any', 'not'] as const;
const SHAPES = ['trim', 'ignoreCase'] as const;

/** Parses a condition: a test of a column, or `all`, `any` or `not` over other conditions. */
export function readCondition(text: MappingText, node: MappingNode, what: string): Condition {
  const members = text.members(node, what, ['column', ...TESTS, ...SHAPES, ...JOINS]);
  const join = JOINS.find((name) => members.has(name));
  if (join === undefined) return readTest(text, node, members, what);
  const other = [...members.keys()].find((key) => key !== join);
  if (other !== undefined)
    text.fail(
      members.get(other) as MappingNode,
      `${what}: ${join} must be the only key; combine conditions with all or any`,
    );
  const joined = members.get(join) as MappingNode;
  if (join === 'not') {
    const condition = readCondition(text, joined, `${what}.not`);
    return { columns: condition.columns, of: (row) => negated(condition.of(row)) };
  }
  const conditions = text
    .items(joined, `${what}.${join}`)
    .map((item, i) => readCondition(text, item, `${what}.${join}[${i}]`));
  return {
    columns: conditions.flatMap(({ columns }) => columns),
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
    return text.fail(node, `${what}: expected a column and one of ${TESTS.join(', ')}; or all, any or not`);
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
  const passes = readPasses(text, argument, test, `${what}.${test}`, ignoreCase, fold);
  // A JSON object may lack the column. If that counted as empty, the condition might leave out everybody, and so delete them.
  const missing =
    test === 'present'
      ? undefined
      : new Fault(
          'MISSING_COLUMN',
          `the record has no column ${JSON.stringify(column)}, which a condition needs (${place})`,
        );
  return {
    columns: [column],
    of(row) {
      if (missing !== undefined && !Object.hasOwn(row, column)) return missing;
      const value = textOf(row, column, place);
      return value instanceof Fault ? value : passes(trim ? value.trim() : value);
    },
  };
}

function readPasses(
  text: MappingText,
  argument: MappingNode,
  test: (typeof TESTS)[number],
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
  const source = text.word(argument, what);
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, ignoreCase ? 'iu' : 'u');
  } catch {
    return text.fail(argument, `${what}: not a valid JavaScript regular expression`);
  }
  return (value) => pattern.test(value);
}
