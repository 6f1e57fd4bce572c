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
