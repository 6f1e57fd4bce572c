import type { EntrySelection, LdapMembers } from '../../sources/ldap/ldap-options.js';
import { isObject, Unexpected, type JsonSchema } from './setting-kinds.js';

/** A search of an LDAP directory, as a config file writes it. See `openLdap` of `rollcall/sources`. */
export interface LdapEntries extends EntrySelection {
  /** The address, such as `ldaps://dc.example.com`, or the environment variable that has it. */
  readonly url: string | { readonly env: string };
  /** The account that reads, and the environment variable with its password. @defaultValue nobody */
  readonly bind?: {
    readonly dn: string | { readonly env: string };
    readonly password: { readonly env: string };
  };
  /** Changes an `ldap://` connection to TLS. @defaultValue false */
  readonly startTls?: boolean;
  /** A PEM file with the CA certificates to trust, relative to the config file. @defaultValue Node's own */
  readonly caFile?: string;
  /** Allows a password without TLS to another machine. @defaultValue false */
  readonly allowPlainPassword?: boolean;
  /** Whether parts of the answer that are on other servers fail the read. @defaultValue 'fail' */
  readonly referrals?: 'fail' | 'ignore';
  /** The number of entries of a page. @defaultValue 500 */
  readonly pageSize?: number;
  /** The attributes, which become columns. */
  readonly attributes: readonly string[];
  /** Attributes whose bytes become base64. @defaultValue none */
  readonly binary?: readonly string[];
  /** Replaces the members of a group by the ids of people. @defaultValue members stay as they are */
  readonly members?: LdapMemberIds;
}

/** How the members of a group become the ids of people, as a config file writes it. */
export interface LdapMemberIds extends Omit<LdapMembers, 'people'> {
  /** Which entries are people. @defaultValue those of the search of the users */
  readonly people?: EntrySelection;
}

/** {@link LdapEntries}, checked. */
export type LdapSpec = LdapEntries & { readonly kind: 'ldap' };

/** The options of an LDAP directory in a config file. */
export const LDAP_OPTIONS = Object.freeze([
  'url',
  'bind',
  'startTls',
  'caFile',
  'allowPlainPassword',
  'referrals',
  'pageSize',
  'base',
  'filter',
  'scope',
  'attributes',
  'binary',
  'members',
]);

/**
 * Checks what only a config file has; `openLdap` checks the rest.
 * @param url - the address, checked
 * @throws Unexpected without values of the file, which may be secrets
 */
export function readLdap(options: Readonly<Record<string, unknown>>, url: LdapEntries['url']): LdapSpec {
  const { bind, caFile, members, base } = options;
  if (bind !== undefined && !isBind(bind))
    throw new Unexpected('{ "dn": "...", "password": { "env": "NAME" } } as ldap.bind');
  if (caFile !== undefined && (typeof caFile !== 'string' || caFile === ''))
    throw new Unexpected('the path of a file as ldap.caFile');
  if (typeof base !== 'string') throw new Unexpected('the DN of an entry as ldap.base');
  if (members !== undefined && !isObject(members)) throw new Unexpected('an object as ldap.members');
  return { ...(options as unknown as LdapEntries), url, kind: 'ldap' };
}

function isBind(value: unknown): boolean {
  if (!isObject(value) || Object.keys(value).length !== 2) return false;
  const { dn, password } = value;
  return (typeof dn === 'string' || isVariable(dn)) && isVariable(password);
}

function isVariable(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 1 && typeof value['env'] === 'string';
}

const TEXT: JsonSchema = { type: 'string', pattern: '\\S' };
const NAMES: JsonSchema = { type: 'array', items: TEXT };
const FLAG: JsonSchema = { type: 'boolean' };
const VARIABLE = object({ env: TEXT }, ['env']);
const SELECTION: Readonly<Record<string, JsonSchema>> = {
  base: { type: 'string', description: 'the DN of the entry below which the search looks' },
  filter: { ...TEXT, description: 'an LDAP filter, such as (objectClass=person)' },
  scope: { enum: ['sub', 'one', 'base'] },
};

/** The JSON Schemas of the options that only an LDAP directory has. */
export const LDAP_PROPERTIES: Readonly<Record<string, JsonSchema>> = Object.freeze({
  ...SELECTION,
  bind: object({ dn: { anyOf: [TEXT, VARIABLE] }, password: VARIABLE }, ['dn', 'password']),
  startTls: { ...FLAG, description: 'changes an ldap:// connection to TLS' },
  caFile: {
    ...TEXT,
    description: 'a PEM file with the CA certificates to trust, relative to the config file',
  },
  allowPlainPassword: { ...FLAG, description: 'allows a password without TLS to another machine' },
  referrals: {
    enum: ['fail', 'ignore'],
    description: 'whether parts of the answer that are on other servers fail the read',
  },
  pageSize: { type: 'integer', minimum: 1, maximum: 100_000 },
  attributes: { ...NAMES, minItems: 1, description: 'the attributes, which become columns' },
  binary: { ...NAMES, description: 'attributes whose bytes become base64' },
  members: {
    ...object({ attribute: TEXT, as: TEXT, people: object(SELECTION, ['base']), nested: FLAG }, ['as']),
    description: 'replaces the members of a group by the ids of people',
  },
});

function object(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}
