import { readFileSync } from 'node:fs';
import { Client, ResultCodeError } from 'ldapts';
import { AbortedError, startSync, sync } from 'rollcall';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ldapDirectory } from '../../examples/ldap.js';
import { runExample } from '../examples/run.js';
import { SOURCE } from '../support/world.js';
import { describeWith, slapd } from './available.js';
import { allGone, expectUntouched, midway, WAITS, world } from './reading-laws.js';
import { ADMIN, LIMITED, READER, startSlapd } from './slapd.js';

const service = await slapd();
const PEOPLE = 1200;
const BASE = 'dc=example,dc=com';

const company = readFileSync(new URL('../../examples/data/company.ldif', import.meta.url), 'utf8');

/** The sample company, and people enough for several pages; the even ones are in the group `many`. */
function manyPeople(): string {
  const people = Array.from(
    { length: PEOPLE },
    (_, i) => `
dn: uid=p${i},ou=people,${BASE}
objectClass: inetOrgPerson
uid: p${i}
cn: Person ${i}
sn: ${i}
mail: p${i}@example.com
`,
  );
  const members = Array.from({ length: PEOPLE / 2 }, (_, i) => `member: uid=p${i * 2},ou=people,${BASE}\n`);
  return `${company}${people.join('')}
dn: cn=many,ou=groups,${BASE}
objectClass: groupOfNames
cn: many
${members.join('')}member: cn=backend,ou=groups,${BASE}
`;
}

describeWith(service, 'a directory in LDAP', () => {
  let server: Awaited<ReturnType<typeof startSlapd>>;
  let small: Awaited<ReturnType<typeof startSlapd>>;
  let admin: Client;

  beforeAll(async () => {
    server = await startSlapd(manyPeople());
    small = await startSlapd(company);
    admin = new Client({ url: server.url });
    await admin.bind(ADMIN.dn, ADMIN.password);
  });
  afterAll(async () => {
    await admin?.unbind();
    await server?.[Symbol.asyncDispose]();
    await small?.[Symbol.asyncDispose]();
  });

  const open = ({ dn: bindDn, password } = READER) =>
    ldapDirectory({ url: server.url, bindDn, password, baseDn: BASE });
  /** The server's own list of connections, without that of the administration. */
  const sessions = async () => {
    const { searchEntries } = await admin.search('cn=Connections,cn=Monitor', {
      filter: '(objectClass=monitorConnection)',
      attributes: ['monitorConnectionAuthzDN'],
    });
    return searchEntries.filter(({ monitorConnectionAuthzDN: who }) => String(who) !== ADMIN.dn);
  };

  it('is read in pages, drained and closed before the first request to Okta', async () => {
    const client = new Client({ url: server.url });
    await client.bind(READER.dn, READER.password);
    const unpaged = client.search(BASE, { filter: '(objectClass=inetOrgPerson)' });
    await expect(unpaged, 'the server gives no more than a hundred at once').rejects.toThrow(ResultCodeError);
    await client.unbind();

    let whileReading = 0;
    const { org, okta, state } = world(() => allGone({ sessions }));
    await using directory = open();
    const watched = midway(directory, async () => void (whileReading = (await sessions()).length), 600);
    const report = await sync({ okta, state, ...watched, ...WAITS });
    expect(whileReading).toBe(1);
    expect(report.confirmed.users.creates).toBe(PEOPLE + 3);
    expect(org.violations).toEqual([]);
  });

  it('gives every person of a group, also through groups in it, and ends in a circle', async () => {
    const { org, okta, state } = world();
    await using directory = open();
    const { users, groups, memberships, unknownMembers } = directory;
    await sync({ okta, state, users, groups, memberships, ...WAITS });
    const view = org.directory(SOURCE);
    const members = Object.fromEntries(
      Array.from(view.members, ([id, ids]): [string, unknown] => [
        view.groups.get(id)?.profile.displayName ?? '',
        Array.from(ids, (member) => view.users.get(member)?.profile.userName).sort(),
      ]),
    );
    const [anna, jurgen, zoe] = ['anna.berg', 'jurgen.muller', 'zoe.obrien'].map((n) => `${n}@example.com`);
    const even = Array.from({ length: PEOPLE / 2 }, (_, i) => `p${i * 2}@example.com`);
    expect(members).toEqual({
      backend: [anna],
      engineering: [anna, jurgen, zoe],
      everybody: [anna, jurgen, zoe],
      many: [anna, ...even].sort(),
    });
    expect([...unknownMembers]).toEqual([`uid=left-long-ago,ou=people,${BASE}`]);
    const names = Array.from(view.users.values(), ({ profile }) => profile.firstName);
    expect(names.filter((name) => name !== null).sort()).toEqual(['Anna', 'Jürgen', 'Zoë']);
  });

  it('is closed, and nothing is sent, when the server ends the search half-way', async () => {
    const { org, okta, state } = world();
    await using directory = open(LIMITED);
    let readMidway = false;
    const run = sync({ okta, state, ...midway(directory, () => void (readMidway = true), 300) });
    await expect(run).rejects.toThrow(ResultCodeError);
    expect(readMidway).toBe(true);
    await allGone({ sessions });
    await expectUntouched({ okta, state, org });
  });

  it('is closed, and nothing is sent, when the server refuses the password', async () => {
    const { org, okta, state } = world();
    await using directory = open({ ...READER, password: 'wrong' });
    const { users, groups, memberships } = directory;
    await expect(sync({ okta, state, users, groups, memberships })).rejects.toThrow(ResultCodeError);
    await allGone({ sessions });
    await expectUntouched({ okta, state, org });
  });

  it('is closed, and nothing is sent, when the run is aborted', async () => {
    const { org, okta, state } = world();
    await using directory = open();
    const stop = new AbortController();
    const sources = midway(directory, () => stop.abort(), 300);
    await expect(startSync({ okta, state, ...sources, signal: stop.signal }).done).rejects.toThrow(
      AbortedError,
    );
    await allGone({ sessions });
    await expectUntouched({ okta, state, org });
  });

  it('is closed when its reader leaves early, and not opened before it is read', async () => {
    await using directory = open();
    expect(await sessions()).toEqual([]);
    for await (const { externalId } of directory.users) {
      expect(externalId).not.toBe('');
      expect(await sessions()).toHaveLength(1);
      break;
    }
    await allGone({ sessions });
  });

  it('is what the example sends to Okta', async () => {
    const stdout = await runExample('ldap.ts', {
      LDAP_URL: small.url,
      LDAP_BIND_DN: READER.dn,
      LDAP_PASSWORD: READER.password,
      LDAP_BASE_DN: BASE,
    });
    expect(stdout).toBe(
      '3 people, 3 groups and 7 memberships in 2 sessions\n' +
        '1 members are neither a person nor a group of these searches\n',
    );
  });
});
