import type { NextPage } from '../../sources/rest/rest-options.js';
import { isObject, Unexpected, type JsonSchema } from './setting-kinds.js';

/** Pages of a REST API, as a config file writes them. See `fromRest` of `rollcall/sources`. */
export interface RestPages {
  /** The address of the first page, or the environment variable that has it. */
  readonly url: string | { readonly env: string };
  /** The path of the array of rows in the document. */
  readonly path?: string;
  /** How the next page is found. */
  readonly next: NextPage;
  /** The path of the number of all rows, or `header:` and the name of a header. */
  readonly total?: string;
  /** The environment variable with a bearer token. */
  readonly bearer?: { readonly env: string };
  /** The user, and the environment variable with the password, for basic authentication. */
  readonly basic?: { readonly user: string; readonly password: { readonly env: string } };
  /** Further headers, without secrets. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** {@link RestPages}, checked. */
export type RestSpec = RestPages & { readonly kind: 'rest' };

/** The options of a REST API in a config file. */
export const REST_OPTIONS = Object.freeze(['url', 'path', 'next', 'total', 'bearer', 'basic', 'headers']);

/**
 * Checks what only a config file has; `fromRest` checks the rest.
 * @param url - the address, checked
 * @throws Unexpected without values of the file, which may be secrets
 */
export function readRest(options: Readonly<Record<string, unknown>>, url: RestPages['url']): RestSpec {
  const { path, next, total, bearer, basic, headers } = options;
  for (const [name, value] of Object.entries({ path, total }))
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      throw new Unexpected(`text as rest.${name}`);
  if (next === undefined) throw new Unexpected('rest.next, which says how the next page is found');
  if (bearer !== undefined && basic !== undefined)
    throw new Unexpected('rest.bearer or rest.basic, not both');
  if (bearer !== undefined && !isVariable(bearer)) throw new Unexpected('{ "env": "NAME" } as rest.bearer');
  if (basic !== undefined && !isBasic(basic))
    throw new Unexpected('{ "user": "...", "password": { "env": "NAME" } } as rest.basic');
  if (headers !== undefined && !isTexts(headers)) throw new Unexpected('an object of texts as rest.headers');
  return { ...(options as unknown as RestPages), url, kind: 'rest' };
}

function isTexts(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

function isBasic(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.keys(value).length === 2 &&
    typeof value['user'] === 'string' &&
    isVariable(value['password'])
  );
}

function isVariable(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 1 && typeof value['env'] === 'string';
}

const TEXT: JsonSchema = { type: 'string', pattern: '\\S' };
const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
const OPTIONAL: JsonSchema = { type: 'boolean' };
const VARIABLE = object({ env: TEXT }, ['env']);

/** The JSON Schemas of the options that only a REST API has. */
export const REST_PROPERTIES: Readonly<Record<string, JsonSchema>> = Object.freeze({
  path: { ...TEXT, description: 'the path of the array of rows in the document, such as data.people' },
  next: {
    description: 'how the next page is found',
    anyOf: [
      { enum: ['none', 'link'] },
      object({ url: TEXT, optional: OPTIONAL }, ['url']),
      object({ cursor: TEXT, parameter: TEXT, optional: OPTIONAL }, ['cursor', 'parameter']),
      object({ page: TEXT, from: COUNT }, ['page']),
      object({ offset: TEXT, from: COUNT }, ['offset']),
    ],
  },
  total: {
    ...TEXT,
    description: 'the path of the number of all rows, or header: and the name of a header',
  },
  bearer: { ...VARIABLE, description: 'the environment variable with a bearer token' },
  basic: object({ user: TEXT, password: VARIABLE }, ['user', 'password']),
  headers: { type: 'object', additionalProperties: { type: 'string' } },
});

function object(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}
