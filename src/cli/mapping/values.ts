import { readCelValue } from './cel.js';
import { Fault, textOf, type Row } from './cells.js';
import { cleaned } from './clean.js';
import type { MappingNode, MappingText } from './mapping-text.js';
import { LIST_KEYS, readColumn, readFallback, type ValueSource } from './column-values.js';
import { parseTemplate } from './template.js';

/** Produces one text from a row. */
export interface ValueRule {
  readonly columns: readonly string[];
  readonly place: string;
  /** Set if the value is the unchanged text of one column: the column, and the value for an empty text. */
  readonly plain?: { readonly column: string; readonly ofEmpty: string | null | undefined } | undefined;
  /** True if the mapping says `"empty": "omit"`: nothing is sent for an empty value, not even null. */
  readonly isLeftAlone?: boolean;
  /** True if the value is sent only when the person or group is created. */
  readonly isOnCreate?: boolean;
  /** True if a login that is taken gets the next free form. */
  readonly isUnique?: boolean;
  /** True if the value gets the number of the login, if that has one. */
  readonly isFollowing?: boolean;
  /** The value; null or `undefined` (left out) only if the mapping says so, and never for ids. */
  of(row: Row): string | null | undefined | Fault;
}

/** The rule for an empty value. */
export type Empty = 'auto' | 'null' | 'omit' | 'keep' | 'reject';

const SOURCES = ['column', 'columns', 'constant', 'template', 'cel'] as const;
/** The changes of a text, in the order in which they are applied, before it is looked up in `values`. */
export const SHAPES = ['clean', 'trim', 'collapse', 'lower', 'upper'] as const;
/** Forms of Unicode: the same letter with an accent can be one code point, or two. */
export const NORMAL_FORMS = ['NFC', 'NFKC'] as const;
/** Keys of attributes. An id has none of them: it would not stay the same. */
const OF_ATTRIBUTES = ['empty', 'onCreate', ...LIST_KEYS];
export const EMPTY: readonly Empty[] = ['auto', 'null', 'omit', 'keep', 'reject'];

/** The place of a value in the mapping, which decides what is allowed. */
export interface ValuePlace {
  readonly what: string;
  /** The meaning of `auto`: null, left out, or a required text. */
  readonly autoEmpty: null | undefined | 'required';
  /** True for the login of users, which can be unique. */
  readonly isLogin?: boolean;
  /** True for attributes of users, which can follow the login. */
  readonly isOfUser?: boolean;
}

/** Parses a value rule: the name of a column, or an object. */
export function readValue(text: MappingText, node: MappingNode, valuePlace: ValuePlace): ValueRule {
  const { what, autoEmpty, isLogin = false } = valuePlace;
  const place = text.place(node);
  const required = autoEmpty === 'required';
  if (node.type === 'string') {
    const column = text.word(node, `${what}: the column`);
    const ofEmpty = emptyValue('auto', autoEmpty, place);
    return rule([column], place, (row) => textOf(row, column, place), ofEmpty, true);
  }
  const known = [
    ...SOURCES,
    ...SHAPES,
    'normalize',
    'values',
    'default',
    ...(required ? [] : [...OF_ATTRIBUTES, 'unique', 'follows']),
  ];
  const members = text.members(node, what, known);
  checkFollows(text, members, valuePlace);
  const given = SOURCES.filter((source) => members.has(source));
  const [source] = given;
  if (source === undefined || given.length > 1)
    return text.fail(node, `${what}: expected one of column, columns, constant, template and cel`);
  const from = members.get(source) as MappingNode;
  if (source === 'constant') return readConstant(text, from, members, what, required);
  if (source === 'columns' && required)
    text.fail(from, `${what}: an id from several columns would change as soon as another one is filled`);
  const base = readSource(text, source, from, members, what);
  const shape = readShape(text, members, what);
  const lookUp = readLookUpOrDefault(text, members, what, required);
  const emptyNode = members.get('empty');
  const empty = emptyNode === undefined ? 'auto' : text.oneOf(emptyNode, `${what}.empty`, EMPTY);
  const ofEmpty = emptyValue(empty, autoEmpty, place);
  const isUnchanged = [...members.keys()].every((key) => key === source || key === 'empty');
  const changed = (row: Row) => {
    const value = base.of(row);
    return value instanceof Fault ? value : lookUp(shape(value));
  };
  const made = rule(
    base.columns,
    place,
    isUnchanged ? base.of : changed,
    ofEmpty,
    isUnchanged && source === 'column',
  );
  return {
    ...made,
    ...(empty === 'omit' && { isLeftAlone: true }),
    isOnCreate: readOnCreate(text, members, what),
    ...(readUnique(text, members, what, isLogin) && { isUnique: true }),
    ...(members.has('follows') && { isFollowing: true }),
  };
}

function readOnCreate(text: MappingText, members: ReadonlyMap<string, MappingNode>, what: string): boolean {
  const node = members.get('onCreate');
  return node !== undefined && text.boolean(node, `${what}.onCreate`);
}

function readUnique(
  text: MappingText,
  members: ReadonlyMap<string, MappingNode>,
  what: string,
  isLogin: boolean,
): boolean {
  const node = members.get('unique');
  if (node === undefined) return false;
  if (!isLogin) text.fail(node, `${what}: unique is for userName of users only`);
  return text.boolean(node, `${what}.unique`);
}

/** The word after which a value follows the login. @throws for a place or a word in which that has no sense */
function checkFollows(
  text: MappingText,
  members: ReadonlyMap<string, MappingNode>,
  { what, isOfUser = false, isLogin = false }: ValuePlace,
): void {
  const node = members.get('follows');
  if (node === undefined) return;
  if (!isOfUser || isLogin)
    text.fail(node, `${what}: follows is for attributes of users other than userName`);
  text.oneOf(node, `${what}.follows`, ['userName']);
}

function rule(
  columns: readonly string[],
  place: string,
  raw: (row: Row) => string | null | Fault,
  ofEmpty: string | null | undefined | Fault,
  isPlain: boolean,
): ValueRule {
  const [column] = columns;
  return {
    columns,
    place,
    plain: isPlain && column !== undefined && !(ofEmpty instanceof Fault) ? { column, ofEmpty } : undefined,
    of(row) {
      const value = raw(row);
      return value === '' ? ofEmpty : value;
    },
  };
}

function emptyValue(
  empty: Empty,
  autoEmpty: ValuePlace['autoEmpty'],
  place: string,
): string | null | undefined | Fault {
  if (empty === 'auto') return autoEmpty === 'required' ? '' : autoEmpty;
  if (empty === 'null') return null;
  if (empty === 'omit') return undefined;
  return empty === 'keep' ? '' : new Fault('EMPTY', `is empty (${place})`);
}

function readConstant(
  text: MappingText,
  node: MappingNode,
  members: ReadonlyMap<string, MappingNode>,
  what: string,
  required: boolean,
): ValueRule {
  const other = [...members.keys()].find((key) => key !== 'constant' && key !== 'onCreate');
  if (other !== undefined)
    text.fail(members.get(other) as MappingNode, `${what}: ${other} has no effect on a constant`);
  if (required) text.fail(node, `${what}: a constant would give every record the same id`);
  const value = node.type === 'null' ? null : text.string(node, `${what}.constant`);
  const isOnCreate = readOnCreate(text, members, what);
  return { columns: [], place: text.place(node), of: () => value, isOnCreate };
}

function readSource(
  text: MappingText,
  source: 'column' | 'columns' | 'template' | 'cel',
  node: MappingNode,
  members: ReadonlyMap<string, MappingNode>,
  what: string,
): ValueSource {
  if (source === 'column') return readColumn(text, node, members, what);
  const listKey = LIST_KEYS.find((key) => members.has(key));
  if (listKey !== undefined)
    text.fail(members.get(listKey) as MappingNode, `${what}: ${listKey} has an effect on a column only`);
  if (source === 'columns') return readFallback(text, node, `${what}.columns`);
  if (source === 'cel') return readCelValue(text, node, `${what}.cel`);
  return templateText(text, node, `${what}.template`, text.place(node));
}

function templateText(text: MappingText, node: MappingNode, what: string, place: string) {
  const template = parseTemplate(text.word(node, what));
  if ('problem' in template) return text.fail(node, `${what}: ${template.problem}`);
  return { columns: template.columns, of: (row: Row) => template.render(row, place) };
}

/** Parses the changes of form, case and white space into one function. */
export function readShape(
  text: MappingText,
  members: ReadonlyMap<string, MappingNode>,
  what: string,
): (value: string) => string {
  const on = new Set(
    SHAPES.filter((shape) => {
      const node = members.get(shape);
      return node !== undefined && text.boolean(node, `${what}.${shape}`);
    }),
  );
  const formNode = members.get('normalize');
  const form = formNode && text.oneOf(formNode, `${what}.normalize`, NORMAL_FORMS);
  if (on.has('lower') && on.has('upper'))
    text.fail(members.get('upper') as MappingNode, `${what}: lower and upper exclude each other`);
  return (value) => {
    let result = on.has('clean') ? cleaned(value) : value;
    if (form !== undefined) result = result.normalize(form);
    if (on.has('trim')) result = result.trim();
    if (on.has('collapse')) result = result.replace(/\s+/g, ' ');
    if (on.has('lower')) result = result.toLowerCase();
    if (on.has('upper')) result = result.toUpperCase();
    return result;
  };
}

/** {@link readLookUp}; without `values`, `default` is the result for an empty text. */
function readLookUpOrDefault(
  text: MappingText,
  members: ReadonlyMap<string, MappingNode>,
  what: string,
  required: boolean,
): (value: string) => string | null | Fault {
  const fallback = members.get('default');
  if (fallback === undefined || members.has('values')) return readLookUp(text, members, what, required);
  if (required) text.fail(fallback, `${what}: a default would give every record without an id the same id`);
  const emptyNode = members.get('empty');
  if (emptyNode !== undefined) text.fail(emptyNode, `${what}: empty has no effect beside a default`);
  const result = text.word(fallback, `${what}.default`);
  return (value) => (value.trim() === '' ? result : value);
}

/** Parses `values` and `default` into a look-up. A text that is not listed becomes `default`; without one, it is a fault. */
export function readLookUp(
  text: MappingText,
  members: ReadonlyMap<string, MappingNode>,
  what: string,
  required: boolean,
): (value: string) => string | null | Fault {
  const values = members.get('values');
  const fallback = members.get('default');
  const result = (given: MappingNode, name: string) =>
    given.type === 'null' && !required ? null : required ? text.word(given, name) : text.string(given, name);
  if (values === undefined) {
    if (fallback !== undefined) text.fail(fallback, `${what}: default has no effect without values`);
    return (value) => value;
  }
  const table = new Map<string, string | null>();
  for (const [key, value] of text.members(values, `${what}.values`))
    table.set(key, result(value, `${what}.values.${key}`));
  if (table.size === 0) text.fail(values, `${what}.values: must not be empty`);
  const rest =
    fallback === undefined
      ? () => new Fault('NOT_MAPPED', `has a value that the mapping does not list (${text.place(values)})`)
      : readDefault(text, fallback, `${what}.default`, result);
  return (value) => {
    const found = table.get(value);
    // An empty text follows the rule `empty`, unless it is listed.
    return found !== undefined ? found : value === '' ? '' : rest(value);
  };
}

/** The result for a value that is not listed: a text, or the value itself. */
function readDefault(
  text: MappingText,
  node: MappingNode,
  what: string,
  result: (node: MappingNode, name: string) => string | null,
): (value: string) => string | null {
  if (node.type !== 'object') {
    const fixed = result(node, what);
    return () => fixed;
  }
  const same = text.members(node, what, ['same']).get('same');
  if (same === undefined || !text.boolean(same, `${what}.same`))
    text.fail(node, `${what}: expected "same": true`);
  return (value) => value;
}
