import { expect, it } from 'vitest';
import { contextOf } from '../../src/flow/flow.js';
import { dnKey } from '../../src/sources/ldap/dn.js';
import type { LdapRow } from '../../src/sources/ldap/ldap-row.js';
import type { LdapMembers, LdapOptions } from '../../src/sources/ldap/ldap-options.js';
import { openLdap } from '../../src/sources/ldap/open-ldap.js';
import { ldapServer, type SentAnswer, type SentEntry } from './ldap-server.js';

const PEOPLE = 'OU=People,DC=example';
const GROUPS = 'OU=Groups,DC=example';
const person = (uid: string): SentEntry => [`CN=${uid},${PEOPLE}`, { uid: [uid] }];
const group = (name: string, ...member: string[]): SentEntry => [
  `CN=${name},${GROUPS}`,
  { objectClass: ['groupOfNames'], member },
];
const dnOf = ([dn]: SentEntry) => dn;

interface Directory {
  readonly people: readonly SentEntry[];
  readonly groups: readonly SentEntry[];
  /** Answers to the search of one entry, by its name. */
  readonly others?: Readonly<Record<string, SentAnswer>>;
}

/** The members of the groups, and how many were left out. */
async function membersIn(
  { people, groups, others = {} }: Directory,
  members: Partial<LdapMembers> = {},
  options: Partial<LdapOptions> = {},
) {
  const server = await ldapServer(({ base, page }): SentAnswer => {
    if (page !== undefined) return { entries: base === PEOPLE ? people : groups };
    const found = [...people, ...groups].filter((entry) => dnKey(dnOf(entry)) === dnKey(base));
    return others[base] ?? (found.length > 0 ? { entries: found } : { result: 32 });
  });
  await using directory = openLdap({ url: server.url, ...options });
  const rows = directory.search({
    base: GROUPS,
    attributes: ['member'],
    members: { as: 'uid', people: { base: PEOPLE }, nested: true, ...members },
  });
  const lists: LdapRow[string][] = [];
  for await (const { member = [] } of rows) lists.push(member);
  const lookups = server.asked.filter(({ page }) => page === undefined).map(({ base }) => base);
  return { lists, lookups, leftOut: contextOf(rows).counts('memberships').leftOut };
}

const people = ['ann', 'bob', 'cho'].map(person);
const [ann, bob, cho] = people.map(dnOf) as [string, string, string];

it('asks for each group in a group once, ends circles, and has each person once', async () => {
  const groups = [
    group('a', ann, `CN=b,${GROUPS}`, `CN=c,${GROUPS}`),
    group('b', bob, ann, `CN=a,${GROUPS}`),
    group('c', cho, `CN=c,${GROUPS}`),
  ];
  const { lists, lookups, leftOut } = await membersIn({ people, groups });
  expect(lists).toEqual([['ann', 'bob', 'cho'], ['bob', 'ann', 'cho'], ['cho']]);
  expect(lookups).toHaveLength(3);
  expect(leftOut).toBe(0);
});

it('keeps the name of somebody who may be missing, and counts whom it leaves out', async () => {
  const nameless: SentEntry = [`CN=dee,${PEOPLE}`, {}];
  const contact = 'CN=contact,DC=example';
  const gone = 'CN=gone,DC=example';
  const groups = [group('a', ann, dnOf(nameless), contact, gone, `CN=b,${GROUPS}`), group('b', bob)];
  const others = { [contact]: { entries: [[contact, { objectClass: ['contact'] }]] } } as const;
  const { lists, leftOut } = await membersIn(
    { people: [...people, nameless], groups, others },
    { nested: false },
  );
  expect(lists).toEqual([['ann', dnOf(nameless), gone], ['bob']]);
  expect(leftOut).toBe(2);
});

it('finds a person whom the server knows by another form of the name', async () => {
  const other = 'UID=1,OU=People,DC=example';
  const others = { [other]: { entries: [person('ann')] } };
  const { lists } = await membersIn({ people, groups: [group('a', other)], others });
  expect(lists).toEqual([['ann']]);
});

it('follows the ranges of a group in a group', async () => {
  const inner = `CN=inner,${GROUPS}`;
  const groups = [group('a', inner)];
  const parts = [
    { objectClass: ['group'], 'member;range=0-0': [ann] },
    { 'member;range=1-*': [bob, cho] },
  ] as const;
  const next = parts.values();
  const others = {
    get [inner](): SentAnswer {
      return { entries: [[inner, next.next().value ?? {}]] };
    },
  };
  expect((await membersIn({ people, groups, others })).lists).toEqual([['ann', 'bob', 'cho']]);
});

it.each<[string, SentAnswer, RegExp]>([
  ['a referral', { result: 10 }, /referral/],
  ['a continuation', { references: ['ldap://b.example/DC=b'] }, /on another server \(b\.example/],
])('fails for a member in another domain (%s), unless that is ignored', async (_how, answer, message) => {
  const elsewhere = 'CN=x,DC=b';
  const directory = { people, groups: [group('a', ann, elsewhere)], others: { [elsewhere]: answer } };
  await expect(membersIn(directory)).rejects.toThrow(message);
  const { lists, leftOut } = await membersIn(directory, {}, { referrals: 'ignore' });
  expect([lists, leftOut]).toEqual([[['ann']], 1]);
});

it('fails if the server cannot say what a member is', async () => {
  const others = { 'CN=x': { result: 51 } };
  await expect(membersIn({ people, groups: [group('a', 'CN=x')], others })).rejects.toThrow(/busy/);
});

it('fails if nobody has the id, because all memberships would end', async () => {
  const directory = { people, groups: [group('a', ann)] };
  await expect(membersIn(directory, { as: 'entryUUID' })).rejects.toThrow(
    /no entry below "OU=People,DC=example" .* has one "entryUUID"/,
  );
});
