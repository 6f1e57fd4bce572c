import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/cli/settings/config-file.js';
import { EXIT } from '../../src/cli/process/exit-codes.js';
import { dnKey } from '../../src/sources/ldap/dn.js';
import { ldapServer, type AskedSearch, type SentAnswer, type SentEntry } from '../sources/ldap-server.js';
import { guideFile } from '../services/ldap-guide.js';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

const BASE = 'DC=example,DC=com';
const guid = (i: number) => Buffer.from(i.toString(16).padStart(32, '0'), 'hex');
const idOf = (i: number) => `00000000-0000-0000-0000-${i.toString(16).padStart(12, '0')}`;

const person = (i: number, control = '512'): SentEntry => [
  `CN=p${i},OU=People,${BASE}`,
  {
    objectClass: ['top', 'person', 'user'],
    objectGUID: [guid(i)],
    mail: [`p${i}@example.com`],
    givenName: [`P${i}`],
    sn: ['Person'],
    userAccountControl: [control],
    userPrincipalName: [`p${i}@example.com`],
    accountExpires: ['9223372036854775807'],
  },
];
const group = (name: string, i: number, members: readonly string[]): SentEntry => [
  `CN=${name},OU=Groups,${BASE}`,
  {
    objectClass: ['group'],
    objectGUID: [guid(i)],
    cn: [name],
    ...(members.length > 0 && { member: members }),
  },
];
const dnOf = ([dn]: SentEntry) => dn;

/** Answers like a directory of these people and groups, in pages of two. */
function answering(people: readonly SentEntry[], groups: readonly SentEntry[], others: readonly SentEntry[]) {
  return ({ base, page }: AskedSearch): SentAnswer => {
    if (page === undefined) {
      const found = [...people, ...groups, ...others].filter((entry) => dnKey(dnOf(entry)) === dnKey(base));
      return found.length > 0 ? { entries: found } : { result: 32, cookie: null };
    }
    const all = base.startsWith('OU=People') ? people : groups;
    const from = Number(page.cookie);
    return { entries: all.slice(from, from + 2), cookie: from + 2 < all.length ? String(from + 2) : '' };
  };
}

const connection = (url: string) => ({
  url,
  bind: { dn: `CN=reader,${BASE}`, password: { env: 'LDAP_PASSWORD' } },
});

const config = (url: string, nested = true) => ({
  users: {
    ldap: {
      ...connection(url),
      base: `OU=People,${BASE}`,
      filter: '(objectCategory=person)',
      attributes: ['objectGUID', 'mail', 'givenName', 'sn', 'userAccountControl'],
    },
  },
  groups: {
    ldap: {
      ...connection(url),
      base: `OU=Groups,${BASE}`,
      filter: '(objectClass=group)',
      attributes: ['objectGUID', 'cn', 'member'],
      members: { as: 'objectGUID', nested },
    },
  },
  map: 'm.json',
});

const mapping = {
  users: {
    externalId: 'objectGUID',
    profile: { userName: 'mail', email: 'mail', firstName: 'givenName', lastName: 'sn' },
  },
  groups: { externalId: 'objectGUID', profile: { displayName: 'cn' } },
  memberships: { from: 'groups', members: { column: 'member', missing: 'empty' } },
};

describe('a directory in LDAP, in a config file', () => {
  const people = [1, 2, 3, 4, 5].map((i) => person(i));
  const [p1, p2, p3] = people.map(dnOf) as [string, string, string];
  const contact: SentEntry = [`CN=Contact,${BASE}`, { objectClass: ['contact'] }];
  const groups = [
    group('empty', 20, []),
    group('inner', 21, [p1, `CN=outer,OU=Groups,${BASE}`]),
    group('outer', 22, [
      p2.toUpperCase(),
      p3,
      `cn=inner, ou=Groups, ${BASE}`,
      dnOf(contact),
      `CN=Gone\\, A,${BASE}`,
    ]),
  ];

  async function setUp(nested = true) {
    const server = await ldapServer(answering(people, groups, [contact]));
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, {
      'rollcall.config.json': JSON.stringify(config(server.url, nested)),
      'm.json': JSON.stringify(mapping),
    });
    const run = (command: string, env: Record<string, string> = { LDAP_PASSWORD: 'hidden' }) =>
      cli(cwd, [command, ...(command === 'sync' ? QUICK : [])], { env: { ...envOf(okta), ...env } });
    const members = () =>
      Object.fromEntries(
        Array.from(okta.directory(okta.identitySourceId).members, ([id, ids]) => [id, [...ids].sort()]),
      );
    return { server, cwd, okta, run, members };
  }

  it('is people, groups, and the people in groups at any depth, with one sign-in', async () => {
    const { server, run, members, okta } = await setUp();
    const { code, err, out } = await run('sync');
    // A name without an entry is rejected, so the run is not all done.
    expect({ code, err }).toMatchObject({ code: EXIT.PARTIAL });
    expect(out).toContain(`CN=Gone`);
    expect(out + err).not.toMatch(/Contact|hidden/);
    expect([...okta.directory(okta.identitySourceId).users.keys()].sort()).toEqual([1, 2, 3, 4, 5].map(idOf));
    expect(members()).toEqual({
      [idOf(20)]: [],
      [idOf(21)]: [1, 2, 3].map(idOf),
      [idOf(22)]: [1, 2, 3].map(idOf),
    });
    expect(server.binds).toEqual([`CN=reader,${BASE} hidden`]);
    // The contact is in `outer`, and so in `inner`. Each attribute is asked for only where the mapping needs it.
    expect(out).toMatch(/Left out .*: 2 memberships\./);
    const ofGroups = server.asked.filter(
      ({ base, page }) => base.startsWith('OU=Groups') && page?.cookie === '',
    );
    expect(ofGroups.map(({ attributes }) => attributes)).toEqual([
      ['objectGUID', 'cn'],
      ['objectGUID', 'member'],
    ]);
    expect(server.open.size).toBe(0);
    const check = await run('check');
    expect(check.out).toContain('5 records');
  });

  it('is what the guide says of Active Directory', async () => {
    const disabled = person(6, '514');
    const team = group('team', 23, [p1, dnOf(disabled)]);
    const server = await ldapServer(answering([...people, disabled], [team], []));
    const [cwd, okta] = [await directory(), await org()];
    const written = guideFile('active-directory config').replaceAll('ldaps://dc.example.com', server.url);
    await files(cwd, {
      'rollcall.config.json': written,
      'rollcall.mapping.json': guideFile('active-directory mapping'),
    });
    const env = { ...envOf(okta), LDAP_PASSWORD: 'hidden' };
    const { code, err } = await cli(cwd, ['sync', ...QUICK], { env });
    expect({ code, err }).toMatchObject({ code: EXIT.DONE });
    const { users, members } = okta.directory(okta.identitySourceId);
    expect([...users.keys()].sort()).toEqual([1, 2, 3, 4, 5].map(idOf));
    expect([...(members.get(idOf(23)) ?? [])]).toEqual([idOf(1)]);
  });

  it('leaves out groups in groups unless they are wanted', async () => {
    const { run, members } = await setUp(false);
    await run('sync');
    expect(members()).toEqual({ [idOf(20)]: [], [idOf(21)]: [idOf(1)], [idOf(22)]: [2, 3].map(idOf) });
  });

  it('has its password in the environment', async () => {
    const { run } = await setUp();
    const { code, err } = await run('plan', {});
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('users.ldap.bind.password: the environment variable LDAP_PASSWORD is not set'),
    ]);
  });

  it('deletes nobody when the answer is cut off', async () => {
    const answer = answering(people, groups, [contact]);
    let isLimited = false;
    const server = await ldapServer((search) =>
      isLimited && search.page?.cookie === '2' ? { result: 4 } : answer(search),
    );
    const [cwd, okta] = [await directory(), await org()];
    const { users } = config(server.url);
    await files(cwd, {
      'rollcall.config.json': JSON.stringify({ users, map: 'm.json' }),
      'm.json': JSON.stringify({ users: mapping.users }),
    });
    const sync = () => cli(cwd, ['sync', ...QUICK], { env: { ...envOf(okta), LDAP_PASSWORD: 'hidden' } });
    expect((await sync()).code).toBe(EXIT.DONE);
    isLimited = true;
    const { code, err } = await sync();
    expect([code, err]).toEqual([EXIT.FAILED, expect.stringContaining('users (ldap): the search below')]);
    expect(err).toContain('sizeLimitExceeded');
    expect(okta.directory().activeUsers).toBe(5);
  });

  it('names the entry of a row that is rejected', async () => {
    const bad: SentEntry = [`CN=Bad,OU=People,${BASE}`, { objectGUID: [guid(9)], mail: ['nobody'] }];
    const server = await ldapServer(answering([person(1), bad], [], []));
    const [cwd, okta] = [await directory(), await org()];
    const { users } = config(server.url);
    await files(cwd, {
      'rollcall.config.json': JSON.stringify({ users, map: 'm.json' }),
      'm.json': JSON.stringify({ users: mapping.users }),
    });
    const { out } = await cli(cwd, ['sync', ...QUICK], { env: { ...envOf(okta), LDAP_PASSWORD: 'hidden' } });
    expect(out).toContain(`users (ldap) CN=Bad,OU=People,${BASE}`);
  });

  it.each<[object, string]>([
    [{ url: 'ldaps://dc' }, 'the DN of an entry as ldap.base'],
    [{ url: 'ldaps://dc', base: BASE, bind: { dn: 'x', password: 'hidden' } }, 'as ldap.bind'],
    [{ url: 'ldaps://dc', base: BASE, atributes: ['cn'] }, 'in ldap; did you mean "attributes"'],
    [{ url: 'ldaps://dc', base: BASE }, 'users.ldap.attributes: expected'],
    [{ url: 'ldaps://dc', base: BASE, attributes: ['cn'], members: 'all' }, 'an object as ldap.members'],
    [
      { url: 'ldaps://dc', base: BASE, attributes: ['cn'], caFile: 'no.pem' },
      'no.pem cannot be read: ENOENT',
    ],
    [
      { url: 'ldaps://dc', base: BASE, attributes: ['cn'], scope: 'all' },
      'users.ldap.scope: expected one of',
    ],
    [
      { ...connection('ldap://dc'), base: BASE, attributes: ['cn'] },
      'users.ldap.url: the password would be sent to dc without TLS',
    ],
  ])('is not %o', async (ldap, message) => {
    const cwd = await directory();
    await files(cwd, { 'rollcall.config.json': JSON.stringify({ users: { ldap } }) });
    const { code, err } = await cli(cwd, ['plan'], { env: { LDAP_PASSWORD: 'hidden' } });
    expect([code, err]).toEqual([EXIT.USAGE, expect.stringContaining(message)]);
    expect(err).not.toContain('hidden');
  });

  it('needs to know who the people are', async () => {
    const cwd = await directory();
    const { groups: declared } = config('ldap://localhost');
    await files(cwd, {
      'rollcall.config.json': JSON.stringify({ groups: declared, memberships: join(cwd, 'm.csv') }),
    });
    const { code, err } = await cli(cwd, ['plan'], { env: { LDAP_PASSWORD: 'hidden' } });
    expect([code, err]).toEqual([
      EXIT.USAGE,
      expect.stringContaining('groups.ldap.members.people: expected'),
    ]);
  });
});

describe('init from Active Directory', () => {
  it('finds the id, who is disabled and expired, and the filter, and reads the rest of what it wrote', async () => {
    const people = [person(1), person(2, '514'), person(3, '66050')];
    const server = await ldapServer(answering(people, [], []));
    const cwd = await directory();
    const from = `${server.url}/OU=People,${encodeURIComponent(BASE)}`;
    const env = { LDAP_PASSWORD: 'hidden' };
    const ran = await cli(cwd, ['init', '--users-from', from, '--bind-dn', `CN=reader,${BASE}`], { env });
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toContain('"userAccountControl" says who is disabled (2 of the sample)');
    const config = parseConfig(await readFile(join(cwd, 'rollcall.config.json'), 'utf8'), 'c');
    expect(config.sources.users).toMatchObject({
      filter: '(&(objectCategory=person)(objectClass=user))',
      attributes: [
        'objectGUID',
        'userPrincipalName',
        'mail',
        'givenName',
        'sn',
        'userAccountControl',
        'accountExpires',
      ],
    });
    const mapping = await readFile(join(cwd, 'rollcall.mapping.json'), 'utf8');
    const planned = async (text: string) => {
      await files(cwd, { 'rollcall.mapping.json': text });
      const { out } = await cli(cwd, ['plan', '--json'], { env });
      return (JSON.parse(out) as { plan: { entities: { users: { creates: number } } } }).plan.entities.users
        .creates;
    };
    expect(await planned(mapping)).toBe(3);
    expect(await planned(mapping.replace('// "when"', '"when"'))).toBe(1);
    expect(ran.out + mapping).not.toContain('hidden');
  });
});
