import { describe, expect, it } from 'vitest';
import { SourceError } from '../../src/core/errors.js';
import { guidText, sidText } from '../../src/sources/ldap/binary-values.js';
import { dnKey } from '../../src/sources/ldap/dn.js';
import type { LdapRow } from '../../src/sources/ldap/ldap-row.js';
import type { LdapOptions, LdapSearch } from '../../src/sources/ldap/ldap-options.js';
import { openLdap } from '../../src/sources/ldap/open-ldap.js';
import { ldapServer, type AskedSearch, type SentAnswer, type SentEntry } from './ldap-server.js';

const BASE = 'DC=example,DC=com';
const bind = { dn: `CN=reader,${BASE}`, password: 'hidden' };

async function rowsOf(
  url: string,
  search: Partial<LdapSearch> = {},
  options: Partial<LdapOptions> = {},
): Promise<LdapRow[]> {
  await using directory = openLdap({ url, bind, ...options });
  const rows: LdapRow[] = [];
  for await (const row of directory.search({
    base: BASE,
    attributes: ['cn'],
    name: 'users (ldap)',
    ...search,
  }))
    rows.push(row);
  return rows;
}

const person = (name: string): SentEntry => [`CN=${name},${BASE}`, { cn: [name] }];
const names = (rows: readonly LdapRow[]) => rows.map(({ cn }) => cn);

/** A server with these answers, one after another. */
const serving = (...answers: readonly SentAnswer[]) => {
  const next = answers.values();
  return ldapServer(() => next.next().value ?? { result: 53 });
};

describe('a paged search', () => {
  it('goes on after an empty page, with a critical control, and ends with an empty cookie', async () => {
    const server = await serving(
      { entries: [person('a'), person('b')], cookie: '1' },
      { cookie: '2' },
      { cookie: '3' },
      { entries: [person('c')] },
    );
    expect(names(await rowsOf(server.url, {}, { pageSize: 2 }))).toEqual(['a', 'b', 'c']);
    expect(server.asked.map(({ page }) => page)).toEqual(
      ['', '1', '2', '3'].map((cookie) => ({ size: 2, cookie, isCritical: true })),
    );
    expect(server.binds).toEqual([`${bind.dn} hidden`]);
  });

  const page = { entries: [person('a')], cookie: '1' };
  it.each<[string, SentAnswer, RegExp]>([
    ['a size limit', { result: 4 }, /incomplete \(sizeLimitExceeded, LDAP result 4\).* raise the size limit/],
    ['a time limit', { result: 3 }, /timeLimitExceeded.* raise the time limit/],
    ['an administrative limit', { result: 11 }, /adminLimitExceeded.* administrative limit/],
    ['a referral', { result: 10 }, /referral, LDAP result 10/],
    ['a server without pages', { result: 12 }, /unavailableCriticalExtension.*RFC 2696/],
    ['a server that ignores pages', { cookie: null }, /ignored the request for pages on page 2/],
    ['an unknown result', { result: 80 }, /LDAP result 80\), so nothing counts as removed; see the log/],
    [
      'a lost connection',
      { isCut: true, entries: [person('b')] },
      /the connection broke before the last entry/,
    ],
    ['a page that is its own next', { cookie: '1' }, /page 2 is empty and names itself/],
    [
      'a continuation',
      { references: ['ldap://emea.example.com/DC=emea,DC=example,DC=com'] },
      /on another server \(emea\.example\.com\/DC=emea,DC=example,DC=com\), so it is incomplete/,
    ],
    ['a continuation of no address', { references: ['emea'] }, /on another server \(unknown\)/],
  ])('is incomplete after %s', async (_what, last, message) => {
    const server = await serving(page, last);
    const read = rowsOf(server.url);
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toThrow(/^users \(ldap\): /);
    await expect(read).rejects.toBeInstanceOf(SourceError);
  });

  it('passes over the partitions of Active Directory without people, and others on request', async () => {
    const references = ['DomainDnsZones', 'ForestDnsZones'].map(
      (zone) => `ldap://${zone}.example.com/DC=${zone},${BASE}`,
    );
    references.push('ldap://example.com/CN=Configuration,DC=example,DC=com');
    expect(names(await rowsOf((await serving({ ...page, cookie: '', references })).url))).toEqual(['a']);
    const other = await serving({ ...page, cookie: '', references: ['ldap://b.example.com/DC=b'] });
    expect(names(await rowsOf(other.url, {}, { referrals: 'ignore' }))).toEqual(['a']);
  });

  it('is incomplete after a silence', async () => {
    const server = await serving(page, { isMute: true });
    await expect(rowsOf(server.url, {}, { timeoutMs: 20 })).rejects.toThrow(/the server does not answer/);
  });
});

describe('the sign-in', () => {
  it.each<[number, string, RegExp]>([
    [
      49,
      '80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data 532, v3839',
      /password has expired/,
    ],
    [49, '', /invalidCredentials, LDAP result 49\); check bind\.dn and the password/],
    [8, '', /use ldaps:\/\/ or startTls/],
    [51, '', /the sign-in failed \(busy/],
  ])('fails with result %i %s', async (result, message, expected) => {
    const server = await ldapServer(
      () => ({}),
      () => ({ result, message }),
    );
    const read = rowsOf(server.url);
    await expect(read).rejects.toThrow(expected);
    await expect(read).rejects.not.toThrow(/hidden/);
    expect(server.asked).toEqual([]);
  });

  it('is one for several searches, and the connection closes with the last', async () => {
    const server = await ldapServer(() => ({ entries: [person('a')] }));
    const directory = openLdap({ url: server.url, bind });
    const flows = [1, 2, 3].map(() => directory.search({ base: BASE, attributes: ['cn'] }));
    for (const flow of flows) for await (const row of flow) expect(row).toEqual({ cn: 'a' });
    expect(server.binds).toHaveLength(1);
    await expect(
      directory
        .search({ base: BASE, attributes: ['cn'] })
        [Symbol.asyncIterator]()
        .next(),
    ).rejects.toThrow(/the connection is closed/);
  });

  it('never happens again after a lost connection, because the server shows less to nobody', async () => {
    const server = await ldapServer(() => ({ entries: [person('a')] }));
    const directory = openLdap({ url: server.url, bind });
    const [first, second] = [1, 2].map(() => directory.search({ base: BASE, attributes: ['cn'] }));
    for await (const row of first ?? []) {
      expect(row).toEqual({ cn: 'a' });
      for (const socket of server.open) socket.destroy();
    }
    await expect(second?.[Symbol.asyncIterator]().next()).rejects.toThrow(/the connection broke/);
    expect(server.asked).toHaveLength(1);
  });
});

describe('the attributes of an entry', () => {
  const only = async (attributes: SentEntry[1], search: Partial<LdapSearch>) => {
    const server = await serving({ entries: [[`CN=a,${BASE}`, attributes]] });
    const [row] = await rowsOf(server.url, search);
    return { row, asked: server.asked[0]?.attributes };
  };

  it('are columns as they were asked for, lists where there are several values, and absent without one', async () => {
    const { row, asked } = await only(
      {
        givenName: ['Ann'],
        'description;lang-de': ['deutsch'],
        description: ['one', 'two'],
        memberOf: ['CN=g'],
        mail: [],
        unasked: ['x'],
      },
      { attributes: ['GIVENNAME', 'Description', 'description;LANG-DE', 'memberof', 'mail', 'sn', 'DN'] },
    );
    expect(row).toEqual({
      GIVENNAME: 'Ann',
      Description: ['one', 'two'],
      'description;LANG-DE': 'deutsch',
      memberof: ['CN=g'],
      DN: `CN=a,${BASE}`,
    });
    expect(asked).not.toContain('DN');
    expect((await only({}, { attributes: ['dn'] })).asked).toEqual(['1.1']);
  });

  it('are text where their bytes are a GUID, a SID or base64, and bytes where they are nothing of it', async () => {
    const guid = Buffer.from('e004253f894fd3119a0c0305e82c3301', 'hex');
    const sid = Buffer.from('010500000000000515000000a065cf7e784b9b5fe77c8770091c0100', 'hex');
    const { row } = await only(
      { objectGUID: [guid], objectSid: [sid], jpegPhoto: [Buffer.of(0xff, 0xd8)], sn: [Buffer.of(0xe9)] },
      { attributes: ['objectGUID', 'objectSid', 'jpegPhoto', 'sn'], binary: ['JPEGPHOTO'] },
    );
    expect(row).toEqual({
      objectGUID: '3f2504e0-4f89-11d3-9a0c-0305e82c3301',
      objectSid: 'S-1-5-21-2127521184-1604012920-1887927527-72713',
      jpegPhoto: '/9g=',
      sn: expect.any(Uint8Array) as Uint8Array,
    });
    expect([guidText(guid.subarray(1)), sidText(sid.subarray(1)), sidText(Buffer.of())]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a list in ranges', () => {
  const group = `CN=g,${BASE}`;
  const members = Array.from({ length: 7 }, (_, i) => `CN=m${i},${BASE}`);
  /** Active Directory with at most three values at a time. */
  const ranged =
    (answerPart: (from: number) => SentEntry[1] | undefined = () => undefined) =>
    ({ page, attributes }: AskedSearch): SentAnswer => {
      const from = page === undefined ? Number(/range=(\d+)-\*$/.exec(attributes[0] ?? '')?.[1]) : 0;
      const to = from + 3 < members.length ? from + 2 : '*';
      const part = { [`member;range=${from}-${to}`]: members.slice(from, from + 3) };
      return {
        entries: [[group, { ...(page && { member: [], cn: ['g'] }), ...(answerPart(from) ?? part) }]],
      };
    };

  it('is read to its last part', async () => {
    const server = await ldapServer(ranged());
    expect(await rowsOf(server.url, { attributes: ['cn', 'Member'] })).toEqual([
      { cn: 'g', Member: members },
    ]);
    expect(server.asked.map(({ base, attributes }) => [base, ...attributes])).toEqual([
      [BASE, 'cn', 'Member'],
      [group, 'member;range=3-*'],
      [group, 'member;range=6-*'],
    ]);
  });

  it.each<[string, SentEntry[1]]>([
    ['no values', {}],
    ['the first part again', { 'member;range=0-2': members.slice(0, 3) }],
    ['no range', { member: members.slice(3) }],
  ])('is incomplete if the server gives %s', async (_what, part) => {
    const server = await ldapServer(ranged((from) => (from === 3 ? part : undefined)));
    await expect(rowsOf(server.url, { attributes: ['member'] })).rejects.toThrow(
      /no values of "member" from number 3 on.* so the list is incomplete/,
    );
  });

  it('is incomplete if the entry has gone', async () => {
    const whole = ranged();
    const server = await ldapServer((search) => (search.page === undefined ? { result: 32 } : whole(search)));
    await expect(rowsOf(server.url, { attributes: ['member'] })).rejects.toThrow(/noSuchObject/);
  });
});

describe('openLdap', () => {
  it.each<[Partial<LdapOptions>, RegExp]>([
    [{ url: 'https://dc.example.com' }, /url: expected an address such as ldaps/],
    [{ url: 'ldaps://u:hidden@dc.example.com' }, /url: .*use bind/],
    [{ url: 'ldaps://dc.example.com/DC=com' }, /write the rest as base/],
    [{ url: 'ldap://dc.example.com' }, /url: the password would be sent to dc\.example\.com without TLS/],
    [{ bind: { dn: 'x', password: '' } }, /bind\.password: expected a password that is not empty/],
    [{ startTls: true }, /startTls: has no effect/],
    [{ ca: 'ca.pem' }, /ca: expected certificates as PEM/],
    [{ pageSize: 0 }, /pageSize/],
    [{ tls: true } as Partial<LdapOptions>, /no such option/],
  ])('refuses %o', (options, message) => {
    expect(() => openLdap({ url: 'ldaps://dc.example.com', bind, ...options })).toThrow(message);
    expect(() => openLdap({ url: 'ldaps://dc.example.com', bind, ...options })).not.toThrow(/hidden/);
  });

  it.each<Partial<LdapOptions>>([
    { url: 'ldap://localhost' },
    { url: 'ldap://[::1]:1389' },
    { url: 'ldap://dc.example.com', startTls: true },
    { url: 'ldap://dc.example.com', allowPlainPassword: true },
  ])('accepts a password for %o', (options) => {
    expect(openLdap({ url: '', bind, ...options })).toBeDefined();
  });

  it.each<[Partial<LdapSearch>, RegExp]>([
    [{ attributes: [] }, /attributes/],
    [{ attributes: ['*'] }, /each is written out/],
    [{ attributes: ['cn', 'CN'] }, /"CN" is there twice/],
    [{ scope: 'all' as 'sub' }, /scope/],
    [{ filter: ' ' }, /filter/],
  ])('refuses the search %o', (search, message) => {
    const directory = openLdap({ url: 'ldaps://dc.example.com' });
    expect(() => directory.search({ base: BASE, attributes: ['cn'], ...search })).toThrow(message);
  });

  it('names a filter that is not valid, and a server that does not answer', async () => {
    const server = await ldapServer(() => ({}));
    await expect(rowsOf(server.url, { filter: '(cn=a)(' })).rejects.toThrow(
      /filter "\(cn=a\)\(" is not valid/,
    );
    await expect(rowsOf('ldap://127.0.0.1:1')).rejects.toThrow(
      /cannot connect to 127\.0\.0\.1:1 \(ECONNREFUSED\)/,
    );
    await expect(rowsOf(server.url.replace('ldap:', 'ldaps:'))).rejects.toThrow(/cannot connect/);
  });
});

describe('the form of a DN', () => {
  it.each([
    ['CN=Ann\\, B,DC=Example', 'cn="Ann, B" , dc=example'],
    ['CN=Ann\\2C B;DC=Example', 'CN= Ann\\,  B,DC=EXAMPLE'],
    ['CN=J\\C3\\BCrgen', 'cn=Jürgen'],
    ['OU=a+CN=b,DC=c', 'cn=B + ou=A, dc=C'],
  ])('is the same for %s and %s', (a, b) => expect(dnKey(a)).toBe(dnKey(b)));

  it.each([
    ['CN=a,DC=b', 'CN=a\\,DC=b'],
    ['CN=a+CN=b', 'CN=a,CN=b'],
    ['CN=a', 'OU=a'],
  ])('differs for %s and %s', (a, b) => expect(dnKey(a)).not.toBe(dnKey(b)));
});
