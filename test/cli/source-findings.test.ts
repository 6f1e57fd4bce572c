import { describe, expect, it } from 'vitest';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

const map = (more: object = {}, when: object = { column: 'status', in: ['Active', 'Left'] }) =>
  JSON.stringify({
    ...more,
    users: {
      externalId: 'id',
      profile: { userName: 'mail', email: 'mail', firstName: 'given', room: 'room', costCenter: 'cost' },
      when,
    },
  });
const HEADER = 'id,mail,given,room,cost,status\n';
const ROWS =
  '1,a@x.example,NULL,System.Object[],7,Active\n' +
  '2,b@x.example,Bob,@{name=Secret},N/A,Active\n' +
  '3,c@x.example,NULL,Microsoft.ActiveDirectory.Management.ADPropertyValueCollection,\\N,Active\n';

describe('what a plan finds in its sources', () => {
  it('are words in place of values, with their attributes and counts, and no other value', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': HEADER + ROWS, 'm.json': map() });
    const { out } = await cli(cwd, ['plan', '--users', 'u.csv', '--map', 'm.json']);
    expect(out)
      .toContain(`Words that look like a missing value, and are sent as they are (emptyValues in the mapping empties them):
  users, firstName: "NULL" in at least 2 rows
  users, room: "System.Object[]" in at least 1 row
  users, room: "@{...}" in at least 1 row
  users, costCenter: "N/A" in at least 1 row
`);
    expect(out).not.toContain('Secret');
    const emptyValues = ['NULL', 'N/A', '\\N', 'System.Object[]'];
    await files(cwd, { 'm.json': map({ emptyValues }) });
    const emptied = await cli(cwd, ['plan', '--users', 'u.csv', '--map', 'm.json']);
    expect(emptied.out.match(/in at least/g)).toHaveLength(2);
  });

  it("are attributes that are not Okta's own, by a mapping and by a header", async () => {
    const cwd = await directory();
    await files(cwd, {
      'u.csv': HEADER + ROWS,
      'm.json': map(),
      'plain.csv': 'externalId,userName,email,salary\n1,a,a@x.example,9\n',
    });
    const env = envOf(await org());
    const rest = "not Okta's own, and must be in the schema of the identity source:";
    for (const command of [['plan'], ['sync', ...QUICK, '--allow-rejects']])
      expect((await cli(cwd, [...command, '--users', 'u.csv', '--map', 'm.json'], { env })).out).toContain(
        `2 attributes of users are ${rest} room, costCenter.\n`,
      );
    expect((await cli(cwd, ['plan', '--users', 'plain.csv'])).out).toContain(
      `1 attribute of users is ${rest} salary.\n`,
    );
  });

  it('are conditions that leave out nobody, or everybody', async () => {
    const cwd = await directory();
    const plan = () => cli(cwd, ['plan', '--users', 'u.csv', '--map', 'm.json']);
    await files(cwd, { 'u.csv': HEADER + ROWS, 'm.json': map() });
    expect((await plan()).out).toContain(
      'users, status: "Active" 3\n  The condition of the users left out no row.\n',
    );
    await files(cwd, { 'm.json': map({}, { column: 'status', equals: 'active' }) });
    const nobody = (await plan()).out;
    expect(nobody).toContain(
      'Every row of the users was left out: is the condition (when) of the mapping right?',
    );
    expect(nobody).not.toContain('left out no row');
  });

  it.each([
    ['a test', { column: 'status', in: ['active', 'Left', 'ACTIV'], trim: true }],
    ['an expression', { cel: "row.status == 'active' || row.status in ['Left', 'ACTIV']" }],
  ])(
    'are texts of %s that rows have in another way, but not where another text is meant',
    async (_, when) => {
      const cwd = await directory();
      await files(cwd, { 'u.csv': HEADER + ROWS, 'm.json': map({}, when) });
      const near = (text: string) =>
        `  No row of the users has "${text}" in status, which the condition names; did you mean "Active"?\n`;
      const { out } = await cli(cwd, ['plan', '--users', 'u.csv', '--map', 'm.json']);
      expect(out).toContain(near('active') + near('ACTIV'));
      expect(out).not.toContain('"Left"');
      await files(cwd, { 'm.json': map({}, { column: 'status', in: ['Active', 'active'] }) });
      expect((await cli(cwd, ['plan', '--users', 'u.csv', '--map', 'm.json'])).out).not.toContain(
        'did you mean',
      );
    },
  );

  it('are in the outcome of --json, of a sync without the values', async () => {
    const cwd = await directory();
    const held = await org();
    const rows = ROWS + '4,jose\u0301,D,x,8,Gone\n';
    await files(cwd, {
      'u.csv': HEADER + rows,
      'm.json': map({}, { column: 'status', in: ['Active', 'gone'] }),
    });
    const last = (out: string) => JSON.parse(out.trim().split('\n').at(-1) ?? '') as { findings: unknown };
    const run = async (command: string, ...more: readonly string[]) =>
      last(
        (
          await cli(cwd, [command, '--users', 'u.csv', '--map', 'm.json', '--json', ...more], {
            env: envOf(held),
          })
        ).out,
      ).findings;
    const common = {
      nearValues: [{ entity: 'users', column: 'status', text: 'gone', value: 'Gone' }],
      noneLeftOut: [],
      allLeftOut: [],
      otherAttributes: [
        { entity: 'users', attribute: 'room' },
        { entity: 'users', attribute: 'costCenter' },
      ],
    };
    const values = [
      { value: 'Active', rows: 3 },
      { value: 'Gone', rows: 1 },
    ];
    expect(await run('plan')).toMatchObject({
      ...common,
      values: [{ entity: 'users', column: 'status', values }],
    });
    const synced = await run('sync', ...QUICK);
    expect(synced).toMatchObject({
      ...common,
      missingWords: expect.arrayContaining([
        { entity: 'users', attribute: 'firstName', word: 'NULL', rows: 2 },
      ]) as unknown,
    });
    expect(synced).not.toHaveProperty('values');
    await files(cwd, { 'm.json': map({}, { column: 'status', present: true }) });
    expect(await run('plan')).toMatchObject({
      noneLeftOut: ['users'],
    });
    await files(cwd, { 'm.json': map({}, { column: 'status', equals: 'nobody' }) });
    expect(await run('plan')).toMatchObject({ allLeftOut: ['users'] });
  });

  it('are in the error of a sync that the guard stopped, as JSON', async () => {
    const [cwd, held] = [await directory(), await org()];
    const flags = ['sync', '--users', 'u.csv', '--map', 'm.json', '--json', ...QUICK];
    const sync = () => cli(cwd, flags, { env: envOf(held) });
    const rows = Array.from({ length: 40 }, (_, i) => `9${i},p${i}@x.example,A,x,8,Active\n`).join('');
    await files(cwd, {
      'u.csv': HEADER + rows,
      'm.json': map({}, { column: 'status', in: ['Active', 'gone'] }),
    });
    expect((await sync()).code).toBe(0);
    const gone = rows.replaceAll('Active', 'Gone').replaceAll(',A,', ',NULL,');
    await files(cwd, { 'u.csv': HEADER + gone });
    const { code, out } = await sync();
    expect(code).toBe(3);
    expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({
      type: 'run:error',
      trips: [{ rule: 'deletePercent' }, {}],
      findings: {
        nearValues: [{ entity: 'users', column: 'status', text: 'gone', value: 'Gone' }],
        noneLeftOut: [],
        allLeftOut: ['users'],
      },
    });
  });

  it('are words in the outcome of a sync as well', async () => {
    const cwd = await directory();
    const held = await org();
    await files(cwd, { 'u.csv': HEADER + ROWS, 'm.json': map() });
    const { code, out } = await cli(cwd, ['sync', '--users', 'u.csv', '--map', 'm.json', ...QUICK], {
      env: envOf(held),
    });
    expect([code, out]).toEqual([0, expect.stringContaining('users, firstName: "NULL" in at least 2 rows')]);
  });
});
