import type { SearchEntry } from 'ldapts';
import { SourceError } from '../../core/errors.js';
import { searchFailure } from './failures.js';
import type { CheckedLdap, EntrySelection } from './ldap-options.js';
import type { LdapSession } from './session.js';

/**
 * The partitions of Active Directory that a search from the top of a domain names in continuations. They have no people:
 * DNS records, and the configuration of the forest.
 */
const WITHOUT_PEOPLE = /^\/(?:DC=DomainDnsZones|DC=ForestDnsZones|CN=Configuration),/i;

/**
 * The entries of a search, page by page. It ends only when the server says that the page is the last one: pages may be empty before.
 *
 * @throws {@link SourceError} if the answer is incomplete, whatever the reason
 */
export async function* searchPages(
  session: LdapSession,
  { base, filter = '(objectClass=*)', scope = 'sub' }: EntrySelection,
  attributes: readonly string[],
  { pageSize: size, referrals }: CheckedLdap,
  name: string,
): AsyncGenerator<readonly SearchEntry[], void, undefined> {
  let cookie: Buffer = Buffer.of();
  for (let number = 1; ; number++) {
    const answer = await session
      .search({ base, filter, scope, attributes, page: { size, cookie } })
      .catch((error: unknown) => {
        throw searchFailure(name, base, error);
      });
    requireFollowed(answer.references, referrals, name);
    if (answer.cookie === undefined)
      throw new SourceError(
        `the server ignored the request for pages on page ${number}, so it is not certain that it gave all entries; use a server with paged results (RFC 2696)`,
        { file: name },
      );
    if (answer.entries.length > 0) yield answer.entries;
    else if (answer.cookie.length > 0 && answer.cookie.equals(cookie))
      throw new SourceError(
        `page ${number} is empty and names itself as the next, so the read would never end`,
        {
          file: name,
        },
      );
    if (answer.cookie.length === 0) return;
    cookie = answer.cookie;
  }
}

/** @throws {@link SourceError} if a part of the answer is on a server that is not asked */
export function requireFollowed(
  references: readonly string[],
  referrals: CheckedLdap['referrals'],
  name: string,
): void {
  if (referrals === 'ignore') return;
  const other = references.find((address) => !isWithoutPeople(address));
  if (other === undefined) return;
  const where = URL.canParse(other) ? new URL(other) : undefined;
  throw new SourceError(
    `a part of the answer is on another server (${where?.host ?? 'unknown'}${decoded(where)}), so it is incomplete; search that part there as well, choose a base without it, or set referrals to "ignore" if nobody in it is synced`,
    { file: name },
  );
}

function isWithoutPeople(address: string): boolean {
  return URL.canParse(address) && WITHOUT_PEOPLE.test(decoded(new URL(address)));
}

function decoded(url: URL | undefined): string {
  try {
    return decodeURIComponent(url?.pathname ?? '');
  } catch {
    return '';
  }
}
