import { Environment, EvaluationError, type ParseResult } from '@marcbachmann/cel-js';
import { quoted } from '../../core/visible.js';
import { nearest } from '../text/nearest.js';
import { cellOf, Fault, type Row } from './cells.js';
import { celColumns, type CelColumns } from './cel-columns.js';
import {
  addFunctions,
  CelFault,
  celFunctions,
  MATCHES,
  textOfValue,
  type CelFunction,
} from './cel-functions.js';
import { nodesIn, ROW, type CelNode } from './cel-nodes.js';
import { celOfTexts, type TextCells } from './cel-of-texts.js';
import type { Condition } from './condition.js';
import { readForm } from './dates.js';
import type { MappingNode, MappingText } from './mapping-text.js';
import { patternOf } from './patterns.js';

const MOST_NODES = 1000;
const VALUE_TYPES: ReadonlySet<string> = new Set(['string', 'bool', 'int', 'uint', 'null', 'dyn']);
/** The codes of errors for a column, a property or an item of a list that the row does not have. */
const MISSING_CODES: ReadonlySet<string> = new Set(['no_such_key', 'index_out_of_bounds']);

/** An expression that was parsed and checked. */
interface Compiled {
  readonly columns: CelColumns;
  readonly type: string;
  readonly of: (row: Row) => unknown;
}

/**
 * Parses an expression in CEL, the Common Expression Language, that gives a text. A column without a value is the empty text. An
 * expression that cannot be computed for a row is a fault, so that the row is rejected.
 */
export function readCelValue(text: MappingText, node: MappingNode, what: string) {
  const { columns, type, of } = compile(text, node, what, (cell) => cell ?? '');
  const [optional] = columns.optional;
  if (optional !== undefined)
    text.fail(
      node,
      `${what}: in a value ${quoted(optional)} is '' if it is empty or missing; compare it with ''`,
    );
  if (!VALUE_TYPES.has(type)) text.fail(node, `${what}: gives a ${type}, but expected a text`);
  const place = text.place(node);
  return {
    columns: [...columns.read],
    of(row: Row): string | Fault {
      const value = computed(of, row, 'CEL', place);
      if (typeof value === 'string' || value instanceof Fault) return value;
      return textOfValue(value) ?? new Fault('NOT_TEXT', `is neither text nor a whole number (${place})`);
    },
  };
}

/**
 * Parses an expression in CEL that decides whether a row belongs to an entity. If it reads a column that is empty, null or missing, and
 * does not say what that means, the row is rejected, and never left out.
 */
export function readCelCondition(text: MappingText, node: MappingNode, what: string): Condition {
  const { columns, type, of } = compile(text, node, what, (cell) => (isEmpty(cell) ? undefined : cell));
  const [empty] = columns.comparedWithEmpty;
  if (empty !== undefined)
    text.fail(node, `${what}: in a condition an empty column has no value; write has(row[${quoted(empty)}])`);
  if (type !== 'bool' && type !== 'dyn')
    text.fail(node, `${what}: gives a ${type}, but expected true or false`);
  const place = text.place(node);
  const optional = [...columns.optional].filter((column) => !columns.read.has(column));
  return {
    columns: [...new Set([...columns.read, ...columns.optional])],
    optional,
    compared: [...columns.compared.keys()],
    words: [...columns.compared].flatMap(([column, words]) =>
      [...words].map((word) => ({ column, word, isMet: (value: string) => value === word })),
    ),
    of(row) {
      const value = computed(of, row, 'EMPTY_CONDITION', place);
      if (value instanceof Fault || typeof value === 'boolean') return value;
      return new Fault('NOT_A_BOOLEAN', `the condition gives neither true nor false (${place})`);
    },
  };
}

function compile(
  text: MappingText,
  node: MappingNode,
  what: string,
  valueOf: (cell: unknown) => unknown,
): Compiled {
  const source = text.word(node, what);
  const functions = celFunctions(text.today, text.lookups);
  const expression = parse(source, functions, (message) => text.fail(node, `${what}: ${message}`));
  const columns = celColumns(expression.ast);
  if (columns.isUnclear)
    text.fail(node, `${what}: write each column as row.name or row['a name'], so that it can be checked`);
  const wrong = columns.patterns.find((pattern) => patternOf(pattern) === undefined);
  if (wrong !== undefined)
    text.fail(node, `${what}: ${quoted(wrong)} is not a valid regular expression (RE2 syntax)`);
  const form = columns.dateForms.find((known) => readForm(known) === undefined);
  if (form !== undefined)
    text.fail(node, `${what}: ${quoted(form)} is not a form with YYYY, MM and DD, such as DD.MM.YYYY`);
  useLookups(text, node, what, columns);
  const checked = expression.check();
  if (!checked.valid) text.fail(node, `${what}: ${summaryOf(checked.error)}`);
  return { columns, type: String(checked.type), of: computation(expression, columns, functions, valueOf) };
}

/** Checks the calls of `lookup`, and has their columns kept. */
function useLookups(text: MappingText, node: MappingNode, what: string, { lookups }: CelColumns): void {
  for (const { input, column } of lookups) {
    if (input === undefined || column === undefined)
      return text.fail(node, `${what}: write the input and the column of lookup() as fixed texts`);
    const lookup = text.lookups.get(input);
    if (lookup === undefined)
      return text.fail(
        node,
        `${what}: "lookups" does not declare ${quoted(input)}${text.lookups.size > 0 ? nearest(input, [...text.lookups.keys()]) : ''}`,
      );
    lookup.use(column);
  }
}

/** The expression as a function: compiled for rows whose columns are texts; for all other rows, CEL computes it. */
function computation(
  expression: ParseResult,
  { read, optional }: CelColumns,
  functions: readonly CelFunction[],
  valueOf: (cell: unknown) => unknown,
): Compiled['of'] {
  // One object serves all rows, because expressions are computed one after another.
  const view = new Map<string, unknown>();
  const variables = { [ROW]: view };
  let current: Row = {};
  view.get = (column) => valueOf(cellOf(current, column));
  const interpreted = (row: Row): unknown => {
    current = row;
    return expression(variables) as unknown;
  };
  const names = [...new Set([...read, ...optional])];
  const quick = celOfTexts(expression.ast, names, functions);
  if (quick === undefined) return interpreted;
  const cells: TextCells = names.map(() => undefined);
  return (row) => {
    for (let i = 0; i < names.length; i++) {
      const cell = valueOf(cellOf(row, names[i] as string));
      if (typeof cell !== 'string' && cell !== undefined) return interpreted(row);
      cells[i] = cell;
    }
    try {
      return quick(cells);
    } catch {
      return interpreted(row);
    }
  };
}

function parse(
  source: string,
  functions: readonly CelFunction[],
  fail: (message: string) => never,
): ParseResult {
  const cel = new Environment({
    enableOptionalTypes: true,
    // A list may have columns, whose types are not known, beside texts: `firstNonEmpty([row.mail, 'none'])`.
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: MOST_NODES },
  });
  cel.registerVariable(ROW, 'map<string, dyn>');
  addFunctions(cel, functions);
  try {
    const expression = cel.parse(source);
    renameMatches(expression.ast);
    return expression;
  } catch (error) {
    return fail(summaryOf(error));
  }
}

function renameMatches(node: CelNode): void {
  const call = node.args as [name: string, ...unknown[]];
  if (node.op === 'rcall' && call[0] === 'matches') call[0] = MATCHES;
  for (const part of nodesIn(node.args)) renameMatches(part);
}

/** The message of an error of the language, which speaks of the expression and its types, with the column of the expression. */
function summaryOf(error: unknown): string {
  const { summary, range } = error as {
    readonly summary?: string;
    readonly range?: { readonly start?: number };
  };
  const at = range?.start === undefined ? '' : ` (character ${range.start + 1} of the expression)`;
  return `${summary ?? 'not a valid expression'}${at}`;
}

/** The result of an expression for a row, or why it has none. The reason never contains a value. */
function computed(of: Compiled['of'], row: Row, codeOfMissing: string, place: string): unknown {
  try {
    return of(row);
  } catch (error) {
    const fault = faultIn(error);
    if (fault !== undefined) return new Fault(fault.code, `${fault.reason} (${place})`);
    if (error instanceof EvaluationError && MISSING_CODES.has(error.code))
      return new Fault(
        codeOfMissing,
        `the expression reads a column, a property or an item that is empty or missing, and does not say what that means (${place})`,
      );
    const summary = (error as { readonly summary?: string }).summary ?? '';
    const overload = /^(?:no such overload|found no matching overload)[^\n]*/.exec(summary)?.[0];
    const types = overload === undefined ? '' : `: ${overload.replace(/dyn<(\w+)>/g, '$1')}`;
    return new Fault('CEL', `cannot be computed${types} (${place})`);
  }
}

function faultIn(error: unknown): CelFault['fault'] | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof CelFault) return at.fault;
  return undefined;
}

function isEmpty(cell: unknown): boolean {
  return cell === undefined || cell === null || (typeof cell === 'string' && cell.trim() === '');
}
