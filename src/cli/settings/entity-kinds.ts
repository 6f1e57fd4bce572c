import { ENTITIES, type Entity } from '../../core/model.js';
import { isObject, number, text, Unexpected, type JsonSchema, type Kind } from './setting-kinds.js';

/** One value for each entity that is named. */
export type ByEntity<T> = Readonly<Partial<Record<Entity, T>>>;

/** A number for the only input, or one for each input that is named. */
export type NumberByEntity = number | ByEntity<number>;

/** A whole number for the only input, or one for each of several: `users=1200 groups=30`, in a config file an object. */
export function numberByEntity(): Kind<NumberByEntity> {
  return oneOrByEntity(number({ min: 0, integer: true }), 'a whole number');
}

/**
 * One value, or one for each entity: `users=full memberships=delta`, in a config file an object.
 *
 * @param noun - what one value is, for errors
 */
export function oneOrByEntity<T>(one: Kind<T>, noun: string): Kind<T | ByEntity<T>> {
  const pairs = pairsOf(`${noun}, or one for each of ${ENTITIES.join(', ')}`);
  const parse = (value: unknown): T | ByEntity<T> => {
    const [first, ...others] = textsOf(value);
    if (others.length === 0 && first?.includes('=') === false) return one.parse(first);
    return pairs.parse(value, (text) => one.parse(text));
  };
  const read = (value: unknown): T | ByEntity<T> =>
    isObject(value) ? pairs.read(value, (of) => one.read(of)) : one.read(value);
  return {
    placeholder: one.placeholder,
    many: true,
    isPath: false,
    parse,
    read,
    schema: { anyOf: [one.schema, objectSchema(one.schema)] },
    type: `${one.type} | ${objectType(one.type)}`,
  };
}

/** A list of texts for each entity: `users=userName,email`, in a config file `{ "users": ["userName", "email"] }`. */
export function textsByEntity(): Kind<ByEntity<readonly string[]>> {
  const item = text('text');
  const pairs = pairsOf(`lists for ${ENTITIES.join(', ')}`);
  const list = (value: unknown): readonly string[] => {
    if (!Array.isArray(value)) throw new Unexpected('a list of texts', value);
    return value.map((entry: unknown) => item.read(entry));
  };
  const schema = { type: 'array', items: item.schema };
  return {
    placeholder: 'entity=attribute',
    many: true,
    isPath: false,
    parse: (value) =>
      pairs.parse(value, (names) =>
        names === '' ? [] : names.split(',').map((name) => item.read(name.trim())),
      ),
    read: (value) => pairs.read(value, list),
    schema: objectSchema(schema),
    type: objectType('readonly string[]'),
  };
}

/** Readers of values by entity. @param expected - what is expected, for errors */
function pairsOf(expected: string) {
  const ofPairs = <V, T>(pairs: readonly (readonly [string, V])[], check: (value: V) => T): ByEntity<T> => {
    const values: Partial<Record<Entity, T>> = {};
    for (const [entity, value] of pairs) {
      if (!isEntity(entity) || values[entity] !== undefined) throw new Unexpected(expected, entity);
      values[entity] = check(value);
    }
    return values;
  };
  return {
    parse: <T>(value: unknown, check: (text: string) => T) => {
      const pairs = textsOf(value).map((text) => text.split(/=(.*)/s, 2));
      if (pairs.some(([, of]) => of === undefined)) throw new Unexpected(expected, value);
      return ofPairs(pairs as [string, string][], check);
    },
    read: <T>(value: unknown, check: (value: unknown) => T) => {
      if (!isObject(value) || Object.keys(value).length === 0) throw new Unexpected(expected, value);
      return ofPairs(Object.entries(value), check);
    },
  };
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]) as readonly string[];
}

function objectSchema(one: JsonSchema): JsonSchema {
  const properties = Object.fromEntries(ENTITIES.map((entity) => [entity, one]));
  return { type: 'object', properties, minProperties: 1, additionalProperties: false };
}

function objectType(one: string): string {
  return `{ ${ENTITIES.map((entity) => `readonly ${entity}?: ${one}`).join('; ')} }`;
}

function isEntity(text: string): text is Entity {
  return (ENTITIES as readonly string[]).includes(text);
}
