/**
 * An LDAP directory: people and groups come from paged searches, and groups in groups become the people in them. The command line
 * does the same from a config file: see docs/guides/from-ldap-or-ad.md.
 *
 *     ldapadd -x -D cn=admin,dc=example,dc=com -W -f examples/data/company.ldif
 *     npx tsx examples/ldap.ts      (set LDAP_URL, LDAP_BIND_DN, LDAP_PASSWORD, LDAP_BASE_DN)
 */
import { pathToFileURL } from 'node:url';
import {
  createClient,
  flatMap,
  map,
  pipe,
  sync,
  type GroupRecord,
  type MembershipRecord,
  type UserRecord,
} from 'rollcall';
import { openLdap, type LdapCell, type LdapRow } from 'rollcall/sources';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

/** An id that does not change when somebody is renamed or moved. In Active Directory, use `objectGUID`. */
const ID = 'entryUUID';

/** The address of the directory, and the account that reads it. */
export interface LdapDirectoryOptions {
  readonly url: string;
  readonly bindDn: string;
  readonly password: string;
  readonly baseDn: string;
}

/** The three sources, over one connection. */
export function ldapDirectory({ url, bindDn, password, baseDn: base }: LdapDirectoryOptions) {
  const directory = openLdap({ url, bind: { dn: bindDn, password } });
  const people = { base, filter: '(&(objectClass=inetOrgPerson)(mail=*))' };
  const groups = { base, filter: '(objectClass=groupOfNames)' };
  const members = { as: ID, people, nested: true };
  return {
    users: pipe(
      directory.search({ ...people, attributes: [ID, 'mail', 'givenName', 'sn', 'departmentNumber'] }),
      map(toUser),
    ),
    groups: pipe(directory.search({ ...groups, attributes: [ID, 'cn', 'description'] }), map(toGroup)),
    memberships: pipe(
      directory.search({ ...groups, attributes: [ID, 'member'], members }),
      flatMap(toMemberships),
    ),
    /** Closes the connection if the run fails between two sources. */
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

function toUser({ [ID]: id, mail, givenName, sn, departmentNumber }: LdapRow): UserRecord {
  const address = first(mail);
  const profile = {
    userName: address,
    email: address,
    firstName: first(givenName),
    lastName: first(sn),
    department: first(departmentNumber),
  };
  return { externalId: first(id) ?? '', profile };
}

function toGroup({ [ID]: id, cn, description }: LdapRow): GroupRecord {
  return {
    externalId: first(id) ?? '',
    profile: { displayName: first(cn) ?? '', description: first(description) },
  };
}

function toMemberships({ [ID]: id, member = [] }: LdapRow): MembershipRecord[] {
  const group = first(id) ?? '';
  return [...member].map((person) => ({ groupExternalId: group, memberExternalId: String(person) }));
}

/** The first value of an attribute; null without one. */
function first(cell: LdapCell | undefined): string | null {
  const value: unknown = Array.isArray(cell) ? cell[0] : cell;
  return typeof value === 'string' && value !== '' ? value : null;
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
  const { users, groups, memberships } = directory;
  const report = await sync({ okta, state, users, groups, memberships, cooldownMs: 100, pollIntervalMs: 20 });
  const { confirmed, sources } = report;
  console.log(
    `${confirmed.users.creates} people, ${confirmed.groups.creates} groups and ` +
      `${confirmed.memberships.creates} memberships in ${report.sessions} sessions`,
  );
  console.log(`${sources.memberships?.rejected} memberships name no entry of the directory`);
  await okta.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
