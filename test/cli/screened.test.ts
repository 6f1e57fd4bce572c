import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { identityMapping, parseMapping } from '../../src/cli/mapping/load.js';
import type { Mapping } from '../../src/cli/mapping/mapping.js';
import { mappedSources, type MappedInputs } from '../../src/cli/mapping/sources.js';
import { CsvScanner } from '../../src/sources/csv/scanner.js';
import type { StateStore } from '../../src/state/store.js';
import { sync } from '../../src/sync/sync.js';
import { withState } from '../support/two-ways.js';
import { clientOf, held, makeOrg } from '../support/world.js';
import { directory, files } from './support.js';

/** Counts the rows that are taken apart. */
function watchReading() {
  let rows = 0;
  const { parse } = JSON;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its scanner, below
  const { read } = CsvScanner.prototype;
  vi.spyOn(JSON, 'parse').mockImplementation((text: string) => {
    if (text.includes('"mail"')) rows++;
    return parse(text) as unknown;
  });
  vi.spyOn(CsvScanner.prototype, 'read').mockImplementation(function (
    this: CsvScanner,
    text,
    last,
    onRecord,
  ) {
    read.call(this, text, last, (fields, line) => {
      if (line > 1) rows++;
      onRecord(fields, line);
    });
  });
  return { rows: () => rows, reset: () => (rows = 0) };
}

afterEach(() => vi.restoreAllMocks());

const PLAIN = parseMapping(
  `{
    "users": {
      "externalId": "id",
      "profile": {
        "userName": "mail", "email": { "column": "mail" },
        "firstName": "name", "nickName": { "column": "nick", "empty": "keep" }, "title": { "column": "nick", "empty": "omit" },
      },
    },
    "groups": { "externalId": "team", "profile": { "displayName": "team" } },
    "memberships": { "groupExternalId": "team", "memberExternalId": "id" },
  }`,
  'm.json',
);

const USERS = [
  'id,mail,name,nick',
  'a,a@x.example,Ann,',
  'b,b@x.example,"Bob ""B""",Bobby',
  'c,c@x.example,,',
];
const PAIRS = ['team,id', 'eng,a', 'eng,b', 'ops,c'];
const TEAMS = ['team', 'eng', 'ops'];

const csv = (lines: readonly string[]) => `${lines.join('\n')}\n`;
const jsonLines = (lines: readonly string[]) =>
  lines
    .slice(1)
    .map((line) => {
      const cells = line.replaceAll('""', '').replaceAll('"', '').split(',');
      return `${JSON.stringify({ mail: '', ...Object.fromEntries((lines[0] ?? '').split(',').map((name, i) => [name, cells[i]])) })}\n`;
    })
    .join('');

async function twice(
  mapping: Mapping,
  inputs: MappedInputs,
  use: (
    run: () => Promise<Awaited<ReturnType<typeof sync>>>,
    rows: ReturnType<typeof watchReading>,
    org: ReturnType<typeof makeOrg>,
    state: StateStore,
  ) => Promise<void>,
): Promise<void> {
  const org = makeOrg({ cooldownMs: 1, importMs: 1 });
  const okta = clientOf(org);
  await withState(async (state) => {
    const watch = watchReading();
    const run = () => {
      watch.reset();
      const sources = mappedSources(mapping, inputs);
      return sync({
        okta,
        state,
        ...sources,
        cooldownMs: 1,
        pollIntervalMs: 1,
        guard: { maxUpdatePercent: 100 },
      });
    };
    await use(run, watch, org, state);
  });
  await okta.close();
}

describe('rows of the command line that are unchanged are not read', () => {
  const everything = async (ending: string) => {
    const cwd = await directory();
    const text = ending === 'jsonl' ? jsonLines : csv;
    await files(cwd, {
      [`u.${ending}`]: text(USERS),
      [`g.${ending}`]: text(TEAMS),
      [`m.${ending}`]: text(PAIRS),
    });
    const path = (name: string) => ({ paths: [join(cwd, `${name}.${ending}`)] });
    return { cwd, inputs: { users: path('u'), groups: path('g'), memberships: path('m') } };
  };

  it.each(['csv', 'jsonl'])('with a mapping of plain columns, from %s', async (ending) => {
    const { cwd, inputs } = await everything(ending);
    await twice(PLAIN, inputs, async (run, watch, org) => {
      await run();
      expect(watch.rows()).toBe(8);
      expect(held(org).users['a']).toEqual({
        userName: 'a@x.example',
        email: 'a@x.example',
        firstName: 'Ann',
        nickName: '',
      });
      const again = await run();
      expect(watch.rows()).toBe(0);
      expect(again.sources).toMatchObject({
        users: { read: 3, unchanged: 3 },
        groups: { read: 2, unchanged: 2 },
        memberships: { read: 3, unchanged: 3 },
      });
      const changed = USERS.map((line) => line.replace('Ann', 'Anna'));
      await files(cwd, { [`u.${ending}`]: ending === 'jsonl' ? jsonLines(changed) : csv(changed) });
      expect((await run()).sources.users).toMatchObject({ read: 3, unchanged: 2, updates: 1 });
      expect(watch.rows()).toBe(1);
      expect(held(org).users['a']).toMatchObject({ firstName: 'Anna' });
    });
  });

  it('where the mapping of another entity looks something up', async () => {
    const { inputs } = await everything('csv');
    const mapping = parseMapping(
      `{
        "lookups": { "users": { "key": "id" } },
        "users": {
          "externalId": "id",
          "profile": { "userName": "mail", "email": "mail", "manager": { "cel": "lookup('users', row.id, 'name')" } },
        },
        "groups": { "externalId": "team", "profile": { "displayName": "team" } },
        "memberships": { "groupExternalId": "team", "memberExternalId": "id" },
      }`,
      'm.json',
    );
    await twice(mapping, inputs, async (run, watch, org) => {
      await run();
      expect(held(org).users['a']).toMatchObject({ manager: 'Ann' });
      expect((await run()).sources).toMatchObject({
        users: { unchanged: 3 },
        groups: { unchanged: 2 },
        memberships: { unchanged: 3 },
      });
      // The users alone: the lookup was loaded by the first run with this mapping.
      expect(watch.rows()).toBe(3);
    });
  });

  it('without a mapping, from CSV', async () => {
    const cwd = await directory();
    await files(cwd, {
      'u.csv': csv(['externalId,userName,email,title', 'a,a,a@x.example,', 'b,b,b@x.example,Head']),
      'g.csv': csv(['displayName,externalId', 'Eng,g']),
      'm.csv': csv(['groupExternalId,memberExternalId,since', 'g,a,2020', 'g,b,2021']),
    });
    const path = (name: string) => ({ paths: [join(cwd, name)] });
    const inputs = { users: path('u.csv'), groups: path('g.csv'), memberships: path('m.csv') };
    await twice(identityMapping, inputs, async (run, watch) => {
      await run();
      expect(watch.rows()).toBe(5);
      expect((await run()).sources.memberships).toMatchObject({ read: 2, unchanged: 2 });
      expect(watch.rows()).toBe(0);
    });
  });

  it.each([
    [
      'a condition',
      `{ "users": { "externalId": "id", "profile": { "userName": "mail" }, "when": { "column": "name", "present": true } } }`,
    ],
    [
      'a template',
      `{ "users": { "externalId": "id", "profile": { "userName": { "template": "{id}@x" } } } }`,
    ],
    [
      'a change of case',
      `{ "users": { "externalId": { "column": "id", "trim": true }, "profile": { "userName": "mail" } } }`,
    ],
    [
      'a list of values',
      `{ "users": { "externalId": "id", "profile": { "userName": "mail", "title": { "column": "name", "values": { "Ann": "x" }, "default": "y" } } } }`,
    ],
    [
      'empty cells that are refused',
      `{ "users": { "externalId": "id", "profile": { "userName": { "column": "mail", "empty": "reject" } } } }`,
    ],
  ])('they are where the mapping looks into a value: %s', async (_, text) => {
    const { inputs } = await everything('csv');
    const mapping = parseMapping(text.replace('"profile": {', '"profile": { "email": "mail",'), 'm.json');
    await twice(mapping, { users: inputs.users }, async (run, watch) => {
      const { read, leftOut } = (await run()).sources.users as { read: number; leftOut: number };
      expect(watch.rows()).toBe(3);
      expect((await run()).sources.users).toMatchObject({ read, unchanged: read - leftOut });
      expect(watch.rows()).toBe(3);
    });
  });

  it('several files are one source: in any order of columns, also packed, with duplicates and places among all', async () => {
    const cwd = await directory();
    await files(cwd, {
      '1.csv': csv(USERS.slice(0, 3)),
      '2.csv': csv(['nick,name,mail,id', ',,c@x.example,c', 'Bobby,"Bob ""B""",b@x.example,b']),
      '4.jsonl': jsonLines([
        'id,mail,name,nick',
        'd,d@x.example,Dan,',
        'a,a@x.example,Other,',
        'e,nobody,Eve,',
      ]),
    });
    const packed = gzipSync(csv(['id,mail,name,nick', 'f,f@x.example,Fay,', 'a,a@x.example,Ann,']));
    await files(cwd, { '3.csv.gz': packed });
    const paths = ['1.csv', '2.csv', '3.csv.gz', '4.jsonl'].map((name) => join(cwd, name));
    const places = (report: Awaited<ReturnType<typeof sync>>) =>
      report.rejections
        .map(({ file, line, position, code }) => [file?.slice(cwd.length + 1), line, position, code])
        .toSorted((x, y) => Number(x[2]) - Number(y[2]));
    await twice(PLAIN, { users: { paths } }, async (run, watch) => {
      const first = await run();
      expect(places(first)).toEqual([
        ['2.csv', 3, 4, 'DUPLICATE'],
        ['3.csv.gz', 3, 6, 'DUPLICATE'],
        ['4.jsonl', 2, 8, 'DUPLICATE'],
        ['4.jsonl', 3, 9, 'NOT_AN_EMAIL'],
      ]);
      const again = await run();
      expect(places(again)).toEqual(places(first));
      expect(again.sources.users).toMatchObject({
        read: 9,
        unchanged: 5,
        creates: 0,
        updates: 0,
        deletes: 0,
      });
      // The duplicates and the rejected one.
      expect(watch.rows()).toBe(4);
    });
  });

  it('says where both records of two files are, whether the first was read or left out', async () => {
    const cwd = await directory();
    await files(cwd, {
      '1.csv': csv(USERS),
      '2.csv': csv(['id,mail,name,nick', 'd,d@x.example,,', 'b,b@x.example,Bob,']),
    });
    const [first, second] = [join(cwd, '1.csv'), join(cwd, '2.csv')];
    await twice(PLAIN, { users: { paths: [first, second] } }, async (run) => {
      for (const read of [await run(), await run()])
        expect(read.rejections).toMatchObject([
          {
            file: second,
            line: 3,
            code: 'DUPLICATE',
            reason: `the same externalId appears earlier in this source (${first}, line 3)`,
          },
        ]);
    });
  });

  it('fails for two files that hold the same people, and nobody changes', async () => {
    const cwd = await directory();
    await files(cwd, {
      'users-01.csv': csv(USERS),
      'users-02.csv': csv(['id,mail,name,nick', 'b,b@x.example,Bob,Manager', 'c,c@x.example,,']),
    });
    const older = { paths: [join(cwd, 'users-01.csv')] };
    const both = { paths: [join(cwd, 'users-*.csv')] };
    const reading: { users: { paths: readonly string[] } } = { users: older };
    await twice(PLAIN, reading, async (run, _, org) => {
      await run();
      const before = held(org);
      reading.users = both;
      await expect(run()).rejects.toThrow(
        /users-02\.csv: 2 of its 2 users are also among the 3 of .*users-01\.csv: both files hold the same users/,
      );
      expect(held(org)).toEqual(before);
    });
  });

  it('a file whose columns are not those of the first is refused before any of its rows', async () => {
    const { cwd, inputs } = await everything('csv');
    const paths = [...inputs.users.paths, join(cwd, 'v.csv')];
    await twice(PLAIN, { users: { paths } }, async (run) => {
      await files(cwd, { 'v.csv': csv(USERS.slice(0, 1)) });
      await run();
      await files(cwd, { 'v.csv': csv(['id,name,nick', 'a,Ann,']) });
      const failure = await run().catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'ERR_ROLLCALL_SOURCE', file: join(cwd, 'v.csv'), line: 1 });
    });
  });
});
