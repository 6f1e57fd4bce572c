import { describe, expect, it } from 'vitest';
import { zipOf } from '../support/zip.js';
import { rowsXml, workbookOf } from '../support/workbook.js';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

const header = ['Nr', 'E-Mail', 'Name', 'Remark'];
const people = (...rows: (string | number | null)[][]) => rowsXml(header, ...rows);
const map = JSON.stringify({
  users: { externalId: 'Nr', profile: { userName: 'E-Mail', email: 'E-Mail', lastName: 'Name' } },
});

describe('a workbook on the command line', () => {
  it('is synced like its CSV, and a fault in it keeps everybody in Okta', async () => {
    const cwd = await directory();
    const held = await org();
    const sync = (...more: string[]) =>
      cli(cwd, ['sync', '--users', 'people.xlsx', '--map', 'map.json', '--state', 's', ...QUICK, ...more], {
        env: envOf(held),
      });
    const formats = ['00000'];
    const nr = (n: number) => `<c s="1"><v>${n}</v></c>`;
    const workbook = (...rows: (string | number | null)[][]) =>
      workbookOf({ sheets: { Notes: rowsXml(['x'], ['y']), People: people(...rows) }, formats });
    const rows = [
      [nr(1), 'ann@example.com', 'Ann', null],
      [nr(2), 'bob@example.com', 'Bob', '<c t="e"><v>#N/A</v></c>'],
    ];
    await files(cwd, { 'people.xlsx': workbook(...rows), 'map.json': map });
    expect((await sync()).err).toMatch(/people\.xlsx:1: the header has no column "Nr"/);
    expect((await sync('--sheet', 'people')).code).toBe(0);
    expect([...held.directory().users.keys()]).toEqual(['00001', '00002']);
    await files(cwd, { 'people.xlsx': workbook(rows[0] ?? [], [nr(2), '<c t="e"><v>#N/A</v></c>', 'Bob']) });
    const fault = await sync('--sheet', '2');
    expect([fault.code, fault.err]).toEqual([
      1,
      expect.stringContaining('people.xlsx:3: the cell B3 has the error #N/A'),
    ]);
    expect(held.directory().activeUsers).toBe(2);
    await files(cwd, { 'people.xlsx': workbook(rows[0] ?? []) });
    expect((await sync('--sheet', 'People', '--expect-rows', '2')).code).toBe(1);
    expect(held.directory().activeUsers).toBe(2);
    expect((await sync('--sheet', 'People', '--expect-rows', '1')).code).toBe(0);
    expect(held.directory().activeUsers).toBe(1);
  });

  it('comes from standard input, and has the format that is said', async () => {
    const cwd = await directory();
    const bytes = workbookOf({ sheets: { People: people(['1', 'ann@example.com', 'Ann', null]) } });
    await files(cwd, { 'people.dat': bytes, 'people.csv': bytes, 'map.json': map });
    for (const name of ['people.dat', 'people.csv'])
      expect((await cli(cwd, ['plan', '--users', name, '--map', 'map.json', '--format', 'xlsx'])).code).toBe(
        0,
      );
    const named = await cli(cwd, ['plan', '--users', 'people.csv', '--map', 'map.json']);
    expect([named.code, named.err]).toEqual([
      1,
      expect.stringContaining('this is an Excel workbook (.xlsx)'),
    ]);
    const archive = zipOf([{ name: 'people.csv', content: 'Nr,E-Mail,Name\n1,ann@example.com,Ann\n' }]);
    await files(cwd, { 'people.zip': archive });
    const zipped = ['plan', '--users', 'people.zip', '--map', 'map.json', '--format', 'csv'];
    expect((await cli(cwd, zipped)).code).toBe(0);
  });
});
