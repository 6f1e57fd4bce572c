import { parseDuration } from '../text/duration.js';

/** True for an object that is not a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A setting has an invalid value. The caller catches it and adds the flag, variable or line. */
export class Unexpected extends Error {
  /** @param got - left out where it may be a secret */
  constructor(expected: string, ...got: readonly [unknown?]) {
    super(got.length === 0 ? `expected ${expected}` : `expected ${expected}, got ${show(got[0])}`);
  }
}

/** How the values of a setting are written: as text on the command line and in the environment, as JSON in a config file. */
export interface Kind<T> {
  /** The placeholder for the value in the help; undefined for a setting that is on or off. */
  readonly placeholder: string | undefined;
  /** Whether the flag takes several values. */
  readonly many: boolean;
  /** True if the values are paths; paths in a config file are relative to that file. */
  readonly isPath: boolean;
  /** @throws Unexpected */
  parse(text: string | readonly string[] | boolean): T;
  /** Reads an environment variable, if it may have values that a flag must not have. @throws Unexpected */
  parseVariable?(text: string): T;
  /** @throws Unexpected */
  read(value: unknown): T;
  readonly schema: JsonSchema;
  /** The TypeScript type of the value in a config in code. */
  readonly type: string;
}

/** Text that is not empty. */
export function text(placeholder: string, isPath = false): Kind<string> {
  const read = (value: unknown): string => {
    if (typeof value !== 'string' || value.trim() === '') throw new Unexpected('text', value);
    return value;
  };
  return {
    placeholder,
    many: false,
    isPath,
    parse: read,
    read,
    schema: { type: 'string', pattern: '\\S' },
    type: 'string',
  };
}

/** One text, or several. */
export function texts(placeholder: string, isPath = false): Kind<readonly string[]> {
  const one = text(placeholder, isPath);
  const read = (value: unknown): readonly string[] => {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.length === 0) throw new Unexpected('text, or a list of texts', value);
    return list.map((item) => one.read(item));
  };
  return {
    placeholder,
    many: true,
    isPath,
    parse: read,
    read,
    schema: { anyOf: [one.schema, { type: 'array', items: one.schema, minItems: 1 }] },
    type: 'string | readonly string[]',
  };
}

/** One path, or several. */
export function paths(): Kind<readonly string[]> {
  return texts('file', true);
}

/** A number within bounds. */
export function number(bounds: { min: number; max?: number; integer?: boolean }): Kind<number> {
  const { min, max, integer = false } = bounds;
  const range = max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
  const expected = `a ${integer ? 'whole ' : ''}number ${range}`;
  const read = (value: unknown): number => {
    const fits =
      typeof value === 'number' &&
      Number.isFinite(value) &&
      value >= min &&
      value <= (max ?? Infinity) &&
      (!integer || Number.isInteger(value));
    if (!fits) throw new Unexpected(expected, value);
    return value;
  };
  const parse = (value: unknown): number => {
    if (typeof value !== 'string' || !/^[+-]?(\d+\.?\d*|\.\d+)$/.test(value))
      throw new Unexpected(expected, value);
    return read(Number(value));
  };
  const schema = {
    type: integer ? 'integer' : 'number',
    minimum: min,
    ...(max !== undefined && { maximum: max }),
  };
  return { placeholder: 'n', many: false, isPath: false, parse, read, schema, type: 'number' };
}

/** A duration such as `5m`; the parsed value is in milliseconds. */
export function duration(bounds: { min?: number; max?: number } = {}): Kind<number> {
  const { min = 0, max = Infinity } = bounds;
  const read = (value: unknown): number => {
    const ms = typeof value === 'string' ? parseDuration(value) : undefined;
    if (ms === undefined) throw new Unexpected('a duration such as 5m, 90s or 250ms', value);
    if (ms < min) throw new Unexpected(`a duration of at least ${min}ms`, value);
    if (ms > max) throw new Unexpected(`a duration of at most ${max}ms`, value);
    return ms;
  };
  const schema = { type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h)$' };
  return { placeholder: 'duration', many: false, isPath: false, parse: read, read, schema, type: 'string' };
}

/** One of the given words. */
export function choice<T extends string>(...words: readonly T[]): Kind<T> {
  const read = (value: unknown): T => {
    if (!words.includes(value as T)) throw new Unexpected(`one of ${words.join(', ')}`, value);
    return value as T;
  };
  return {
    placeholder: words.join('|'),
    many: false,
    isPath: false,
    parse: read,
    read,
    schema: { enum: words },
    type: words.map((word) => `'${word}'`).join(' | '),
  };
}

/** A day such as `2026-12-31`. */
export function day(): Kind<string> {
  const read = (value: unknown): string => {
    const isDay =
      typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));
    if (!isDay) throw new Unexpected('a day such as 2026-12-31', value);
    return value;
  };
  const schema = { type: 'string', pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$' };
  return { placeholder: 'day', many: false, isPath: false, parse: read, read, schema, type: 'string' };
}

/** One character that separates fields; the word `tab` for a tab. */
export function delimiter(): Kind<string> {
  const read = (value: unknown): string => {
    const character = value === 'tab' || value === '\\t' ? '\t' : value;
    if (typeof character !== 'string' || character.length !== 1 || '"\r\n'.includes(character))
      throw new Unexpected('one character, or tab', value);
    return character;
  };
  const schema = { type: 'string', pattern: '^([^"\\r\\n]|tab|\\\\t)$' };
  return { placeholder: 'character', many: false, isPath: false, parse: read, read, schema, type: 'string' };
}

/** On or off. */
export function onOff(): Kind<boolean> {
  const read = (value: unknown): boolean => {
    if (typeof value !== 'boolean') throw new Unexpected('true or false', value);
    return value;
  };
  return {
    placeholder: undefined,
    many: false,
    isPath: false,
    parse: read,
    read,
    schema: { type: 'boolean' },
    type: 'boolean',
  };
}

function show(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return 'an object';
}
