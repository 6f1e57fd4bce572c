import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseMapping } from '../../src/cli/mapping/load.js';
import { rowsXml, workbookOf } from '../support/workbook.js';
import { cli, directory, files, jsonLines } from './support.js';

/** Runs `init` on a file of users, and `plan` with what it wrote. */
async function init(name: string, content: string | Buffer, ...flags: string[]) {
  const cwd = await directory();
  await files(cwd, { [name]: content });
  const { code, out, err } = await cli(cwd, ['init', '--users', name, ...flags]);
  const read = (file: string) => readFile(join(cwd, file), 'utf8').catch(() => '');
  const [mapping, config] = [await read('rollcall.mapping.json'), await read('rollcall.config.json')];
  const plan = await cli(cwd, ['plan', '--json']);
  return { code, out, err, mapping, config, plan: jsonLines(plan.out)[0] };
}

const creates = (n: number) => ({ plan: { entities: { users: { creates: n } } } });

describe('init looks at the values of', () => {
  it('a German export in the encoding of Windows', async () => {
    const text =
      'Pers.-Nr.;E-Mail (dienstlich);Vorname;Nachname;Beschäftigungsverhältnis;Austritt;Gruppen\r\n' +
      '0001 ;j@x.example;Jörg;Groß;Aktiv;;A|B\r\n0002;k@x.example;Käthe;NULL;Ausgeschieden;31.12.2024;A\r\n';
    const { out, mapping, config, plan } = await init('people.csv', Buffer.from(text, 'latin1'));
    expect(out).toContain('The file is not UTF-8. It is read as windows-1252');
    expect(config).toMatch(/^ {2}"encoding": "windows-1252",$/m);
    expect(mapping).toContain('"externalId": { "column": "Pers.-Nr.", "trim": true }');
    expect(mapping).toContain('"emptyValues": ["NULL"]');
    expect(mapping).toContain('"after": "today", "date": "D.M.YYYY" }');
    expect(mapping).toContain('"split": "|"');
    expect(out).toContain('"Beschäftigungsverhältnis" looks like a status ("Aktiv" 1, "Ausgeschieden" 1)');
    expect(out).toContain('which emptyValues in the mapping empties: "Nachname" "NULL"');
    expect(plan).toMatchObject(creates(2));
    const commented = mapping.replace('// "when": { "any"', '"when": { "any"');
    expect(parseMapping(commented, 'm.json').users).toMatchObject({
      when: { columns: ['Austritt', 'Austritt'] },
    });
  });

  it('an Excel workbook, a document and lines of JSON', async () => {
    const header = ['Legajo', 'Correo electrónico', 'Nombre', 'Apellidos', 'Situación'];
    const row = ['7', 'a@x.example', 'Ana', 'Gil', 'De baja'];
    const object = JSON.stringify(Object.fromEntries(header.map((name, i) => [name, row[i]])));
    for (const [name, content, ...flags] of [
      ['people.xlsx', workbookOf({ sheets: { People: rowsXml(header, row) } })],
      ['people.jsonl', `${object}\n`],
      ['people.json', `{"value":[${object}]}`, '--json-path', 'value'],
      ['people.txt', `${header.join('\t')}\n${row.join('\t')}\n`],
    ] as const) {
      const { code, err, out, mapping, plan } = await init(name, content, ...flags);
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain('"Situación" looks like a status ("De baja" 1)');
      expect(mapping).toContain('"externalId": { "column": "Legajo", "trim": true }');
      expect(plan).toMatchObject(creates(1));
    }
  });

  it('nested properties and lists of JSON', async () => {
    const { mapping } = await init(
      'people.json',
      '[{"id":1,"mail":"a@x.example","name":{"given":"Ann"},"memberOf":["a","b"],"accountEnabled":true}]',
    );
    expect(mapping).toContain('"name.given"');
    expect(mapping).toContain('"when": { "column": "accountEnabled", "in": ["true"] }');
    expect(mapping).toContain('{ "column": "memberOf", "split": ";" }');
  });

  it.each([
    [['Aktiv', 'Aktiv', 'Ausgeschieden'], '["Aktiv"]'],
    [['A', 'A', 'B', 'A', 'B', 'C'], '["A", "B"]'],
    [['0', '1', '1'], '["1"]'],
    [['terminated'], '["active"]'],
    [['true', 'false'], '["true"]'],
  ])('a status, of which the suggested condition leaves out some: %j', async (values, kept) => {
    const rows = values.map((value, i) => `${i},a${i}@x.example,${value}\n`).join('');
    const { mapping } = await init('people.csv', `employee_id,mail,status\n${rows}`);
    expect(mapping).toContain(`// "when": { "column": "status", "in": ${kept} },`);
    expect(mapping).not.toContain('"all"');
  });

  it('a status and a last day: the comment and the error name "all"', async () => {
    const { mapping } = await init(
      'people.csv',
      'employee_id,mail,status,end_date\n1,a@x.example,active,\n2,b@x.example,left,2025-01-31\n',
    );
    expect(mapping).toContain('// For both conditions, write one: "when": { "all": [{ ... }, { ... }] }.');
    expect(() => parseMapping(mapping.replaceAll('// "when"', '"when"'), 'm.json')).toThrow(
      '"when" is set twice; for both conditions, write "when": { "all": [',
    );
  });

  const people = (ids: readonly string[]) =>
    `employee_id,mail\n${ids.map((id, i) => `${id},a${i}@x.example\n`).join('')}`;
  const many = Array.from({ length: 300 }, (_, i) => String(i + 1));

  it.each([
    [['1', '2', '1'], 'is the same in rows 1 and 3, so it may'],
    [['1', '2', '1', '2', '1'], 'is the same in rows 1 and 3, and 2 more, so it may'],
    [['1', '', '2', ''], 'is empty in 2 rows (first in row 2), so it may'],
    [['', '1', ' 1'], 'is empty in 1 row (first in row 1), and the same in rows 2 and 3, so it may'],
    [many.with(-1, ''), 'is empty in 1 row (first in row 300), so it may'],
    [
      many.with(39, '12').with(59, '1').with(69, '2').with(79, '3'),
      'is the same in rows 12 and 40, and 3 more',
    ],
  ])('an id that is not unique: %#', async (ids, text) => {
    expect((await init('people.csv', people(ids))).out).toContain(`The column "employee_id" ${text}`);
  });

  it('one repeated record among many, which is no doubt about the id', async () => {
    const { out } = await init('people.csv', people(many.with(39, '12')));
    expect(out).toContain('A record is repeated: the column "employee_id" is the same in rows 12 and 40.');
    expect(out).not.toContain('may not be');
  });

  it('columns that could be the id, where none has a usual name', async () => {
    const { out } = await init('people.csv', 'nr,mail,town\n1,a@x.example,X\n2,b@x.example,X\n');
    expect(out).toContain('set users.externalId. "nr" has a different value in every row.');
    const two = await init('people.csv', 'nr,mail,town\n1,a@x.example,X\n2,b@x.example,Y\n');
    expect(two.out).toContain('"nr", "town" have a different value in every row.');
    const none = await init('people.csv', 'nr,mail\n1,a@x.example\n1,b@x.example\n');
    expect(none.out).toContain('set users.externalId.\n');
  });

  it('a login that is not unique, and dates that can be read in two ways', async () => {
    const { out } = await init(
      'people.csv',
      'employee_id,mail,end_date\n1,a@x.example,01/02/2025\n2,a@x.example,03/04/2025\n',
    );
    expect(out).toContain(
      '"mail" is empty or the same in some rows, but each person needs a login of their own.',
    );
    expect(out).toContain('The dates of "end_date" can be D/M/YYYY or M/D/YYYY: the mapping has the first.');
  });

  it.each([
    ['left_on', '2025-01-31', true],
    ['Vertragsende', '31.12.2026', true],
    ['Raus am', '31.12.2026', true],
    ['some_day', '2026-12-31 00:00:00', true],
    ['birth_date', '2001-01-31', false],
    ['Letztes Login', '2026-01-31', false],
    ['note', 'soon', false],
  ])('a column %s with %s in some rows', async (column, day, isEnd) => {
    const { out, mapping } = await init(
      'people.csv',
      `employee_id;mail;${column}\n1;a@x.example;\n2;b@x.example;${day}\n`,
    );
    const found = `"${column}" looks like the day on which a person leaves`;
    expect(out.includes(found)).toBe(isEnd);
    expect(mapping.includes(`"column": "${column}", "after": "today"`)).toBe(isEnd);
  });
});
