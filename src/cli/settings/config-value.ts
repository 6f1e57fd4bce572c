import { getNodeValue, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { OptionsError } from '../../core/errors.js';

/** A value of a config, with its place for error messages. */
export interface ConfigValue {
  /** The value: as JSON has it, or as the code made it. */
  readonly plain: unknown;
  /** The members of an object; undefined for anything else. */
  readonly members: readonly ConfigMember[] | undefined;
  /** @throws {@link OptionsError} with the place of the value */
  fail(message: string): never;
}

/** A member of an object. */
export interface ConfigMember {
  readonly key: string;
  readonly value: ConfigValue;
}

/**
 * The value of a JSON text with comments and trailing commas. Errors name the line and never quote the file, because somebody may have
 * written a secret into it.
 *
 * @throws {@link OptionsError} if the text is not valid.
 */
export function jsonValue(text: string, file: string): ConfigValue {
  const fail: Fail = (offset, message) => {
    const line = text.slice(0, offset).split('\n').length;
    throw new OptionsError(`${file}:${line}`, message);
  };
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) fail(error.offset, `not valid JSON: ${printParseErrorCode(error.error)}`);
  return root === undefined ? fail(0, 'expected an object') : new JsonValue(root, fail);
}

type Fail = (offset: number, message: string) => never;

class JsonValue implements ConfigValue {
  readonly #node: Node;
  readonly #failAt: Fail;

  constructor(node: Node, failAt: Fail) {
    this.#node = node;
    this.#failAt = failAt;
  }

  get plain(): unknown {
    return getNodeValue(this.#node) as unknown;
  }

  get members(): readonly ConfigMember[] | undefined {
    if (this.#node.type !== 'object') return undefined;
    const members = new Map<string, ConfigValue>();
    for (const property of this.#node.children ?? []) {
      const [name, value] = property.children ?? [];
      if (name === undefined || value === undefined) continue;
      const key = String(name.value);
      if (members.has(key)) this.#failAt(name.offset, `${key} is set twice`);
      members.set(key, new JsonValue(value, this.#failAt));
    }
    return Array.from(members, ([key, value]) => ({ key, value }));
  }

  fail(message: string): never {
    return this.#failAt(this.#node.offset, message);
  }
}

/** A value that code made. Errors name the file and the property, never its value. @param path - the names of the properties down to it */
export function codeValue(value: unknown, file: string, path: readonly string[] = []): ConfigValue {
  return {
    plain: value,
    members: isPlainObject(value)
      ? Object.entries(value)
          // TypeScript's optional properties may be undefined, which means that they are not set.
          .filter(([, member]) => member !== undefined)
          .map(([key, member]) => ({ key, value: codeValue(member, file, [...path, key]) }))
      : undefined,
    fail: (message) => {
      const parent = path.slice(0, -1).join('.');
      throw new OptionsError(parent === '' ? file : `${file}: ${parent}`, message);
    },
  };
}

/** An object of `{}`, without a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
