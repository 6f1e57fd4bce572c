import { nearest } from '../text/nearest.js';
import { LDAP_OPTIONS, LDAP_PROPERTIES, readLdap, type LdapEntries, type LdapSpec } from './ldap-spec.js';
import { readRest, REST_OPTIONS, REST_PROPERTIES, type RestPages, type RestSpec } from './rest-spec.js';
import { isObject, Unexpected, type JsonSchema } from './setting-kinds.js';

export type { LdapEntries, LdapMemberIds } from './ldap-spec.js';
export type { RestPages } from './rest-spec.js';

/** A text of a config file, or the name of the environment variable that has it. */
export type TextOrVariable = string | { readonly env: string };

/** A source of an entity that is not a file, as a config file declares it. */
export type SourceSpec =
  | { readonly kind: 'postgres' | 'mysql'; readonly url: TextOrVariable; readonly query: string }
  | { readonly kind: 'sqlite'; readonly file: string; readonly query: string }
  | RestSpec
  | LdapSpec;

/** A source that is not a file, as a config file writes it. */
export type DeclaredSourceOptions =
  | { readonly postgres: ServerQuery }
  | { readonly mysql: ServerQuery }
  | { readonly sqlite: FileQuery }
  | { readonly rest: RestPages }
  | { readonly ldap: LdapEntries };

/** A query of a database server. */
export interface ServerQuery {
  /** The address, or the environment variable that has it. An address with a password must be in one. */
  readonly url: string | { readonly env: string };
  /** A SELECT; every column becomes a column of the mapping. */
  readonly query: string;
}

/** A query of a database in a file. */
export interface FileQuery {
  /** The path of the file, relative to the config file. */
  readonly file: string;
  /** A SELECT; every column becomes a column of the mapping. */
  readonly query: string;
}

/** The options of each kind of source. */
const OPTIONS = Object.freeze({
  postgres: ['url', 'query'],
  mysql: ['url', 'query'],
  sqlite: ['file', 'query'],
  rest: REST_OPTIONS,
  ldap: LDAP_OPTIONS,
}) satisfies Readonly<Record<SourceSpec['kind'], readonly string[]>>;

const KINDS = Object.freeze(Object.keys(OPTIONS)) as readonly SourceSpec['kind'][];

/**
 * Reads a source such as `{ "postgres": { "url": { "env": "HR_DATABASE_URL" }, "query": "SELECT ..." } }`.
 *
 * @throws Unexpected for anything else. The message contains no value of the file, which may be a secret.
 */
export function readSource(value: unknown): SourceSpec {
  const [kind, options] = onlyMember(value);
  if (!isKind(kind)) throw new Unexpected(`one of ${KINDS.join(', ')}${nearest(kind, KINDS)}`);
  if (!isObject(options)) throw new Unexpected(`an object in ${kind}`);
  const known: readonly string[] = OPTIONS[kind];
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw new Unexpected(`one of ${known.join(', ')} in ${kind}${nearest(name, known)}`);
  if (kind === 'rest') return readRest(options, readUrl(options['url'], 'rest.url'));
  if (kind === 'ldap') return readLdap(options, readUrl(options['url'], 'ldap.url'));
  const query = requireText(options['query'], `${kind}.query`);
  if (kind === 'sqlite') return { kind, file: requireText(options['file'], 'sqlite.file'), query };
  return { kind, url: readUrl(options['url'], `${kind}.url`), query };
}

/** An address with a password must be in the environment. */
function readUrl(value: unknown, where: string): TextOrVariable {
  if (isObject(value)) {
    const [name, variable] = onlyMember(value);
    if (name !== 'env') throw new Unexpected(`{ "env": "NAME" } as ${where}`);
    return { env: requireText(variable, `${where}.env`) };
  }
  const url = requireText(value, where);
  if (!URL.canParse(url)) throw new Unexpected(`an address as ${where}`);
  if (hasPassword(new URL(url)))
    throw new Unexpected(
      `${where} without a password, because a config file must not contain secrets; put the address into an environment variable and write { "env": "NAME" }`,
    );
  return url;
}

/** Parameters of an address in which drivers of databases take a password. */
const PASSWORD_PARAMETER = /^(?:password|passwd|pwd|sslpassword|passphrase)$/i;

/** Whether an address has a password, before the host or among its parameters. */
export function hasPassword(url: URL): boolean {
  return url.password !== '' || [...url.searchParams.keys()].some((name) => PASSWORD_PARAMETER.test(name));
}

function onlyMember(value: unknown): readonly [string, unknown] {
  const [member, ...others] = isObject(value) ? Object.entries(value) : [];
  if (member === undefined || others.length > 0)
    throw new Unexpected(`an object with one of ${KINDS.join(', ')}`);
  return member;
}

function requireText(value: unknown, where: string): string {
  if (typeof value !== 'string' || value.trim() === '') throw new Unexpected(`text as ${where}`);
  return value;
}

function isKind(name: string): name is SourceSpec['kind'] {
  return (KINDS as readonly string[]).includes(name);
}

const TEXT: JsonSchema = { type: 'string', pattern: '\\S' };
const PROPERTIES: Readonly<Record<string, JsonSchema>> = {
  ...REST_PROPERTIES,
  ...LDAP_PROPERTIES,
  url: {
    anyOf: [
      TEXT,
      { type: 'object', properties: { env: TEXT }, required: ['env'], additionalProperties: false },
    ],
    description:
      'the address, or the environment variable that has it; an address with a password must be in one',
  },
  file: { ...TEXT, description: 'the path of the file, relative to the config file' },
  query: { ...TEXT, description: 'a SELECT; every column becomes a column of the mapping' },
};

/** The options that must be there, for kinds that have others as well. */
const REQUIRED: Readonly<Partial<Record<SourceSpec['kind'], readonly string[]>>> = {
  rest: ['url', 'next'],
  ldap: ['url', 'base', 'attributes'],
};

/** The JSON Schema of a source. */
export function sourceSchema(): JsonSchema {
  return {
    anyOf: KINDS.map((kind) => ({
      type: 'object',
      properties: {
        [kind]: {
          type: 'object',
          properties: Object.fromEntries(OPTIONS[kind].map((name) => [name, PROPERTIES[name]])),
          required: REQUIRED[kind] ?? OPTIONS[kind],
          additionalProperties: false,
        },
      },
      required: [kind],
      additionalProperties: false,
    })),
  };
}
