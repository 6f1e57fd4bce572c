import { isIP } from 'node:net';
import {
  refuseUnknown,
  requireBoolean,
  requireFunction,
  requireNumber,
  requireOneOf,
} from '../../core/check-options.js';
import { OptionsError } from '../../core/errors.js';

/** Where a directory is, and who reads it. */
export interface LdapOptions {
  /** The address: `ldaps://` with TLS, `ldap://` without. Usual ports are 636 and 389. */
  readonly url: string;
  /** The account that reads the directory. The password never appears in errors. @defaultValue nobody: the server decides what may be read */
  readonly bind?: { readonly dn: string; readonly password: string };
  /** Changes an `ldap://` connection to TLS before anything else is sent. @defaultValue false */
  readonly startTls?: boolean;
  /** The CA certificates that are trusted, as PEM, instead of Node's own. @defaultValue Node's own */
  readonly ca?: string;
  /** Allows a password over `ldap://` without TLS to another machine, where everybody on the way can read it. @defaultValue false */
  readonly allowPlainPassword?: boolean;
  /**
   * What a search continuation means: the server says that a part of the answer is on another server. `'fail'` fails the read.
   * `'ignore'` says that nobody of that part is synced. Continuations to Active Directory's partitions for DNS and configuration, which
   * have no people, never fail. @defaultValue 'fail'
   */
  readonly referrals?: 'fail' | 'ignore';
  /** The number of entries of a page. Active Directory gives at most 1000. @defaultValue 500 */
  readonly pageSize?: number;
  /** How long to wait for a connection, in milliseconds. @defaultValue 10000 */
  readonly connectTimeoutMs?: number;
  /** The longest silence of the server, in milliseconds. @defaultValue 60000 */
  readonly timeoutMs?: number;
}

/** Which entries of a directory are read. */
export interface EntrySelection {
  /** The DN of the entry below which the search looks. */
  readonly base: string;
  /** An LDAP filter (RFC 4515), such as `(&(objectCategory=person)(objectClass=user))`. @defaultValue `(objectClass=*)` */
  readonly filter?: string;
  /** Everything below the base and itself, only its children, or only itself. @defaultValue 'sub' */
  readonly scope?: 'sub' | 'one' | 'base';
}

/** A search: the entries and their attributes. */
export interface LdapSearch extends EntrySelection {
  /**
   * The attributes, which become columns of these names. Upper and lower case are the same to the server; the columns are spelt as here.
   * `dn` is the name of the entry. Options belong to the name: `description;lang-de`.
   */
  readonly attributes: readonly string[];
  /** Attributes whose bytes become base64, such as a `jpegPhoto`. @defaultValue none */
  readonly binary?: readonly string[];
  /** Replaces the members of a group by the ids of people. @defaultValue members stay as they are */
  readonly members?: LdapMembers;
  /** The name of the source in errors and rejections. @defaultValue `LDAP` */
  readonly name?: string;
  /** Completes the filter just before it is sent, with what is known only then, such as a watermark. @defaultValue the filter as it is */
  readonly complete?: (filter: string) => string;
}

/** How the members that a group lists by their DNs become the ids of people. */
export interface LdapMembers {
  /** The attribute that lists the DNs. @defaultValue `member` */
  readonly attribute?: string;
  /** The attribute of a person that has the id, such as `objectGUID` or `entryUUID`: the one of which `externalId` is made. */
  readonly as: string;
  /** Which entries are people: the same as in the search of the users. */
  readonly people: EntrySelection;
  /** Groups in groups, at any depth, count as the people in them. Otherwise they are left out. @defaultValue false */
  readonly nested?: boolean;
}

/** Checked options. */
export interface CheckedLdap extends Required<Omit<LdapOptions, 'url' | 'bind' | 'ca'>> {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly bind: LdapOptions['bind'];
  readonly ca: string | undefined;
}

const OPTIONS = [
  'url',
  'bind',
  'startTls',
  'ca',
  'allowPlainPassword',
  'referrals',
  'pageSize',
  'connectTimeoutMs',
  'timeoutMs',
];
const SELECTION = ['base', 'filter', 'scope'];
const SEARCH = [...SELECTION, 'attributes', 'binary', 'members', 'name', 'complete'];

/** @throws {@link OptionsError} for the first invalid option, without a password */
export function checkLdap(options: LdapOptions): CheckedLdap {
  refuseUnknown('openLdap', options, OPTIONS);
  const { bind, ca, startTls = false, allowPlainPassword = false, referrals = 'fail' } = options;
  const { pageSize = 500, connectTimeoutMs = 10_000, timeoutMs = 60_000 } = options;
  const url = checkUrl(options.url);
  requireBoolean('startTls', startTls);
  requireBoolean('allowPlainPassword', allowPlainPassword);
  requireOneOf('referrals', referrals, ['fail', 'ignore']);
  requireNumber('pageSize', pageSize, { min: 1, max: 100_000, integer: true });
  requireNumber('connectTimeoutMs', connectTimeoutMs, { min: 1, integer: true });
  requireNumber('timeoutMs', timeoutMs, { min: 1, integer: true });
  if (ca !== undefined && !(typeof ca === 'string' && ca.includes('-----BEGIN CERTIFICATE-----')))
    throw new OptionsError('ca', 'expected certificates as PEM');
  if (startTls && url.isTls) throw new OptionsError('startTls', 'has no effect on ldaps://; remove it');
  if (bind !== undefined) checkBind(bind, url, startTls || allowPlainPassword);
  return {
    ...url,
    bind,
    ca,
    startTls,
    allowPlainPassword,
    referrals,
    pageSize,
    connectTimeoutMs,
    timeoutMs,
  };
}

function checkUrl(text: unknown): Pick<CheckedLdap, 'host' | 'port' | 'isTls'> {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^ldaps?:$/.test(url.protocol) || url.hostname === '')
    throw new OptionsError('url', 'expected an address such as ldaps://dc.example.com');
  if (url.username !== '' || url.password !== '')
    throw new OptionsError('url', 'expected an address without user and password; use bind');
  if (url.pathname.length > 1 || url.search !== '')
    throw new OptionsError('url', 'expected host and port only; write the rest as base, filter and scope');
  const isTls = url.protocol === 'ldaps:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(url.port || (isTls ? 636 : 389)), isTls };
}

function checkBind(
  bind: NonNullable<LdapOptions['bind']>,
  { host, isTls }: Pick<CheckedLdap, 'host' | 'isTls'>,
  isAllowed: boolean,
): void {
  refuseUnknown('bind', bind, ['dn', 'password']);
  requireText('bind.dn', bind.dn, 'the DN of the account');
  // With an empty password, servers accept the account as nobody, and show less of the directory (RFC 4513, 5.1.2).
  requireText('bind.password', bind.password, 'a password that is not empty');
  if (isTls || isAllowed || isLoopback(host)) return;
  throw new OptionsError(
    'url',
    `the password would be sent to ${host} without TLS; use ldaps:// or startTls, or set allowPlainPassword if nobody can listen on the way`,
  );
}

/** True for the machine itself, where nobody listens on the way. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** @throws {@link OptionsError} for the first invalid option of a search */
export function checkSearch(search: LdapSearch): void {
  refuseUnknown('search', search, SEARCH);
  checkSelection('', search);
  const { attributes, binary = [], members, complete } = search;
  if (complete !== undefined) requireFunction('complete', complete);
  if (!Array.isArray(attributes) || attributes.length === 0)
    throw new OptionsError('attributes', 'expected the names of attributes');
  checkNames('attributes', attributes);
  checkNames('binary', binary);
  if (members === undefined) return;
  refuseUnknown('members', members, ['attribute', 'as', 'people', 'nested']);
  checkNames('members.attribute', [members.attribute ?? 'member']);
  checkNames('members.as', [members.as]);
  requireBoolean('members.nested', members.nested ?? false);
  const listed = (members.attribute ?? 'member').toLowerCase();
  if (!(attributes as readonly string[]).some((name) => name.toLowerCase() === listed))
    throw new OptionsError(
      'attributes',
      `expected ${JSON.stringify(listed)} among them, whose members are replaced`,
    );
  const { people } = members;
  if (typeof people !== 'object' || people === null)
    throw new OptionsError('members.people', 'expected the base and the filter of the people');
  refuseUnknown('members.people', people, SELECTION);
  checkSelection('members.people.', people);
}

function checkSelection(before: string, { base, filter, scope }: EntrySelection): void {
  if (typeof base !== 'string') throw new OptionsError(`${before}base`, 'expected the DN of an entry');
  if (filter !== undefined) requireText(`${before}filter`, filter, 'an LDAP filter');
  if (scope !== undefined) requireOneOf(`${before}scope`, scope, ['sub', 'one', 'base']);
}

/** An attribute with its options (RFC 4512, 2.5). */
const DESCRIPTION = /^(?:[a-z][a-z0-9-]*|\d+(?:\.\d+)+)(?:;[a-z0-9-]+)*$/i;

function checkNames(option: string, names: readonly unknown[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (typeof name !== 'string' || !DESCRIPTION.test(name))
      throw new OptionsError(option, 'expected names of attributes; each is written out, such as mail');
    if (seen.size === seen.add(name.toLowerCase()).size)
      throw new OptionsError(option, `${JSON.stringify(name)} is there twice`);
  }
}

function requireText(option: string, value: unknown, expected: string): void {
  if (typeof value !== 'string' || value.trim() === '')
    throw new OptionsError(option, `expected ${expected}`);
}
