import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DuplicateTable } from '../../src/cli/mapping/duplicate-table.js';
import { parseMapping } from '../../src/cli/mapping/load.js';
import { mappedSources } from '../../src/cli/mapping/sources.js';
import { drainSources } from './mapping-support.js';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

const mappingOf = (duplicates: unknown, memberships?: object) =>
  JSON.stringify({
    users: {
      externalId: 'id',
      profile: { userName: 'mail', email: 'mail' },
      when: { column: 'status', equals: 'active' },
      duplicates,
    },
    ...(memberships && { memberships }),
  });
/** Person 1 changed twice, and the newest row is in the middle. Person 2 left, and an older row says otherwise. */
const CSV = [
  'id,mail,status,changed,teams',
  '1,old@example.com,active,2026-01-01,a',
  '2,two@example.com,active,2026-01-01,a',
  '1,new@example.com,active,2026-03-01 08:00,b',
  ',,,,',
  '3,three@example.com,active,,c',
  '2,two@example.com,left,2026-02-01,b',
  '1,mid@example.com,active,2026-02-01,c',
  '',
].join('\n');

async function drained(duplicates: unknown, csv = CSV, memberships?: object) {
  const cwd = await directory();
  await files(cwd, { 'u.csv': csv });
  const mapping = parseMapping(mappingOf(duplicates, memberships), 'm.json');
  const { records, rejections } = await drainSources(
    mappedSources(mapping, { users: { paths: [join(cwd, 'u.csv')] } }),
  );
  const users = (records.users as { externalId: string; profile: { email: string } }[]).map(
    ({ externalId, profile }) => `${externalId} ${profile.email}`,
  );
  return { users, rejections, memberships: records.memberships };
}

describe('rows with the same id', () => {
  it.each([
    ['first', ['1 old@example.com', '2 two@example.com', '3 three@example.com']],
    ['last', ['3 three@example.com', '1 mid@example.com']],
    [{ newest: 'changed' }, ['1 new@example.com', '3 three@example.com']],
  ])('%o: one row counts, before the condition is looked at', async (duplicates, users) => {
    expect(await drained(duplicates)).toMatchObject({ users, rejections: [] });
  });

  it('end the run with "fail"', async () => {
    await expect(drained('fail')).rejects.toThrow('users 1: several rows have this id');
  });

  it('are all rejected if one has no time, or two have the same', async () => {
    const rows = [
      '1,a@x.example,active,2026-01-01,',
      '1,b@x.example,active,soon,',
      '2,c@x.example,active,5,',
    ];
    const csv = [
      'id,mail,status,changed,teams',
      ...rows,
      '2,d@x.example,active,5,',
      '2,e@x.example,active,4,',
      '',
    ];
    const { users, rejections } = await drained({ newest: 'changed' }, csv.join('\n'));
    expect(users).toEqual([]);
    expect(rejections.map(({ externalId, code, line }) => [externalId, code, line])).toEqual([
      ['1', 'DUPLICATE', 2],
      ['1', 'DUPLICATE', 3],
      ['2', 'DUPLICATE', 4],
      ['2', 'DUPLICATE', 5],
      ['2', 'DUPLICATE', 6],
    ]);
  });

  it('give the memberships of the row that counts only', async () => {
    const listed = { from: 'users', groups: { column: 'teams' } };
    const { memberships } = await drained({ newest: 'changed' }, CSV, listed);
    expect(memberships).toEqual([
      { groupExternalId: 'b', memberExternalId: '1' },
      { groupExternalId: 'c', memberExternalId: '3' },
    ]);
  });

  it('have a form of days', async () => {
    const csv =
      'id,mail,status,changed,teams\n1,a@x.example,active,31.01.2026,\n1,b@x.example,active,01.02.2026,\n';
    const { users } = await drained({ newest: 'changed', date: 'DD.MM.YYYY' }, csv);
    expect(users).toEqual(['1 b@x.example']);
  });

  it.each([
    ['"newest"', 'users.duplicates'],
    ['{ "newset": "changed" }', 'did you mean "newest"?'],
    ['{ "date": "DD.MM.YYYY" }', 'expected fail, first, last or'],
  ])('are refused in the mapping as %s', (duplicates, message) => {
    expect(() => parseMapping(mappingOf(JSON.parse(duplicates)), 'm.json')).toThrow(message);
  });

  it('go through a sync, and nobody is rejected', async () => {
    const cwd = await directory();
    const okta = await org();
    await files(cwd, { 'u.csv': CSV, 'map.json': mappingOf({ newest: 'changed' }) });
    const flags = ['--users', 'u.csv', '--map', 'map.json', ...QUICK];
    const { code, out, err } = await cli(cwd, ['sync', ...flags], { env: envOf(okta) });
    expect([code, out + err]).toEqual([0, expect.stringContaining('2')]);
    expect(okta.directory().users.get('1')?.profile).toMatchObject({ email: 'new@example.com' });
    expect(okta.directory().activeUsers).toBe(2);
    // As a feed, the same rows change nothing, but for person 2, whose newest row says that they left.
    const delta = await cli(cwd, ['plan', ...flags.slice(0, 4), '--mode', 'delta'], { env: envOf(okta) });
    expect([delta.code, delta.out]).toEqual([0, expect.stringMatching(/users +6 +3 /)]);
  });
});

describe('the table of duplicates', () => {
  it('decides as a list does', () => {
    const row = fc.record({ id: fc.nat(30), value: fc.option(fc.nat(5), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 200 }), (rows) => {
        const table = new DuplicateTable();
        rows.forEach(({ id, value }, i) => table.add(`k${id}`, i + 1, value));
        for (const [i, { id, value }] of rows.entries()) {
          const others = rows.filter((other) => other.id === id);
          const best = Math.max(...others.map((other) => other.value ?? -1));
          const isTie = others.filter((other) => other.value === best).length > 1;
          const isUndecided =
            others.length > 1 && (isTie || others.some((other) => other.value === undefined));
          const expected = isUndecided
            ? 'undecided'
            : value === best || others.length === 1
              ? 'kept'
              : 'superseded';
          expect(table.verdict(`k${id}`, i + 1)).toBe(expected);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('grows', () => {
    const table = new DuplicateTable();
    for (let i = 0; i < 5000; i++) table.add(`k${i % 3000}`, i, i);
    const kept = Array.from({ length: 5000 }, (_, i) => i).filter(
      (i) => table.verdict(`k${i % 3000}`, i) === 'kept',
    );
    expect(kept).toEqual(Array.from({ length: 3000 }, (_, i) => i + 2000));
  });
});

describe('memberships in several rows', () => {
  const CSV_OF_PAIRS = [
    'team,id,until,changed',
    'a,1,2020-01-01,2026-01-01',
    'b,1,,2026-01-01',
    'a,1,,2026-02-01',
    'b,1,2020-01-01,2026-02-01',
    '',
  ].join('\n');
  const pairs = (duplicates: unknown, mode: 'full' | 'delta' = 'full') =>
    drainedPairs(
      {
        memberships: {
          groupExternalId: 'team',
          memberExternalId: 'id',
          when: { column: 'until', in: [''] },
          duplicates,
        },
      },
      CSV_OF_PAIRS,
      mode,
    );

  it.each([
    ['first', ['b/1']],
    ['last', ['a/1']],
    [{ newest: 'changed' }, ['a/1']],
  ])(
    '%o: one row of a group and member counts, before the condition is looked at',
    async (rule, expected) => {
      expect(await pairs(rule)).toEqual({ kept: expected, deleted: [], rejections: [] });
    },
  );

  it.each([
    ['first', ['b/1'], ['a/1']],
    [{ newest: 'changed' }, ['a/1'], ['b/1']],
  ])('%o: in a feed too', async (rule, kept, deleted) => {
    expect(await pairs(rule, 'delta')).toEqual({ kept, deleted, rejections: [] });
  });

  it('end the run with "fail"', async () => {
    await expect(pairs('fail')).rejects.toThrow('memberships a/1: several rows have this id');
  });
});

async function drainedPairs(mapping: object, csv: string, mode: 'full' | 'delta') {
  const cwd = await directory();
  await files(cwd, { 'm.csv': csv });
  const { records, rejections } = await drainSources(
    mappedSources(
      parseMapping(JSON.stringify(mapping), 'm.json'),
      { memberships: { paths: [join(cwd, 'm.csv')] } },
      { mode },
    ),
    mode,
  );
  const all = records.memberships as {
    groupExternalId: string;
    memberExternalId: string;
    deleted?: true;
  }[];
  const names = (isDeleted: boolean) =>
    all
      .filter(({ deleted }) => (deleted === true) === isDeleted)
      .map(({ groupExternalId, memberExternalId }) => `${groupExternalId}/${memberExternalId}`);
  return { kept: names(false), deleted: names(true), rejections };
}
