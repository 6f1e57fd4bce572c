/**
 * An LDAP directory: people and groups come from paged searches, and nested groups are resolved, including cycles. LDAP has
 * no snapshots: if somebody moves between groups during the read, the next run corrects it.
 *
 *     ldapadd -x -D cn=admin,dc=example,dc=com -W -f examples/data/company.ldif
 *     npx tsx examples/ldap.ts      (set LDAP_URL, LDAP_BIND_DN, LDAP_PASSWORD, LDAP_BASE_DN)
 */
import { pathToFileURL } from 'node:url';
import { Client, type Entry } from 'ldapts';
import { createClient, pipe, sync, type GroupRecord, type MembershipRecord, type UserRecord } from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

const PEOPLE = '(&(objectClass=inetOrgPerson)(mail=*))';
const GROUPS = '(objectClass=groupOfNames)';
/** An id that does not change when somebody is renamed or moved. In Active Directory, use `objectGUID`. */
const ID = 'entryUUID';

/** The address of the directory, and the account that reads it. */
export interface LdapOptions {
  readonly url: string;
  readonly bindDn: string;
  readonly password: string;
  readonly baseDn: string;
}

/** The three sources. The connection is closed after people and groups were read, and on every failure. */
export function ldapDirectory({ url, bindDn, password, baseDn }: LdapOptions) {
  const people = new Map<string, string>();
  const groups = new Map<string, { readonly id: string; readonly members: readonly string[] }>();
  /** Members that are neither a person nor a group of these searches: people who left, or entries that may not be read. */
  const unknownMembers = new Set<string>();
  let client: Client | undefined;

  async function close(): Promise<void> {
    const open = client;
    client = undefined;
    await open?.unbind();
  }

  async function* search(filter: string, attributes: string[], last: boolean): AsyncGenerator<Entry> {
    let readToItsEnd = false;
    try {
      if (client === undefined) {
        client = new Client({ url, connectTimeout: 10_000 });
        await client.bind(bindDn, password);
      }
      const pages = client.searchPaginated(baseDn, {
        filter,
        attributes: [ID, ...attributes],
        explicitBufferAttributes: ['objectGUID'],
        paged: { pageSize: 500 },
      });
      for await (const { searchEntries } of pages) yield* searchEntries;
      readToItsEnd = true;
    } finally {
      if (last || !readToItsEnd) await close();
    }
  }

  async function* users(): AsyncGenerator<UserRecord> {
    for await (const entry of search(PEOPLE, ['mail', 'givenName', 'sn', 'departmentNumber'], false)) {
      const [id, mail] = [first(entry[ID]) ?? '', first(entry.mail) ?? ''];
      people.set(normal(entry.dn), id);
      const profile = {
        userName: mail,
        email: mail,
        firstName: first(entry.givenName),
        lastName: first(entry.sn),
        department: first(entry.departmentNumber),
      };
      yield { externalId: id, profile };
    }
  }

  async function* groupRecords(): AsyncGenerator<GroupRecord> {
    for await (const entry of search(GROUPS, ['cn', 'description', 'member'], true)) {
      // Active Directory truncates long lists of members; with a truncated list, memberships would be deleted.
      if (Object.keys(entry).some((name) => name.startsWith('member;range=')))
        throw new Error(`the members of ${entry.dn} come in ranges, which this program does not read`);
      const id = first(entry[ID]) ?? '';
      groups.set(normal(entry.dn), { id, members: all(entry.member).map(normal) });
      yield {
        externalId: id,
        profile: { displayName: first(entry.cn) ?? '', description: first(entry.description) },
      };
    }
  }

  /** Every person in a group, also through nested groups, without duplicates. */
  function* memberships(): Generator<MembershipRecord> {
    for (const [dn, { id, members }] of groups) {
      const seen = new Set([dn]);
      const next = [...members];
      for (let member = next.pop(); member !== undefined; member = next.pop()) {
        if (seen.has(member)) continue;
        seen.add(member);
        const person = people.get(member);
        const group = groups.get(member);
        if (person !== undefined) yield { groupExternalId: id, memberExternalId: person };
        else if (group !== undefined) next.push(...group.members);
        else unknownMembers.add(member);
      }
    }
  }

  return {
    users: pipe(users()),
    groups: pipe(groupRecords()),
    memberships: pipe(memberships()),
    unknownMembers,
    /** Closes the connection if the run fails between two sources. */
    [Symbol.asyncDispose]: close,
  };
}

function all(value: Entry[string] | undefined): string[] {
  const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return values.map((one) => (Buffer.isBuffer(one) ? one.toString('hex') : one));
}

function first(value: Entry[string] | undefined): string | null {
  return all(value)[0] || null;
}

/** A distinguished name in one form, because the same name can be written in several ways. */
function normal(dn: string): string {
  return dn.toLowerCase().replace(/\s*([,=+])\s*/g, '$1');
}

async function main(): Promise<void> {
  await using org = await startOrg({ cooldownMs: 100 });
  await using state = memoryState(); // openState('./state') keeps it between runs
  const okta = createClient({
    orgUrl: org.url,
    identitySourceId: org.identitySourceId,
    auth: { token: org.token },
  });
  const {
    LDAP_URL: url = 'ldap://127.0.0.1:389',
    LDAP_BIND_DN: bindDn = '',
    LDAP_PASSWORD: password = '',
    LDAP_BASE_DN: baseDn = 'dc=example,dc=com',
  } = process.env;
  await using directory = ldapDirectory({ url, bindDn, password, baseDn });
  const { users, groups, memberships, unknownMembers } = directory;
  const report = await sync({ okta, state, users, groups, memberships, cooldownMs: 100, pollIntervalMs: 20 });
  const { confirmed } = report;
  console.log(
    `${confirmed.users.creates} people, ${confirmed.groups.creates} groups and ` +
      `${confirmed.memberships.creates} memberships in ${report.sessions} sessions`,
  );
  if (unknownMembers.size > 0)
    console.log(`${unknownMembers.size} members are neither a person nor a group of these searches`);
  await okta.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
