import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/core/errors.js';
import { fromCsv, type FromCsvOptions } from '../../src/sources/csv/from-csv.js';
import { borders, bytewise, cut, drain } from './support.js';

const read = async (text: string, options: FromCsvOptions = {}) => {
  const { records, lines, error } = await drain(fromCsv(bytewise(text), { name: 'x.csv', ...options }));
  return { records, lines, error: (error as Error | undefined)?.message };
};

describe('the delimiter of a CSV file', () => {
  it('is recognised from any header, wherever the chunks end', async () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '-'), minLength: 1, maxLength: 5 });
    const names = fc.uniqueArray(
      name.filter((text) => text.trim() !== ''),
      { minLength: 2, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.constantFrom(',', ';', '\t', '|'),
        borders,
        async (header, delimiter, at) => {
          const quoted = header.map((text, i) => (i === 0 ? `"${text},;|\n"` : text));
          const text = `${quoted.join(delimiter)}\n${header.map((_, i) => `v${i}`).join(delimiter)}\n`;
          const { records, error } = await drain(fromCsv(cut(text, at)));
          expect(error).toBeUndefined();
          expect(Object.values(records[0] as object)).toEqual(header.map((_, i) => `v${i}`));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is the one that was given, or the one of the line sep=', async () => {
    const rows = [{ a: '1', 'b,c': '2' }];
    expect((await read('a;b,c\n1;2\n', { delimiter: ';' })).records).toEqual(rows);
    for (const line of ['sep=;', 'SEP=;\r', '"sep=;"\r'.slice(0, 6) + '\r']) {
      const { records, lines, error } = await read(`${line}\na;b,c\n1;2\n`);
      expect(error).toBeUndefined();
      expect(records).toEqual(rows);
      expect(lines).toEqual([3]);
    }
    expect(() => fromCsv('x.csv', { delimiter: ';;' })).toThrow(OptionsError);
  });

  it('is a comma in a file with one column', async () => {
    expect((await read('id\n1\n')).records).toEqual([{ id: '1' }]);
  });
});

describe('lines before the header', () => {
  it('are skipped, and count as lines', async () => {
    const { records, lines } = await read('People, as of today\n"\n\na;b\n1;2\n', { skipLines: 3 });
    expect(records).toEqual([{ a: '1', b: '2' }]);
    expect(lines).toEqual([5]);
    expect((await read('title', { skipLines: 3 })).error).toMatch(/the file is empty/);
    expect(() => fromCsv('x.csv', { skipLines: -1 })).toThrow(OptionsError);
  });
});

describe('a file that is no CSV', () => {
  it.each([
    ['{"id":"1"}\n', 'this looks like JSON'],
    ['[\n  {', 'this looks like JSON'],
    ['<?xml version="1.0"?>', 'this is HTML or XML'],
    ['\n<!doctype html>', 'this is HTML or XML'],
    ['%PDF-1.7\n', 'this is a PDF file'],
    ['SQLite format 3\0', 'this is an SQLite database'],
  ])('%j is recognised', async (text, message) => {
    expect((await read(text)).error).toContain(message);
  });
});

describe('rows without any text', () => {
  it('are blank lines wherever they are', async () => {
    const { records, lines, error } = await read('a,b\n\n1,2\n,\n"",""\r\n\r\n3,4\n,\n\n');
    expect(error).toBeUndefined();
    expect(records).toEqual([
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ]);
    expect(lines).toEqual([3, 7]);
  });
});

describe('a delimiter at the end of rows', () => {
  it.each([
    ['of the header too', 'a,b,\n1,2,\n3,4,\n'],
    ['of all rows', 'a,b\n1,2,\n3,"4",\n'],
    ['of the header too, with empty rows', 'a,b,,\n1,2,,\n,,,\n3,4,,\n'],
  ])('%s is no column', async (_, text) => {
    const { records, error } = await read(text);
    expect(error).toBeUndefined();
    expect(records).toEqual([
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ]);
  });

  it('and repeated headers hurt only in columns that are used', async () => {
    const columns = (name: string) => (name === 'a' ? 'a' : undefined);
    const text = 'a,b,b,\n1,x,y,z\n';
    expect((await read(text)).error).toMatch(/columns 2 and 3 have the same header/);
    expect((await read(text, { columns })).records).toEqual([{ a: '1' }]);
  });
});

describe('a trailer', () => {
  const trailer = 'TRAILER;{count}';
  it.each([
    ['with the right count', 'a;b\n1;2\n;\n3;4\nTRAILER;2\n\n', undefined],
    ['with another count', 'a;b\n1;2\nTRAILER;2\n', /x\.csv:3: the trailer says 2 rows, but the file has 1/],
    ['that is missing', 'a;b\n1;2\n', /has no trailer "TRAILER;\{count\}" at its end; it was cut off/],
    ['that was cut off', 'a;b\n1;2\nTRAILER', /the row has 1 field/],
    ['with rows after it', 'a;b\n1;2\nTRAILER;1\n3;4\n', /x\.csv:4: a row after the trailer on line 3/],
  ])('%s', async (_, text, message) => {
    const { records, error } = await read(text, { trailer });
    if (message === undefined) expect(error).toBeUndefined();
    else expect(error).toMatch(message);
    expect(records[0]).toEqual({ a: '1', b: '2' });
  });

  it('may have no count', async () => {
    expect((await read('a\n1\n*** END ***\r\n', { trailer: '*** END ***' })).records).toEqual([{ a: '1' }]);
    for (const bad of ['', ' ', '{count}', 'a{count}{count}'])
      expect(() => fromCsv('x.csv', { trailer: bad })).toThrow(OptionsError);
  });
});
