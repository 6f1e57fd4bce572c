import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { identityMapping, parseMapping } from '../../src/cli/mapping/load.js';
import { mappedSources, type MappedInputs } from '../../src/cli/mapping/sources.js';
import { OptionsError } from '../../src/core/errors.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync } from '../../src/sync/sync.js';
import { clientOf, held, makeOrg } from '../support/world.js';
import { drainSources } from './mapping-support.js';
import { directory, files } from './support.js';

const MAPPING = `{
  "users": {
    "externalId": "id",
    "profile": {
      "userName": "mail", "email": "mail",
      "department": { "column": "dept", "values": { "1": "Sales", "2": "Research" } },
    },
    "when": { "column": "status", "equals": "active" },
  },
  "memberships": {
    "from": "users",
    "groups": { "column": "teams", "split": "|", "values": { "eng": "eng", "ops": "ops" } },
  },
  "groups": { "from": "memberships" },
}`;
const HEADER = 'id,mail,dept,status,teams';
const GOOD = [
  HEADER,
  '1,a@example.com,1,active,eng|ops',
  '2,b@example.com,2,active,eng',
  '3,c@example.com,1,active,ops',
  '',
];

const mapping = parseMapping(MAPPING, 'm.json');
const inputsOf = (cwd: string, ...names: string[]): MappedInputs => ({
  users: { paths: names.map((name) => join(cwd, name)) },
});

describe('mappedSources', () => {
  it('never takes a row that cannot be mapped for a removed one', async () => {
    const cwd = await directory();
    const org = makeOrg({ cooldownMs: 1, importMs: 1 });
    const okta = clientOf(org);
    const state = memoryState();
    const run = async (text: readonly string[]) => {
      await files(cwd, { 'u.csv': text.join('\n') });
      const sources = mappedSources(mapping, inputsOf(cwd, 'u.csv'));
      return sync({ okta, state, ...sources, cooldownMs: 1, pollIntervalMs: 1 });
    };
    await run(GOOD);
    const before = held(org);
    expect(Object.keys(before.users)).toEqual(['1', '2', '3']);
    expect(before.memberships).toEqual(['eng/1', 'eng/2', 'ops/1', 'ops/3']);
    // A known id is kept; a list that cannot be read holds back what memberships and groups would lose.
    const report = await run([HEADER, '1,a@example.com,9,active,eng', '2,b@example.com,2,active,secret', '']);
    expect(
      report.rejections.map(({ entity, externalId, line, field, code }) => [
        entity,
        externalId,
        line,
        field,
        code,
      ]),
    ).toEqual([
      ['users', '1', 2, 'department', 'NOT_MAPPED'],
      ['groups', undefined, 3, 'groupExternalId', 'NOT_MAPPED'],
      ['memberships', undefined, 3, 'groupExternalId', 'NOT_MAPPED'],
    ]);
    expect(report.rejections[0]).toMatchObject({
      file: join(cwd, 'u.csv'),
      reason: 'has a value that the mapping does not list (m.json:6)',
    });
    expect(JSON.stringify(report)).not.toContain('secret');
    expect(Object.keys(held(org).users).sort()).toEqual(['1', '2']);
    expect(held(org).users['1']).toEqual(before.users['1']);
    expect(Object.keys(held(org).groups).sort()).toEqual(['eng', 'ops']);
    expect(report.sources.memberships?.heldBackDeletes).toBeGreaterThan(0);
    // Once it can be read, what is gone is gone.
    await run([HEADER, '1,a@example.com,1,active,eng', '2,b@example.com,2,left,eng', '']);
    expect(held(org).memberships).toEqual(['eng/1']);
    expect(Object.keys(held(org).users)).toEqual(['1']);
    expect(Object.keys(held(org).groups)).toEqual(['eng']);
    expect(org.violations).toEqual([]);
  });

  it('leaves out memberships of people whom a condition leaves out, and counts them', async () => {
    const cwd = await directory();
    const org = makeOrg({ cooldownMs: 1, importMs: 1 });
    await files(cwd, {
      'u.csv': ['id,status', '1,active', '2,left', ''].join('\n'),
      'm.csv': ['team,person', 'eng,1', 'eng,2', 'eng,3', ''].join('\n'),
    });
    const text = {
      users: {
        externalId: 'id',
        profile: { userName: { template: '{id}@example.com' }, email: { template: '{id}@example.com' } },
        when: { column: 'status', equals: 'active' },
      },
      memberships: { groupExternalId: 'team', memberExternalId: 'person' },
      groups: { from: 'memberships', profile: { displayName: 'group' } },
    };
    const sources = mappedSources(parseMapping(JSON.stringify(text), 'm.json'), {
      ...inputsOf(cwd, 'u.csv'),
      memberships: { paths: [join(cwd, 'm.csv')] },
    });
    const state = memoryState();
    const report = await sync({ okta: clientOf(org), state, ...sources, cooldownMs: 1, pollIntervalMs: 1 });
    expect(report.sources.users).toMatchObject({ read: 2, creates: 1, leftOut: 1, rejected: 0 });
    expect(report.sources.memberships).toMatchObject({ read: 3, creates: 1, leftOut: 1, rejected: 1 });
    expect(report.rejections.map(({ externalId }) => externalId)).toEqual(['eng/3']);
  });

  it('holds back all deletions when an id is not known', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': [HEADER, ',a@example.com,1,active,eng', ''].join('\n') });
    const { rejections } = await drainSources(mappedSources(mapping, inputsOf(cwd, 'u.csv')));
    expect(rejections.map(({ entity, externalId, code }) => [entity, externalId, code])).toEqual([
      ['users', undefined, 'NO_EXTERNAL_ID'],
      ['groups', undefined, 'NO_EXTERNAL_ID'],
      ['memberships', undefined, 'NO_EXTERNAL_ID'],
    ]);
  });

  it('comes to the same from a file, gzip, several files and standard input', async () => {
    const cwd = await directory();
    const [header, first, ...rest] = GOOD as [string, string, ...string[]];
    await files(cwd, {
      'u.csv': GOOD.join('\n'),
      'z.csv.gz': gzipSync(GOOD.join('\n')),
      'p1.csv': `${header}\n${first}\n`,
      'p2.csv': [header, ...rest].join('\n'),
    });
    const expected = await drainSources(mappedSources(mapping, inputsOf(cwd, 'u.csv')));
    expect(expected.records.memberships).toHaveLength(4);
    expect(await drainSources(mappedSources(mapping, inputsOf(cwd, 'z.csv.gz')))).toEqual(expected);
    expect(await drainSources(mappedSources(mapping, inputsOf(cwd, 'p1.csv', 'p2.csv')))).toEqual(expected);
    expect(await drainSources(mappedSources(mapping, inputsOf(cwd, 'p*.csv')))).toEqual(expected);
    const stdin = Readable.from([Buffer.from(GOOD.join('\n'))]);
    const inputs: MappedInputs = { users: { paths: ['-'], reading: { format: 'csv' } } };
    expect(await drainSources(mappedSources(mapping, inputs, { stdin }))).toEqual(expected);
  });

  it('refuses a file that changes between users and memberships, and standard input that is too large', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': GOOD.join('\n') });
    const { users = [], memberships = [] } = mappedSources(mapping, inputsOf(cwd, 'u.csv'));
    await drainSources({ users });
    await files(cwd, { 'u.csv': GOOD.join('\n').replace('eng|ops', 'ops|eng') });
    await expect(drainSources({ memberships })).rejects.toThrow(/u\.csv: the file changed between two reads/);
    const stdin = Readable.from([Buffer.from(GOOD.join('\n'))]);
    const inputs: MappedInputs = { users: { paths: ['-'], reading: { format: 'csv' } } };
    const large = mappedSources(mapping, inputs, { stdin, maxHeldBytes: 10 });
    await expect(drainSources(large)).rejects.toThrow(/exceeds the 10 bytes/);
  });

  it('names the nearest column when the header lacks one', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': 'id,mial,dept,status,teams\n', 'plain.csv': 'external_id,userName\n' });
    await expect(drainSources(mappedSources(mapping, inputsOf(cwd, 'u.csv')))).rejects.toThrow(
      /u\.csv:1: the header has no column "mail"; did you mean "mial"\?$/,
    );
    await expect(drainSources(mappedSources(identityMapping, inputsOf(cwd, 'plain.csv')))).rejects.toThrow(
      /plain\.csv:1: the header has no column "externalId"; did you mean "external_id"\?$/,
    );
  });

  it('refuses inputs that the mapping has no use for', () => {
    const input = { paths: ['x.csv'] };
    expect(() => mappedSources(mapping, { users: input, memberships: input })).toThrow(OptionsError);
    expect(() => mappedSources(mapping, { users: input, memberships: input })).toThrow(/^--memberships: /);
    expect(() => mappedSources(mapping, { users: input, groups: input })).toThrow(/^--groups: /);
    expect(mappedSources(mapping, {})).toEqual({});
  });

  it('leaves attributes alone whose empty cells are omitted, and those that the setting names', () => {
    const profile = { userName: 'a', title: { column: 't', empty: 'omit' }, city: { column: 'c' } };
    const mapping = parseMapping(JSON.stringify({ users: { externalId: 'i', profile } }), 'm.json');
    expect(mappedSources(mapping, {}).validate).toEqual({ users: { neverClear: ['title'] } });
    expect(mappedSources(mapping, {}, { neverClear: ['x'] }).validate).toEqual({
      users: { neverClear: ['title', 'x'] },
      groups: { neverClear: ['x'] },
    });
  });

  it('makes groups of memberships that have a file of their own', async () => {
    const cwd = await directory();
    await files(cwd, { 'm.csv': 'groupExternalId,memberExternalId\ng,1\nh,1\ng,2\n' });
    const sources = mappedSources(parseMapping('{"groups": {"from": "memberships"}}', 'm.json'), {
      memberships: { paths: [join(cwd, 'm.csv')] },
    });
    const { records } = await drainSources(sources);
    expect(records.groups).toEqual([
      { externalId: 'g', profile: { displayName: 'g' } },
      { externalId: 'h', profile: { displayName: 'h' } },
    ]);
    expect(records.memberships).toHaveLength(3);
  });

  it('reads lists of JSON, and rejects an object without one', async () => {
    const cwd = await directory();
    const rows = [
      { id: 1, mail: 'a@example.com', dept: '1', status: 'active', teams: ['eng', ' ops', 'eng', ''] },
      { id: 2, mail: 'b@example.com', dept: '1', status: 'active', teams: null },
      { id: 3, mail: 'c@example.com', dept: '1', status: 'active' },
      { id: 4, mail: 'd@example.com', dept: '1' },
      { id: 5, mail: 'e@example.com', dept: '1', status: 'active', teams: [{}] },
    ];
    await files(cwd, { 'u.json': JSON.stringify(rows) });
    const { records, rejections } = await drainSources(mappedSources(mapping, inputsOf(cwd, 'u.json')));
    expect(records.memberships).toEqual([
      { groupExternalId: 'eng', memberExternalId: '1' },
      { groupExternalId: 'ops', memberExternalId: '1' },
    ]);
    const told = rejections.map(({ entity, externalId, position, code }) => [
      entity,
      externalId,
      position,
      code,
    ]);
    expect(told.filter(([entity]) => entity !== 'groups')).toEqual([
      ['users', '4', 4, 'MISSING_COLUMN'],
      ['memberships', undefined, 3, 'MISSING_COLUMN'],
      ['memberships', undefined, 4, 'MISSING_COLUMN'],
      ['memberships', undefined, 5, 'NOT_TEXT'],
    ]);
  });
});

describe('without a mapping', () => {
  it('reads the columns as they are named, and whole records of JSON', async () => {
    const cwd = await directory();
    await files(cwd, {
      'u.csv': 'externalId,userName,nick,secondEmail\n1,a,,\n',
      'u.jsonl': [
        { externalId: '2', profile: { userName: 'b' } },
        { externalId: '3', userName: 'c' },
        { userName: 'd' },
        { externalId: '5', profile: { userName: 'e' }, status: 'x' },
        { externalId: 6, userName: 'f' },
      ]
        .map((row) => JSON.stringify(row))
        .join('\n'),
      'g.csv': 'externalId,displayName,description\ng,G,\n',
      'm.csv': 'memberExternalId,groupExternalId,more\n1,g,x\n',
      'm.jsonl': '{"groupExternalId":"g"}',
    });
    const at = (...names: string[]) => ({ paths: names.map((name) => join(cwd, name)) });
    const inputs = {
      users: at('u.csv', 'u.jsonl'),
      groups: at('g.csv'),
      memberships: at('m.csv', 'm.jsonl'),
    };
    const { records, rejections } = await drainSources(mappedSources(identityMapping, inputs));
    expect(records).toEqual({
      users: [
        { externalId: '1', profile: { userName: 'a', nick: null } },
        { externalId: '2', profile: { userName: 'b' } },
        { externalId: '3', profile: { userName: 'c' } },
        { externalId: '6', profile: { userName: 'f' } },
      ],
      groups: [{ externalId: 'g', profile: { displayName: 'G', description: null } }],
      memberships: [{ groupExternalId: 'g', memberExternalId: '1' }],
    });
    expect(rejections.map(({ externalId, line, field, code }) => [externalId, line, field, code])).toEqual([
      [undefined, 3, 'externalId', 'NO_EXTERNAL_ID'],
      ['5', 4, 'status', 'UNKNOWN_PROPERTY'],
      [undefined, 1, 'memberExternalId', 'NO_EXTERNAL_ID'],
    ]);
  });
});
