import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import { dnKey } from './dn.js';
import { columnsOf, openEntry, rowOf } from './entry-row.js';
import { RESULT, ResultFailure, searchFailure } from './failures.js';
import type { CheckedLdap, LdapMembers } from './ldap-options.js';
import type { LdapRow } from './ldap-row.js';
import { completeRanges } from './ranged-values.js';
import { requireFollowed, searchPages } from './search-pages.js';
import type { LdapSession } from './session.js';

/** The most entries that are asked for at the same time. */
const MOST_AT_ONCE = 20;
const GROUP_CLASSES: ReadonlySet<string> = new Set([
  'group',
  'groupofnames',
  'groupofuniquenames',
  'groupofmembers',
]);

/** What a DN names: a person, a group with members, something that is no person, or nothing. */
type Named =
  | { readonly kind: 'person'; readonly id: string }
  | { readonly kind: 'group'; readonly members: readonly string[] }
  | { readonly kind: 'other' }
  | { readonly kind: 'nothing' };

/**
 * Replaces the DNs of members by the ids of people. People are found with one paged search; every other DN is asked for once.
 *
 * - A group in a group is replaced by the people in it, at any depth and once each, if `nested`; it is left out otherwise.
 * - Contacts, computers, and people who are not among the searched ones are left out.
 * - A DN that names no entry, or a person without an id, stays as it is, so that its membership is rejected and names it.
 */
export class MemberResolver {
  readonly #session: LdapSession;
  readonly #options: CheckedLdap;
  readonly #members: LdapMembers;
  readonly #name: string;
  /** What DNs name, by their keys. */
  readonly #named = new Map<string, Named>();
  readonly #ids = new Set<string>();

  private constructor(session: LdapSession, options: CheckedLdap, members: LdapMembers, name: string) {
    this.#session = session;
    this.#options = options;
    this.#members = members;
    this.#name = name;
  }

  /** Searches the people. @throws {@link SourceError} if the answer is incomplete */
  static async open(
    session: LdapSession,
    options: CheckedLdap,
    members: LdapMembers,
    name: string,
  ): Promise<MemberResolver> {
    const resolver = new MemberResolver(session, options, members, name);
    const columns = columnsOf([members.as]);
    for await (const page of searchPages(session, members.people, columns.asked, options, name)) {
      for (const entry of page) {
        const id = rowOf(openEntry(entry, columns.names), columns)[members.as];
        // A person without an id is somebody whose membership must not end: it is rejected.
        const named: Named = typeof id === 'string' ? { kind: 'person', id } : { kind: 'nothing' };
        if (typeof id === 'string') resolver.#ids.add(id);
        resolver.#named.set(dnKey(entry.name), named);
      }
    }
    if (resolver.#ids.size === 0)
      throw new SourceError(
        `no entry below ${quoted(members.people.base)} that the filter matches has one ${quoted(members.as)}, so nobody would be a member; check members.as and members.people`,
        { file: name },
      );
    return resolver;
  }

  /**
   * The row of a group, with the ids of its members. A row without the attribute stays without it.
   * @param onLeftOut - called for each member that is left out
   */
  async resolve(row: LdapRow, column: string, onLeftOut: () => void): Promise<LdapRow> {
    const cell = row[column];
    if (cell === undefined) return row;
    const dns = (Array.isArray(cell) ? cell : [cell]) as readonly (string | Uint8Array)[];
    const ids = await this.#peopleIn(
      dns.filter((dn) => typeof dn === 'string'),
      onLeftOut,
    );
    // Bytes are no DN: the mapping rejects the row.
    return { ...row, [column]: [...ids, ...dns.filter((dn) => typeof dn !== 'string')] };
  }

  async #peopleIn(dns: readonly string[], onLeftOut: () => void): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    const seen = new Set<string>();
    for (let level = dns; level.length > 0;) {
      const fresh = level.filter((dn) => seen.size !== seen.add(dnKey(dn)).size);
      await this.#ask(fresh);
      const deeper: string[] = [];
      for (const dn of fresh) {
        const named = this.#named.get(dnKey(dn));
        if (named?.kind === 'person') ids.add(named.id);
        else if (named?.kind === 'nothing') ids.add(dn);
        else if (named?.kind === 'group') deeper.push(...named.members);
        else onLeftOut();
      }
      level = deeper;
    }
    return ids;
  }

  /** Asks for the entries of the DNs that are not known yet. */
  async #ask(dns: readonly string[]): Promise<void> {
    const unknown = dns.filter((dn) => !this.#named.has(dnKey(dn)));
    for (let start = 0; start < unknown.length; start += MOST_AT_ONCE) {
      const some = unknown.slice(start, start + MOST_AT_ONCE);
      const named = await Promise.all(some.map((dn) => this.#entryOf(dn)));
      for (const [i, dn] of some.entries()) this.#named.set(dnKey(dn), named[i] as Named);
    }
  }

  async #entryOf(dn: string): Promise<Named> {
    const { as, attribute = 'member' } = this.#members;
    const columns = columnsOf(
      ['objectClass', attribute, as].filter((name, i, all) => all.indexOf(name) === i),
    );
    const request = {
      base: dn,
      filter: '(objectClass=*)',
      scope: 'base',
      attributes: columns.asked,
    } as const;
    const answer = await this.#session
      .search(request)
      .catch((error: unknown) => this.#unlessNothing(dn, error));
    if (answer === undefined) return { kind: 'nothing' };
    requireFollowed(answer.references, this.#options.referrals, this.#name);
    const [found] = answer.entries;
    if (found === undefined) return { kind: answer.references.length > 0 ? 'other' : 'nothing' };
    const entry = openEntry(found, columns.names);
    const id = rowOf(entry, columns)[as];
    // The server knows the entry by another spelling of its name.
    if (typeof id === 'string' && this.#ids.has(id)) return { kind: 'person', id };
    const classes = entry.values.get('objectclass') ?? [];
    const isGroup = classes.some((bytes) => GROUP_CLASSES.has(Buffer.from(bytes).toString().toLowerCase()));
    if (!isGroup || this.#members.nested !== true) return { kind: 'other' };
    await completeRanges(entry, this.#session, columns, this.#name);
    const members = rowOf(entry, columns)[attribute] ?? [];
    return { kind: 'group', members: (Array.isArray(members) ? members : [members]) as readonly string[] };
  }

  /** @returns undefined if the DN names nothing; an answer without entries if another server has it, and that is ignored */
  #unlessNothing(dn: string, error: unknown) {
    const code = error instanceof ResultFailure ? error.code : undefined;
    if (code === RESULT.noSuchObject || code === RESULT.invalidDNSyntax) return undefined;
    if (code === RESULT.referral && this.#options.referrals === 'ignore')
      return { entries: [], references: ['elsewhere'] };
    throw searchFailure(this.#name, dn, error);
  }
}
