import { OptionsError } from './errors.js';

/** @throws {@link OptionsError}, with option and value, unless the value is a number within the bounds. */
export function requireNumber(
  option: string,
  value: unknown,
  bounds: { min?: number; max?: number; integer?: boolean } = {},
): number {
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new OptionsError(option, `expected a number, got ${describe(value)}`);
  const { min = -Infinity, max = Infinity, integer = false } = bounds;
  if (value < min || value > max) throw new OptionsError(option, `expected ${range(min, max)}, got ${value}`);
  if (integer && !Number.isInteger(value))
    throw new OptionsError(option, `expected a whole number, got ${value}`);
  return value;
}

/** @throws {@link OptionsError} unless the value is one of the given strings. */
export function requireOneOf<T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  if (!allowed.includes(value as T))
    throw new OptionsError(option, `expected one of ${allowed.join(', ')}, got ${describe(value)}`);
  return value as T;
}

/** @throws {@link OptionsError} unless the value is true or false. */
export function requireBoolean(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean')
    throw new OptionsError(option, `expected true or false, got ${describe(value)}`);
  return value;
}

/** @throws {@link OptionsError} unless the value is a function. */
export function requireFunction<F>(option: string, value: F): F {
  if (typeof value !== 'function')
    throw new OptionsError(option, `expected a function, got ${describe(value)}`);
  return value;
}

/**
 * @param methods - some functions of such an object
 * @param expected - what is expected, such as "a state of openState()"
 * @throws {@link OptionsError} unless the value is an object with these functions. A promise of one is named as a missing `await`.
 */
export function requireObject(
  option: string,
  value: unknown,
  methods: readonly string[],
  expected: string,
): void {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Readonly<
    Record<string, unknown>
  >;
  if (methods.every((name) => typeof fields[name] === 'function')) return;
  if (typeof fields['then'] === 'function')
    throw new OptionsError(option, `expected ${expected}, got a promise; write await before it`);
  throw new OptionsError(option, `expected ${expected}`);
}

/** @throws {@link OptionsError} unless the value is a state store */
export function requireState(value: unknown): void {
  requireObject('state', value, ['read', 'outbox', 'getMeta'], 'a state, such as that of openState()');
}

/** @throws {@link OptionsError} unless the value is a client */
export function requireClient(value: unknown): void {
  requireObject('okta', value, ['createSession', 'startImport'], 'a client, such as that of createClient()');
}

/** @throws {@link OptionsError} for an unknown option, because a misspelt safeguard must not be silently off. */
export function refuseUnknown(where: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new OptionsError(name, `${where} has no such option; it has ${known.join(', ')}`);
  }
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === undefined ? 'nothing' : `a ${typeof value}`;
}

function range(min: number, max: number): string {
  if (max === Infinity) return `at least ${min}`;
  if (min === -Infinity) return `at most ${max}`;
  return `${min} to ${max}`;
}
