import { withPlaces } from '../../flow/chunk.js';
import { contextOf, flowOf, type Flow } from '../../flow/flow.js';
import { oneConnection } from '../one-connection.js';
import { columnsOf, openEntry, rowOf } from './entry-row.js';
import { connectFailure } from './failures.js';
import {
  checkLdap,
  checkSearch,
  type CheckedLdap,
  type LdapMembers,
  type LdapOptions,
  type LdapSearch,
} from './ldap-options.js';
import type { LdapRow } from './ldap-row.js';
import { MemberResolver } from './members.js';
import { completeRanges } from './ranged-values.js';
import { searchPages } from './search-pages.js';
import { LdapSession } from './session.js';

/**
 * An LDAP directory, such as Active Directory or OpenLDAP, as a source. All searches use one connection, with one sign-in. It opens at the
 * first read, and closes when all flows that were created have been read to their end, when a search fails, or when a reader stops early.
 *
 * A directory has no snapshots: somebody who is moved or renamed during the read can be missing from it. `absence` is for that.
 */
export interface LdapSource extends AsyncDisposable {
  /**
   * The entries of a search, in pages. A row that is rejected names the DN of its entry.
   *
   * The read fails, and nothing counts as removed, unless the server said that it gave all entries and all values: for a limit
   * of the server, a lost connection, a server without paged results, and a continuation on another server.
   *
   * @throws {@link OptionsError} at once for an invalid option. {@link SourceError} while reading.
   */
  search(search: LdapSearch): Flow<LdapRow>;
}

/** The usual attribute of a group's members. */
const MEMBER = 'member';
const NAME = 'LDAP';

/**
 * Opens an LDAP directory as a source. Needs the package `ldapts`.
 *
 * @example
 * const password = process.env['LDAP_PASSWORD'] ?? '';
 * await using directory = openLdap({ url: 'ldaps://dc.example.com', bind: { dn: 'CN=Reader,DC=example,DC=com', password } });
 * const people = directory.search({ base: 'OU=People,DC=example,DC=com', filter: '(objectClass=user)', attributes: ['objectGUID', 'mail'] });
 * @throws {@link OptionsError} at once for an invalid option, without the password.
 */
export function openLdap(options: LdapOptions): LdapSource {
  const checked = checkLdap(options);
  const server = `${checked.host}:${checked.port}`;
  const shared = oneConnection(() =>
    LdapSession.open(checked).catch((error: unknown) => {
      throw connectFailure(server, error);
    }),
  );
  const resolvers = new Map<LdapMembers, Promise<MemberResolver>>();
  /** A second read of the same groups, for their memberships, uses what the first one found out. */
  const resolverOf = (session: LdapSession, name: string) => (members: LdapMembers) => {
    const resolver = resolvers.get(members) ?? MemberResolver.open(session, checked, members, name);
    resolvers.set(members, resolver);
    return resolver;
  };
  return {
    search(search) {
      checkSearch(search);
      const { name = NAME } = search;
      const dns = new WeakMap<LdapRow, string>();
      const rows: Flow<LdapRow> = shared.flow((session: LdapSession) => {
        const onLeftOut = () => contextOf(rows).leaveOut('memberships', undefined);
        const find = async (members: LdapMembers) => {
          const resolver = await resolverOf(session, name)(members);
          return (row: LdapRow, column: string) => resolver.resolve(row, column, onLeftOut);
        };
        return rowPages(session, search, checked, find, dns);
      }, name);
      return namedByDn(rows, name, dns);
    },
    [Symbol.asyncDispose]: () => shared.close(),
  };
}

/** Replaces the members in a column by ids. */
type Resolve = (row: LdapRow, column: string) => Promise<LdapRow>;

async function* rowPages(
  session: LdapSession,
  search: LdapSearch,
  options: CheckedLdap,
  find: (members: LdapMembers) => Promise<Resolve>,
  dns: WeakMap<LdapRow, string>,
): AsyncGenerator<readonly LdapRow[], void, undefined> {
  const { attributes, binary, members, name = NAME, filter, complete } = search;
  const selected =
    filter === undefined || complete === undefined ? search : { ...search, filter: complete(filter) };
  const columns = columnsOf(attributes, binary);
  // The people first: somebody who is renamed between the two searches is then found under the new name.
  const resolve = members && (await find(members));
  const column = columns.names.get((members?.attribute ?? MEMBER).toLowerCase()) ?? MEMBER;
  for await (const found of searchPages(session, selected, columns.asked, options, name)) {
    const page: LdapRow[] = [];
    for (const sent of found) {
      const entry = openEntry(sent, columns.names);
      await completeRanges(entry, session, columns, name);
      const listed = rowOf(entry, columns);
      const row = resolve === undefined ? listed : await resolve(listed, column);
      dns.set(row, entry.dn);
      page.push(row);
    }
    yield page;
  }
}

/** The same rows, whose places name the DN. */
function namedByDn(rows: Flow<LdapRow>, file: string, dns: WeakMap<LdapRow, string>): Flow<LdapRow> {
  return flowOf(async function* () {
    for await (const chunk of rows.chunks()) {
      const names = chunk.map((row) => dns.get(row) ?? '');
      yield withPlaces([...chunk], { file, lines: undefined, names });
    }
  }, contextOf(rows));
}
