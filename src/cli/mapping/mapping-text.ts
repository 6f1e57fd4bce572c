import { getNodePath, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { OptionsError } from '../../core/errors.js';
import { nearest } from '../text/nearest.js';
import type { Lookups } from './lookups.js';

/** A value in a mapping file, with its place for error messages. */
export type MappingNode = Node;

/**
 * The text of a mapping that code contains as an object.
 *
 * @param place - its place in the error
 * @throws {@link OptionsError} that names the property of a value that JSON does not have, such as a function.
 */
export function jsonText(mapping: object, place: string): string {
  return JSON.stringify(mapping, function check(this: unknown, key: string, value: unknown) {
    const isPlain =
      value === null ||
      value === undefined ||
      Array.isArray(value) ||
      ['string', 'boolean', 'number'].includes(typeof value) ||
      (typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value) as null));
    if (isPlain) return value;
    throw new OptionsError(
      place,
      `${key}: a ${typeof value === 'function' ? 'function' : 'value of this type'} cannot be in a mapping; use map(...) of rollcall in the source`,
    );
  });
}

/** The parsed text of a mapping file. Every error names file, line and column; or the property, for a mapping in code. */
export class MappingText {
  readonly #file: string;
  readonly #text: string;
  readonly root: MappingNode;
  /** The day that the mapping calls `today`: the milliseconds from 1970 to its beginning in UTC. */
  readonly today: number;
  /** The inputs that expressions look up. Set before expressions are parsed. */
  lookups: Lookups = new Map();

  readonly #placesAre: 'line' | 'property';

  constructor(text: string, file: string, today: number, placesAre: 'line' | 'property' = 'line') {
    this.today = today;
    this.#file = file;
    this.#placesAre = placesAre;
    this.#text = text;
    const errors: ParseError[] = [];
    const root = parseTree(text, errors, { allowTrailingComma: true });
    const [error] = errors;
    if (error !== undefined)
      this.#failAt(error.offset, `not valid JSON: ${printParseErrorCode(error.error)}`);
    if (root === undefined) this.#failAt(0, 'the file is empty; expected an object');
    this.root = root;
  }

  /** The place of a value: `file:line`, or `file: map.users.when` for a mapping in code. */
  place(node: MappingNode): string {
    if (this.#placesAre === 'property') return [this.#file, ...getNodePath(node)].join('.');
    return `${this.#file}:${this.#position(node.offset).line}`;
  }

  fail(node: MappingNode, message: string): never {
    if (this.#placesAre === 'property') throw new OptionsError(this.#file, message);
    return this.#failAt(node.offset, message);
  }

  /** The members of an object, in their order. Fails for a name that is not in `known`, if that is given. */
  members(node: MappingNode, what: string, known?: readonly string[]): Map<string, MappingNode> {
    if (node.type !== 'object') this.fail(node, `${what}: expected an object`);
    const members = new Map<string, MappingNode>();
    for (const property of node.children ?? []) {
      const [name, value] = property.children ?? [];
      if (name === undefined || value === undefined) continue;
      const key = String(name.value);
      if (members.has(key)) {
        const joined =
          key === 'when' ? '; for both conditions, write "when": { "all": [{ ... }, { ... }] }' : '';
        this.fail(name, `${what}: ${JSON.stringify(key)} is set twice${joined}`);
      }
      if (known !== undefined && !known.includes(key))
        this.fail(name, `${what}: unknown key ${JSON.stringify(key)}${nearest(key, known)}`);
      members.set(key, value);
    }
    return members;
  }

  string(node: MappingNode, what: string): string {
    if (node.type !== 'string') this.fail(node, `${what}: expected a string`);
    return node.value as string;
  }

  /** A string that is not empty. */
  word(node: MappingNode, what: string): string {
    const word = this.string(node, what);
    if (word === '') this.fail(node, `${what}: must not be empty`);
    return word;
  }

  boolean(node: MappingNode, what: string): boolean {
    if (node.type !== 'boolean') this.fail(node, `${what}: expected true or false`);
    return node.value as boolean;
  }

  oneOf<T extends string>(node: MappingNode, what: string, words: readonly T[]): T {
    const word = this.string(node, what);
    if (!words.includes(word as T))
      this.fail(node, `${what}: unknown word ${JSON.stringify(word)}${nearest(word, words)}`);
    return word as T;
  }

  items(node: MappingNode, what: string): readonly MappingNode[] {
    const items = node.type === 'array' ? (node.children ?? []) : [];
    if (items.length === 0) this.fail(node, `${what}: expected a non-empty array`);
    return items;
  }

  #failAt(offset: number, message: string): never {
    const { line, column } = this.#position(offset);
    throw new OptionsError(`${this.#file}:${line}:${column}`, message);
  }

  #position(offset: number): { readonly line: number; readonly column: number } {
    const before = this.#text.slice(0, offset).split('\n');
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }
}
