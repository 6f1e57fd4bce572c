import { truncateSync, writeFileSync } from 'node:fs';
import * as XLSX from '@e965/xlsx';
import { afterAll, describe, expect, it } from 'vitest';
import { OptionsError, SourceError } from '../../src/core/errors.js';
import { fromExcel, type FromExcelOptions } from '../../src/sources/excel/from-excel.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { rowsXml, workbookOf, type HandMade } from '../support/workbook.js';
import { zipOf } from '../support/zip.js';
import { drain, openHandles, scratch } from './support.js';

const directory = scratch();
afterAll(() => directory.remove());

const read = async (bytes: Uint8Array, options: FromExcelOptions = {}) => {
  const { records, lines, error } = await drain(fromExcel([bytes], { name: 'x.xlsx', ...options }));
  return { records, lines, error: error as SourceError | undefined };
};

const one = (xml: string, more: Partial<HandMade> = {}) => workbookOf({ sheets: { People: xml }, ...more });

describe('a workbook', () => {
  it('has the text that is shown in each cell', async () => {
    const formats = [
      '00000',
      'dd.mm.yyyy',
      '0.00',
      '#,##0.00 "EUR"',
      '0%',
      '@',
      'yyyy-mm-dd hh:mm',
      'dd\\/mm\\/yyyy;@',
    ];
    const shown: [cell: string, text: string][] = [
      ['<c s="1"><v>42</v></c>', '00042'],
      ['<c s="2"><v>46000</v></c>', '09.12.2025'],
      ['<c s="3"><v>1.5</v></c>', '1.50'],
      ['<c s="4"><v>1234.5</v></c>', '1,234.50 EUR'],
      ['<c s="5"><v>0.25</v></c>', '25%'],
      ['<c s="6"><v>7</v></c>', '7'],
      ['<c s="7"><v>46000.5</v></c>', '2025-12-09 12:00'],
      ['<c s="8"><v>46000</v></c>', '09/12/2025'],
      // Excel's own short date is different on every machine.
      ['<c s="9"><v>46000</v></c>', '2025-12-09'],
      ['<c s="10"><v>46000.25</v></c>', '2025-12-09 06:00:00'],
      ['<c ><v>123456789012345</v></c>', '123456789012345'],
      ['<c ><v>1234567890123456789</v></c>', '1.23457E+18'],
      ['<c ><v>0.30000000000000004</v></c>', '0.3'],
      ['<c t="b"><v>1</v></c>', 'TRUE'],
      ['<c t="s"><v>0</v></c>', '007'],
      ['<c t="s"><v>1</v></c>', 'Ann Lee'],
      ['<c t="inlineStr"><is><t>Zoë &amp; Bo</t></is></c>', 'Zoë & Bo'],
      ['<c t="str"><f>A1&amp;"x"</f><v>ax</v></c>', 'ax'],
      ['<c ><f>1+1</f><v>2</v></c>', '2'],
      ['<c s="6" t="s"><v>0</v></c>', '007'],
    ];
    const names = shown.map((_, i) => `c${i}`);
    const bytes = one(
      rowsXml(
        names,
        shown.map(([cell]) => cell),
      ),
      {
        formats,
        builtins: [14, 22],
        shared: ['007', '<r><t>Ann </t></r><r><t>Lee</t></r><rPh sb="0" eb="1"><t>x</t></rPh>'],
      },
    );
    const { records, lines, error } = await read(bytes);
    expect(error).toBeUndefined();
    expect(Object.values(records[0] ?? {})).toEqual(shown.map(([, text]) => text));
    expect(lines).toEqual([2]);
  });

  it('counts days from 1900, or from 1904', async () => {
    const xml = rowsXml(['day', 'other'], ['<c s="1"><v>61</v></c>', '<c s="1"><v>1</v></c>']);
    const formats = ['dd.mm.yyyy'];
    expect((await read(one(xml, { formats }))).records).toEqual([{ day: '01.03.1900', other: '01.01.1900' }]);
    expect((await read(one(xml, { formats, is1904: true }))).records).toEqual([
      { day: '02.03.1904', other: '02.01.1904' },
    ]);
  });

  it('is read as SheetJS writes it, from a file too', async () => {
    const book = XLSX.utils.book_new();
    const sheet = XLSX.utils.aoa_to_sheet([
      ['id', 'name'],
      ['001', 'Ann'],
      ['002', 'Bö'],
    ]);
    XLSX.utils.book_append_sheet(book, sheet, 'People');
    const path = directory.path('people.xlsx');
    writeFileSync(path, XLSX.write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer);
    const { records, files } = await drain(fromExcel(path, { expectRows: 2 }));
    expect(records).toEqual([
      { id: '001', name: 'Ann' },
      { id: '002', name: 'Bö' },
    ]);
    expect(files).toEqual(new Set([path]));
    expect(openHandles(path)).toBe(0);
  });

  it('has all rows, whatever range it says it has, and skips empty ones', async () => {
    const xml = rowsXml([], ['id', 'name'], [], ['1', null], [' ', null], ['2', 'Bo'], ['<c s="0"/>', null]);
    for (const dimension of ['A1', 'A1:B2', 'A1:ZZ9999']) {
      const { records, lines } = await read(one(xml, { dimension }));
      expect(records).toEqual([
        { id: '1', name: '' },
        { id: '2', name: 'Bo' },
      ]);
      expect(lines).toEqual([4, 6]);
    }
  });

  it('has columns, a title and a header as a CSV file', async () => {
    const xml = rowsXml(['People, 2026'], ['id', 'x', 'x', null], ['1', 'a', 'b', null]);
    const used = (name: string) => (name === 'id' ? 'key' : undefined);
    expect((await read(one(xml), { skipLines: 1, columns: used })).records).toEqual([{ key: '1' }]);
    expect((await read(one(xml), { skipLines: 1 })).error?.message).toBe(
      'x.xlsx:2: columns 2 and 3 have the same header',
    );
    const beyond = one(rowsXml(['id'], ['1', 'y']));
    expect((await read(beyond)).error?.message).toMatch(
      /x\.xlsx:2: column 2 has a value, but the header has no name/,
    );
    expect((await read(one(''))).error?.message).toMatch(/the sheet "People" is empty/);
  });
});

describe('the sheet', () => {
  const sheets = {
    Old: rowsXml(['id'], ['1']),
    People: rowsXml(['id'], ['2']),
    Last: rowsXml(['id'], ['3']),
  };
  const bytes = workbookOf({ sheets, hidden: ['Old'] });

  it.each<[FromExcelOptions, string]>([
    [{}, '2'],
    [{ sheet: 1 }, '2'],
    [{ sheet: 2 }, '3'],
    [{ sheet: '2' }, '3'],
    [{ sheet: 'LAST' }, '3'],
    [{ sheet: 'people' }, '2'],
    [{ sheet: 'Old' }, '1'],
  ])('of %j is found', async (options, id) => {
    expect((await read(bytes, options)).records).toEqual([{ id }]);
  });

  it('may have a number as its name', async () => {
    const years = workbookOf({ sheets: { Now: rowsXml(['id'], ['1']), '02': rowsXml(['id'], ['2']) } });
    expect((await read(years, { sheet: '02' })).records).toEqual([{ id: '2' }]);
    const two = workbookOf({ sheets: { '2': rowsXml(['id'], ['1']), People: rowsXml(['id'], ['2']) } });
    expect((await read(two, { sheet: '2' })).records).toEqual([{ id: '1' }]);
    expect((await read(two, { sheet: 2 })).records).toEqual([{ id: '2' }]);
  });

  it('that does not exist fails with the names of all', async () => {
    expect((await read(bytes, { sheet: 'Persons' })).error?.message).toBe(
      'x.xlsx: the workbook has no sheet "Persons"; its sheets are "Old", "People", "Last"',
    );
    expect((await read(bytes, { sheet: 9 })).error?.message).toBe(
      'x.xlsx: the workbook has 2 visible sheets, and no sheet 9; its sheets are "Old", "People", "Last"',
    );
    for (const bad of [0, -1, 1.5, '', true as never])
      expect(() => fromExcel('x.xlsx', { sheet: bad })).toThrow(OptionsError);
    expect(() => fromExcel('x.xlsx', { delimiter: ',' } as never)).toThrow(OptionsError);
  });
});

describe('a cell that is at fault', () => {
  it.each<[string, string, RegExp]>([
    ['an error', '<c t="e"><v>#N/A</v></c>', /x\.xlsx:3: the cell B3 has the error #N\/A \(sheet "People"\)/],
    ['an error of a formula', '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', /B3 has the error #DIV\/0!/],
    [
      'a formula without a value',
      '<c ><f>1+1</f></c>',
      /B3 has a formula without a value; open the workbook in Excel/,
    ],
    ['a hidden value', '<c s="1"><v>5</v></c>', /B3 is hidden by its number format ";;;"/],
  ])('ends the read with its place, in a column that is used: %s', async (_what, cell, message) => {
    const bytes = one(rowsXml(['id', 'name'], ['1', 'Ann'], ['2', cell]), { formats: [';;;'] });
    const { records, error } = await read(bytes);
    expect(records).toEqual([{ id: '1', name: 'Ann' }]);
    expect(error).toBeInstanceOf(SourceError);
    expect(error?.message).toMatch(message);
    const others = (name: string) => (name === 'id' ? name : undefined);
    expect((await read(bytes, { columns: others })).records).toEqual([{ id: '1' }, { id: '2' }]);
  });

  it('is one of several that are merged', async () => {
    const xml = rowsXml(['id', 'dept'], ['1', 'Sales'], ['2', null]);
    const bytes = one(xml, { after: '<mergeCells count="1"><mergeCell ref="B2:B3"/></mergeCells>' });
    expect((await read(bytes)).error?.message).toBe(
      'x.xlsx:2: the cells B2:B3 are merged; unmerge them, and give each its value (sheet "People")',
    );
    const others = (name: string) => (name === 'id' ? name : undefined);
    expect((await read(bytes, { columns: others })).records).toHaveLength(2);
    const title = one(rowsXml(['People'], ['id'], ['1']), {
      after: '<mergeCells count="1"><mergeCell ref="A1:C1"/></mergeCells>',
    });
    expect((await read(title, { skipLines: 1 })).records).toEqual([{ id: '1' }]);
  });
});

/** The writer of compound files in SheetJS, which has no types. */
interface CompoundFiles {
  readonly utils: { cfb_new(): object; cfb_add(file: object, path: string, content: Buffer): void };
  write(file: object, options: { readonly type: 'buffer' }): Uint8Array;
}

/** A compound file with the parts of a workbook that Excel encrypted. */
function encryptedWorkbook(): Buffer {
  const files = XLSX.CFB as CompoundFiles;
  const file = files.utils.cfb_new();
  files.utils.cfb_add(file, '/EncryptionInfo', Buffer.from([4, 0, 4, 0]));
  files.utils.cfb_add(file, '/EncryptedPackage', Buffer.alloc(5000, 7));
  return Buffer.from(files.write(file, { type: 'buffer' }));
}

describe('what is not a whole workbook', () => {
  const whole = one(rowsXml(['id'], ['1'], ['2']));

  it('fails wherever it is cut', async () => {
    for (let length = 0; length < whole.length; length += 7) {
      const { records, error } = await read(whole.subarray(0, length));
      expect([records, error instanceof SourceError]).toEqual([[], true]);
    }
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['CSV', Buffer.from('id\n1\n'), /this is not an Excel workbook/],
    ['an old workbook', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1]), /workbook of the old form \(\.xls\)/],
    ['a workbook with a password', encryptedWorkbook(), /the workbook has a password; save it without one/],
    [
      'an archive of something else',
      zipOf([{ name: 'a.csv', content: 'id\n1\n' }]),
      /cannot be read|no sheet/,
    ],
    [
      'a sheet without its end',
      one(rowsXml(['id'], ['1']), { end: '' }),
      /sheet1\.xml does not end with <\/worksheet>/,
    ],
  ])('fails: %s', async (_what, bytes, message) => {
    const { error } = await read(bytes);
    expect(error).toBeInstanceOf(SourceError);
    expect(error?.message).toMatch(message);
  });

  it('fails with the way out if it is too large, from a file too', async () => {
    const path = directory.path('large.xlsx');
    writeFileSync(path, '');
    truncateSync(path, 64 * 1024 * 1024 + 1);
    const { error } = await drain(fromExcel(path));
    expect(error).toMatchObject({
      message: `${path}: a workbook is read into memory, and this one is larger than 64 MiB; save the sheet as CSV, which may be of any size`,
    });
  });

  it('is named for what it is by the other sources', async () => {
    const { error } = await drain(fromCsv([whole]));
    expect((error as Error).message).toMatch(/this is an Excel workbook \(\.xlsx\); read it with fromExcel/);
  });
});
