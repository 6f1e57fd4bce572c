import { OptionsError } from '../../core/errors.js';
import { isLoopback } from '../../sources/ldap/ldap-options.js';
import { readEnvironment, type Environment } from '../process/environment.js';
import { hasPassword, type DeclaredSourceOptions } from '../settings/source-spec.js';
import { WATERMARK_WORD } from './watermarks.js';

/** The flags of `init` that name a source of users that is no file. */
export interface UsersFromFlags {
  /** The address. */
  readonly from: string;
  readonly query?: string | undefined;
  readonly bindDn?: string | undefined;
  readonly ldapCa?: string | undefined;
}

/** The variable with the password of `--bind-dn`. */
const LDAP_PASSWORD = 'LDAP_PASSWORD';
const FLAG = '--users-from';
const EXAMPLES =
  'expected env:NAME with the name of the environment variable that has the address, or postgres://..., mysql://..., sqlite:FILE or ldaps://...';

/** Filters for the people of Active Directory, and of other directories. */
const PEOPLE = { ad: '(&(objectCategory=person)(objectClass=user))', other: '(objectClass=inetOrgPerson)' };

/** Attributes of people that directories usually have. Those that nobody has are left out after the sample. */
const ATTRIBUTES: readonly string[] = [
  ['objectGUID', 'entryUUID', 'uid', 'userPrincipalName', 'sAMAccountName', 'mail', 'givenName', 'sn'],
  ['displayName', 'cn', 'employeeNumber', 'employeeID', 'employeeType', 'title', 'department', 'company'],
  ['departmentNumber', 'telephoneNumber', 'mobile', 'l', 'preferredLanguage', 'manager'],
  ['userAccountControl', 'accountExpires', 'nsAccountLock', 'memberOf'],
].flat();

/**
 * The source of the flags, as a config file writes it. It has no secret: an address with a password is in the environment.
 *
 * @throws {@link OptionsError} without the address, which may have a password.
 */
export async function usersFrom(flags: UsersFromFlags, env: Environment): Promise<DeclaredSourceOptions> {
  const { from, query } = flags;
  const [scheme = '', rest = ''] = splitAtFirst(from, ':');
  if (/^ldaps?$/i.test(scheme)) return ldapOf(flags);
  for (const flag of ['bindDn', 'ldapCa'] as const)
    if (flags[flag] !== undefined)
      throw new OptionsError(
        flag === 'bindDn' ? '--bind-dn' : '--ldap-ca',
        'needs the address of an LDAP directory',
      );
  if (query === undefined)
    throw new OptionsError(
      '--query',
      'not set; give the SELECT of the users, with an id and an email address',
    );
  if (query.includes(WATERMARK_WORD))
    throw new OptionsError(
      '--query',
      `write it without ${WATERMARK_WORD} now, so that there are rows to look at; add it to the config file later`,
    );
  if (scheme === 'sqlite' && rest !== '') return { sqlite: { file: rest.replace(/^\/\//, ''), query } };
  if (scheme === 'env' && rest !== '') return serverOf(await kindOfVariable(rest, env), { env: rest }, query);
  const kind = kindOf(scheme);
  if (kind === undefined || !URL.canParse(from)) throw new OptionsError(FLAG, EXAMPLES);
  if (hasPassword(new URL(from)))
    throw new OptionsError(
      FLAG,
      'the address has a password, which the shell and the list of processes show; put it into an environment variable, such as HR_DATABASE_URL, and write env:HR_DATABASE_URL',
    );
  return serverOf(kind, from, query);
}

/** The same source for the config file: without the attributes that nobody has, and with the filter of its kind of directory. */
export function asWritten(source: DeclaredSourceOptions, columns: readonly string[]): DeclaredSourceOptions {
  if (!('ldap' in source)) return source;
  const { filter, ...others } = source.ldap;
  const isAd = columns.includes('objectGUID');
  return {
    ldap: {
      ...others,
      filter: filter === ANYBODY ? PEOPLE[isAd ? 'ad' : 'other'] : (filter ?? ANYBODY),
      attributes: source.ldap.attributes.filter((name) => columns.includes(name)),
    },
  };
}

/** The search of the groups beside that of the users, for the reader to check. */
export function groupsBeside(users: DeclaredSourceOptions): DeclaredSourceOptions | undefined {
  if (!('ldap' in users)) return undefined;
  const { attributes, base, filter: _, ...server } = users.ldap;
  const isAd = attributes.includes('objectGUID');
  const id = isAd ? 'objectGUID' : 'entryUUID';
  return {
    ldap: {
      ...server,
      base: /(?:^|,)\s*(dc=.*)$/i.exec(base)?.[1] ?? base,
      filter: isAd ? '(objectClass=group)' : '(objectClass=groupOfNames)',
      attributes: [id, 'cn', 'member'],
      members: { as: id, nested: true },
    },
  };
}

/** People of every kind of directory: an attribute that a server does not know makes a part of a filter undefined, and not wrong. */
const ANYBODY = `(|${PEOPLE.ad}${PEOPLE.other})`;

function serverOf(
  kind: 'postgres' | 'mysql',
  url: string | { readonly env: string },
  query: string,
): DeclaredSourceOptions {
  return kind === 'postgres' ? { postgres: { url, query } } : { mysql: { url, query } };
}

function kindOf(scheme: string): 'postgres' | 'mysql' | undefined {
  if (/^postgres(ql)?$/i.test(scheme)) return 'postgres';
  return /^(mysql|mariadb)$/i.test(scheme) ? 'mysql' : undefined;
}

async function kindOfVariable(name: string, env: Environment): Promise<'postgres' | 'mysql'> {
  const address = await readEnvironment(env, name);
  if (address === undefined)
    throw new OptionsError(
      FLAG,
      `the environment variable ${name} is not set; set it to the address, or set ${name}_FILE to a file with it`,
    );
  const kind = kindOf(splitAtFirst(address, ':')[0] ?? '');
  if (kind === undefined)
    throw new OptionsError(name, 'expected an address that begins with postgres:// or mysql://');
  return kind;
}

/** An LDAP address of RFC 4516: `ldaps://host/base?attributes?scope?filter`. */
function ldapOf({ from, query, bindDn, ldapCa }: UsersFromFlags): DeclaredSourceOptions {
  if (query !== undefined) throw new OptionsError('--query', 'needs the address of a database');
  const url = URL.canParse(from) ? new URL(from) : undefined;
  if (url === undefined || url.hostname === '') throw new OptionsError(FLAG, EXAMPLES);
  if (url.username !== '' || url.password !== '')
    throw new OptionsError(
      FLAG,
      `expected an address without an account; use --bind-dn and ${LDAP_PASSWORD}`,
    );
  const [attributes = '', scope = '', filter = ''] = url.search.slice(1).split('?').map(decoded);
  const base = decoded(url.pathname.slice(1));
  if (base === '' || url.hash !== '')
    throw new OptionsError(
      FLAG,
      'expected an LDAP address with the entry below which the people are: ldaps://dc.example.com/OU=People,DC=example,DC=com',
    );
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isPlain = url.protocol === 'ldap:';
  return {
    ldap: {
      url: `${url.protocol}//${url.host}`,
      ...(bindDn !== undefined && { bind: { dn: bindDn, password: { env: LDAP_PASSWORD } } }),
      ...(isPlain && bindDn !== undefined && !isLoopback(host) && { startTls: true }),
      ...(ldapCa !== undefined && { caFile: ldapCa }),
      base,
      ...(isScope(scope) && { scope }),
      filter: filter === '' ? ANYBODY : filter,
      attributes: attributes === '' ? ATTRIBUTES : attributes.split(','),
    },
  };
}

function isScope(text: string): text is 'sub' | 'one' | 'base' {
  if (text === '') return false;
  if (['sub', 'one', 'base'].includes(text)) return true;
  throw new OptionsError(
    FLAG,
    'expected sub, one or base as the scope, the part after the second question mark',
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new OptionsError(FLAG, 'a % in the address must be written as %25');
  }
}

function splitAtFirst(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
