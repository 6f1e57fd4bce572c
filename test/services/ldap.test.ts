import { readFileSync } from 'node:fs';
import { Client, ResultCodeError } from 'ldapts';
import { AbortedError, SourceError, startSync, sync } from 'rollcall';
import { openLdap } from 'rollcall/sources';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ldapDirectory } from '../../examples/ldap.js';
import { runExample } from '../examples/run.js';
import { SOURCE } from '../support/world.js';
import { EXIT } from '../../src/cli/process/exit-codes.js';
import { cli, directory, envOf, files, org, QUICK } from '../cli/support.js';
import { describeWith, slapd } from './available.js';
import { guideFile } from './ldap-guide.js';
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
    const { users, groups, memberships } = directory;
    const { rejections } = await sync({ okta, state, users, groups, memberships, ...WAITS });
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
    // In `everybody`, and so in `engineering`.
    expect(rejections).toHaveLength(2);
    for (const { externalId } of rejections)
      expect(externalId).toContain(`uid=left-long-ago,ou=people,${BASE}`);
    const names = Array.from(view.users.values(), ({ profile }) => profile.firstName);
    expect(names.filter((name) => name !== null).sort()).toEqual(['Anna', 'Jürgen', 'Zoë']);
  });

  it('is closed, and nothing is sent, when the server ends the search half-way', async () => {
    const { org, okta, state } = world();
    await using directory = open(LIMITED);
    let readMidway = false;
    const run = sync({ okta, state, ...midway(directory, () => void (readMidway = true), 300) });
    await expect(run).rejects.toThrow(SourceError);
    await expect(run).rejects.toThrow(/sizeLimitExceeded/);
    expect(readMidway).toBe(true);
    await allGone({ sessions });
    await expectUntouched({ okta, state, org });
  });

  it('is closed, and nothing is sent, when the server refuses the password', async () => {
    const { org, okta, state } = world();
    await using directory = open({ ...READER, password: 'wrong' });
    const { users, groups, memberships } = directory;
    const run = sync({ okta, state, users, groups, memberships });
    await expect(run).rejects.toThrow(/refused the sign-in \(invalidCredentials/);
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

  it.each<
    [
      string,
      () => Promise<Partial<Parameters<typeof openLdap>[0]> & { readonly url: string }>,
      RegExp | undefined,
    ]
  >([
    ['with TLS', async () => ({ url: small.tlsUrl, ca: small.ca }), undefined],
    ['with TLS later', async () => ({ url: small.url, ca: small.ca, startTls: true }), undefined],
    ['with TLS of nobody known', async () => ({ url: small.tlsUrl }), /certificate is not trusted.*caFile/],
    [
      'with TLS later of nobody known',
      async () => ({ url: small.url, startTls: true }),
      /certificate is not trusted/,
    ],
  ])('is read %s', async (_how, optionsOf, refused) => {
    const { dn, password } = READER;
    await using directory = openLdap({ bind: { dn, password }, ...(await optionsOf()) });
    const rows: unknown[] = [];
    const read = async () => {
      const people = {
        base: BASE,
        filter: '(&(objectClass=person)(|(mail=anna*)(uid=\\7aoe)))',
        attributes: ['uid', 'DN'],
      };
      for await (const row of directory.search(people)) rows.push(row);
    };
    if (refused !== undefined) return expect(read()).rejects.toThrow(refused);
    await read();
    expect(rows).toEqual(['anna', 'zoe'].map((uid) => ({ uid, DN: `uid=${uid},ou=people,${BASE}` })));
  });

  it('is what the guide says of OpenLDAP', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const config = guideFile('openldap config')
      .replaceAll('ldap://ldap.example.com', small.url)
      .replaceAll('cn=reader,dc=example,dc=com', READER.dn);
    await files(cwd, {
      'rollcall.config.json': config,
      'rollcall.mapping.json': guideFile('openldap mapping'),
      'ca.pem': small.ca,
    });
    const env = { ...envOf(okta), LDAP_PASSWORD: READER.password };
    // One member left long ago.
    expect((await cli(cwd, ['sync', ...QUICK], { env })).code).toBe(EXIT.PARTIAL);
    const { users, groups, members } = okta.directory(okta.identitySourceId);
    expect([users.size, groups.size]).toEqual([3, 3]);
    expect(Array.from(members.values(), ({ size }) => size).sort()).toEqual([1, 3, 3]);
  });

  it('says what is wrong with a base that does not exist', async () => {
    await using directory = openLdap({ url: small.url });
    const rows = directory.search({ base: `ou=nowhere,${BASE}`, attributes: ['uid'] });
    await expect(rows[Symbol.asyncIterator]().next()).rejects.toThrow(
      /"ou=nowhere,dc=example,dc=com".* check the base/,
    );
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
        '2 memberships name no entry of the directory\n',
    );
  });

  it('is a feed by a filter with {watermark}, read on from the newest modifyTimestamp', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const people = `ou=people,${BASE}`;
    await files(cwd, {
      'map.json': JSON.stringify({
        users: { externalId: 'uid', profile: { userName: 'mail', email: 'mail' } },
      }),
      'rollcall.config.json': JSON.stringify({
        users: {
          ldap: {
            url: small.url,
            base: people,
            filter: '(&(objectClass=inetOrgPerson)(modifyTimestamp>={watermark}))',
            attributes: ['uid', 'mail', 'modifyTimestamp'],
          },
        },
        map: 'map.json',
        mode: { users: 'delta' },
        watermark: { users: { column: 'modifyTimestamp', from: '2000-01-01' } },
      }),
    });
    const client = new Client({ url: small.url });
    await client.bind(ADMIN.dn, ADMIN.password);
    const { searchEntries: all } = await client.search(people, { filter: '(objectClass=inetOrgPerson)' });
    const run = async () => {
      const { code, out } = await cli(cwd, ['sync', ...QUICK], { env: envOf(okta) });
      return [code, Number(/^users +(\d+)/m.exec(out)?.[1])] as const;
    };
    expect(await run()).toEqual([0, all.length]);
    // The newest second is read again.
    const [code, again] = await run();
    expect(code).toBe(0);
    expect(again).toBeGreaterThan(0);
    // The server's clock says when the second of the entries is over.
    const written = async () => {
      const { searchEntries: found } = await client.search(people, {
        filter: '(uid=feed)',
        attributes: ['modifyTimestamp'],
      });
      return String(found[0]?.['modifyTimestamp']);
    };
    const newest = async () => {
      const { searchEntries: found } = await client.search(people, {
        filter: '(objectClass=inetOrgPerson)',
        attributes: ['uid', 'modifyTimestamp'],
      });
      return found
        .map(({ modifyTimestamp }) => String(modifyTimestamp))
        .sort()
        .at(-1);
    };
    const first = await newest();
    for (;;) {
      await client.add(`uid=feed,${people}`, {
        objectClass: 'inetOrgPerson',
        cn: 'f',
        sn: 'f',
        mail: 'feed@example.com',
      });
      if ((await written()) !== first) break;
      await client.del(`uid=feed,${people}`);
    }
    const active = okta.directory().activeUsers;
    expect((await run())[0]).toBe(0);
    expect(okta.directory().activeUsers).toBe(active + 1);
    expect(await run()).toEqual([0, 1]);
    await client.unbind();
  });
});
