import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { OptionsError, SourceError } from '../../src/core/errors.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { fromJson } from '../../src/sources/json/from-json.js';
import { fromJsonLines } from '../../src/sources/json/from-json-lines.js';
import { borders, cut, drain, openHandles, scratch } from './support.js';

const files = scratch();
afterAll(() => files.remove());

const MARK = '\ufeff';
const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
const cp1252 = (text: string) => Buffer.from(text, 'latin1');

const CSV = 'id,name,city\n1,Zoë,Köln\n2,Bob,Bern\n';
const ROWS = [
  { id: '1', name: 'Zoë', city: 'Köln' },
  { id: '2', name: 'Bob', city: 'Bern' },
];

describe('the encoding of an input', () => {
  it.each([
    ['UTF-8', Buffer.from(CSV)],
    ['UTF-8 with a byte order mark', Buffer.from(MARK + CSV)],
    ['UTF-8 with three byte order marks', Buffer.from(MARK + MARK + MARK + CSV)],
    ['UTF-16 LE with a mark, as Excel writes it', utf16le(MARK + CSV)],
    ['UTF-16 LE without a mark', utf16le(CSV)],
    ['UTF-16 BE with a mark', utf16be(MARK + CSV)],
    ['UTF-16 BE without a mark', utf16be(CSV)],
    ['gzip whatever its name', gzipSync(CSV)],
    ['gzip of UTF-16', gzipSync(utf16le(MARK + CSV))],
  ])('is recognised: %s', async (_, bytes) => {
    const file = files.path('export.csv');
    writeFileSync(file, bytes);
    for (const input of [file, [...bytes].map((byte) => Uint8Array.of(byte)), [bytes]]) {
      const { records, lines, error } = await drain(fromCsv(input));
      expect(error).toBeUndefined();
      expect(records).toEqual(ROWS);
      expect(lines).toEqual([2, 3]);
    }
    expect(openHandles(file)).toBe(0);
  });

  it('can be said', async () => {
    const { records } = await drain(fromCsv([cp1252(CSV)], { encoding: 'windows-1252' }));
    expect(records).toEqual(ROWS);
    const file = files.path('export-1252.csv');
    writeFileSync(file, cp1252(CSV));
    expect((await drain(fromCsv(file, { encoding: 'windows-1252' }))).records).toEqual(ROWS);
    const lines = [Buffer.from('{"name":"Zo'), Uint8Array.of(0xeb), Buffer.from('"}\n')];
    expect((await drain(fromJsonLines(lines, { encoding: 'latin1' }))).records).toEqual([{ name: 'Zoë' }]);
    expect((await drain(fromJson([utf16le('[{"a":"ä"}]')]))).records).toEqual([{ a: 'ä' }]);
  });

  it('decodes every text in every encoding, wherever the chunks end', async () => {
    const ENCODINGS = [
      ['utf-8', (text: string) => Buffer.from(text)],
      ['utf-16le', utf16le],
      ['utf-16be', utf16be],
    ] as const;
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', ' '), minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.constantFrom(...ENCODINGS),
        fc.boolean(),
        borders,
        async (cell, encoded, said, at) => {
          const [encoding, encode] = encoded;
          const bytes = encode(`${said ? '' : MARK}id,name\n1,"${cell}"\n`);
          const options = said ? { encoding } : {};
          const { records, error } = await drain(fromCsv(cut(bytes, at), options));
          expect(error).toBeUndefined();
          expect(records).toEqual([{ id: '1', name: cell }]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('names the encoding and the line of bytes that are not in it', async () => {
    const cut16 = await drain(fromCsv([utf16le(`${CSV}3`).subarray(0, -1)], { name: 'x.csv' }));
    expect(cut16.error).toBeInstanceOf(SourceError);
    expect(cut16.error).toMatchObject({ message: 'x.csv:4: is not valid utf-16le' });
    const bytes = Buffer.concat([Buffer.from('id,name\n1,'), cp1252('Zoë\n')]);
    expect((await drain(fromCsv([bytes], { name: 'x.csv' }))).error).toMatchObject({
      message:
        'x.csv:2: is not valid UTF-8; if the file has another encoding, say which, such as windows-1252',
    });
  });

  it.each(['windows-1252', 'latin1', 'windows-1251', 'koi8-r', 'iso-8859-2', 'macintosh'])(
    'is not %s if the whole input is UTF-8: an export changed, and ü would become two characters',
    async (encoding) => {
      const people = Array.from({ length: 60 }, (_, i) => `${i + 2},Bob,Bern\n`).join('');
      const bytes = Buffer.from(`id,name,city\n1,Bob,Bern\n${people}99,Zoë,Köln\n100,Bob,Bern\n`);
      for (const at of [[], [1], [bytes.indexOf(0xc3) + 1], [...bytes.keys()]]) {
        const { error } = await drain(fromCsv(cut(bytes, at), { encoding, name: 'x.csv' }));
        expect(error).toBeInstanceOf(SourceError);
        expect((error as Error).message).toMatch(/^x\.csv:63: is UTF-8 and not /);
      }
      const marked = Buffer.from(MARK + CSV);
      expect((await drain(fromCsv([marked], { encoding }))).error).toBeInstanceOf(SourceError);
    },
  );

  it.each([
    ['windows-1252', Uint8Array.of(0xc3, 0xa9, 0xe9), 'Ã©é'],
    ['windows-1252', Uint8Array.of(0xdc, 0x62), 'Üb'],
    ['windows-1252', Uint8Array.of(0x61, 0xdc), 'aÜ'],
    ['windows-1251', Uint8Array.of(0xc2, 0xb3, 0xea, 0xf2, 0xee, 0xf0), 'Віктор'],
    ['koi8-r', Uint8Array.of(0xe9, 0xd7, 0xc1, 0xce), 'Иван'],
  ])('is %s if one character of the input cannot be UTF-8', async (encoding, cell, text) => {
    const bytes = Buffer.concat([Buffer.from('id,name\n1,'), cell]);
    const { records, error } = await drain(fromCsv([bytes], { encoding }));
    expect(error).toBeUndefined();
    expect(records).toEqual([{ id: '1', name: text }]);
  });

  it.each([
    ['the ZIP archive is damaged or was cut off', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0)],
    [
      'an Excel workbook of the old form (.xls) or with a password',
      Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1),
    ],
  ])('says what the file is: %s', async (what, bytes) => {
    for (const source of [fromCsv([bytes]), fromJson([bytes]), fromJsonLines([bytes])]) {
      const { error } = await drain(source);
      expect(error).toBeInstanceOf(SourceError);
      expect((error as Error).message).toContain(what);
    }
  });

  it('must be one that Node knows', () => {
    expect(() => fromCsv('x.csv', { encoding: 'ebcdic' })).toThrow(OptionsError);
    expect(() => fromCsv('x.csv', { encoding: 'ebcdic' })).toThrow(/unknown encoding "ebcdic"/);
  });
});
