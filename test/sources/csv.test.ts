import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionsError, SourceError } from '../../src/core/errors.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { borders, bytewise, cut, drain } from './support.js';

const read = (text: string, options = {}) => drain(fromCsv(bytewise(text), options));

/** The reference: written from RFC 4180, quoting when asked to or when it must. */
function encodeCell(cell: string, quote: boolean): string {
  return quote || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

const cell = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é', '€', '😀', ' ', '\ufeff'),
    maxLength: 8,
  }),
);

const table = fc.integer({ min: 1, max: 5 }).chain((columns) =>
  fc.record({
    header: fc.uniqueArray(
      cell.filter((name) => name.trim() !== '' && name !== '__proto__' && !name.startsWith('\ufeff')),
      { minLength: columns, maxLength: columns },
    ),
    rows: fc.array(fc.array(fc.tuple(cell, fc.boolean()), { minLength: columns, maxLength: columns }), {
      maxLength: 20,
    }),
    crlf: fc.array(fc.boolean(), { minLength: 21, maxLength: 21 }),
    bom: fc.boolean(),
    lastNewline: fc.boolean(),
  }),
);

describe('fromCsv', () => {
  it('gives back every table, with the line of every row, whatever the chunk borders', async () => {
    await fc.assert(
      fc.asyncProperty(table, borders, async ({ header, rows, crlf, bom, lastNewline }, at) => {
        const records = [
          header.map((name) => encodeCell(name, false)).join(','),
          // A row of one empty cell is a blank line unless it is quoted.
          ...rows.map((row) =>
            row.map(([text, quote]) => encodeCell(text, quote || row.length === 1)).join(','),
          ),
        ];
        let text = bom ? '\ufeff' : '';
        const lines: number[] = [];
        records.forEach((record, i) => {
          lines.push(text.split('\n').length);
          text += record + (i < records.length - 1 || lastNewline ? (crlf[i] ? '\r\n' : '\n') : '');
        });
        const result = await drain(fromCsv(cut(text, at), { delimiter: ',' }));
        const cells = rows.map((row) => row.map(([text]) => text));
        // Two files that were joined have a header or a byte order mark between rows.
        const joined = cells.findIndex(
          (row) => row[0]?.startsWith('\ufeff') || row.every((text, i) => text === header[i]),
        );
        const whole = joined === -1 ? cells : cells.slice(0, joined);
        if (joined === -1) expect(result.error).toBeUndefined();
        else
          expect(result.error).toMatchObject({
            message: expect.stringMatching(/were two files joined/) as string,
          });
        const isBlank = (row: readonly string[]) => row.every((text) => text === '');
        expect(result.records.map((row) => header.map((name) => row[name]))).toEqual(
          whole.filter((row) => !isBlank(row)),
        );
        expect(result.lines).toEqual(
          lines.slice(1, whole.length + 1).filter((_, i) => !isBlank(cells[i] ?? [])),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('comes to the same in one chunk, byte by byte, and as text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('a', 'b', '"', ',', '\n', '\r', 'é'), maxLength: 40 }),
        borders,
        async (tail, at) => {
          const text = `x,y\n${tail}`;
          const told = async (input: Iterable<Uint8Array | string>) => {
            const { records, lines, error } = await drain(fromCsv(input));
            return { records, lines, error: (error as Error | undefined)?.message };
          };
          const whole = await told([Buffer.from(text)]);
          expect(await told(bytewise(text))).toEqual(whole);
          expect(await told(cut(text, at))).toEqual(whole);
          expect(await told([...text])).toEqual(whole);
        },
      ),
      { numRuns: 400 },
    );
  });

  it.each([
    ['a last row that is cut', 'a,b\n1,2\n1', true],
    ['a last row that is cut behind a quoted cell', 'a,b,c\n"1","2"', true],
    ['a last row that is cut after a delimiter', 'a,b,c\n1,', true],
    ['a short row that is not the last', 'a,b\n1\n1,2', false],
    ['a short last row with its line end', 'a,b\n1,2\n1\n', false],
    ['a last row that is too long', 'a,b\n1,2,3', false],
  ])('says whether the file may be cut off: %s', async (_, text, isCut) => {
    for (const input of [bytewise(text), [text], [Buffer.from(text)]]) {
      const { error } = await drain(fromCsv(input, { name: 'people.csv' }));
      const { message } = error as Error;
      expect(message).toMatch(/but the header has \d/);
      expect(message.endsWith('; it is the last line; the file may be cut off')).toBe(isCut);
    }
  });

  it.each([
    ['a row with too many fields', 'a,b\n1,2\n1,2,3\n', 3, 'the row has 3 fields, but the header has 2'],
    ['a row with too few fields', 'a,b\n1\n', 2, 'the row has 1 field, but the header has 2'],
    ['a quoted row with too few fields', 'a,b\n"1"\n', 2, 'the row has 1 field'],
    ['a row too long after a quoted line break', 'a,b\n"1\n\n",2\n1,2,3', 5, 'the row has 3 fields'],
    ['a quote that is never closed', 'a,b\n1,2\n"x\ny,2\n', 3, 'this opening quote has no closing quote'],
    ['a second quote that is never closed', 'a,b\n"1\n2","x\n', 3, 'this opening quote has no closing quote'],
    ['text after a closing quote', 'a,b\n"1"x,2\n', 2, 'text after a closing quote'],
    ['a space after a closing quote', 'a,b\n"1" ,2\n', 2, 'text after a closing quote'],
    ['a repeated header', 'a,b,a\n', 1, 'columns 1 and 3 have the same header'],
    ['a value in a column without a header', 'a,,b\n1,,2\n1,x,2\n', 3, 'column 2 has a value'],
    ['a value under a header of spaces', 'a, \n1,2\n', 2, 'column 2 has a value'],
    ['a blank before an opening quote', 'a,b\n1, "2"\n', 2, 'a blank before an opening quote'],
    ['a byte order mark between rows', 'a,b\n1,2\n\ufeffa,b\n3,4\n', 3, 'a byte order mark between rows'],
    ['the header between rows', 'a,b\n1,2\na,b\n3,4\n', 3, 'the header appears again'],
    ['a delimiter at the end of some rows', 'a,b\n1,2\n1,2,\n', 3, 'the row has 3 fields'],
    ['a row without the delimiter of all others', 'a,b\n1,2,\n1,2\n', 3, 'and other rows have 3'],
    ['a quoted row with a shifted cell', 'a,b\n1,2,\n"1",2,3,\n', 3, 'the row has 4 fields'],
    ['a lone carriage return', 'a,b\n1,2\r3,4\n', 2, 'carriage return'],
    ['a lone carriage return beside a quote', 'a,b\n"1",2\r3\n', 2, 'carriage return'],
    ['a column called __proto__', 'a,__proto__\n', 1, '__proto__'],
  ])('refuses %s, naming file and line', async (_, text, line, message) => {
    for (const input of [bytewise(text), [text], [Buffer.from(text)]]) {
      const { error } = await drain(fromCsv(input, { name: 'people.csv' }));
      expect(error).toBeInstanceOf(SourceError);
      expect(error).toMatchObject({
        file: 'people.csv',
        line,
        message: expect.stringContaining(message) as string,
      });
      expect((error as Error).message).toContain(`people.csv:${line}: `);
    }
  });

  it('hands on the rows before a fault', async () => {
    const { records, error } = await read('a,b\n1,2\n3,4\n5\n');
    expect(records).toEqual([
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ]);
    expect(error).toBeInstanceOf(SourceError);
  });

  it('refuses bytes that are not UTF-8, after the lines before them', async () => {
    const bytes = Buffer.concat([Buffer.from('a,b\n1,"x\ny"\n'), Buffer.from([0x32, 0x2c, 0xff, 0x0a])]);
    for (const input of [[bytes], [...bytes].map((b) => Uint8Array.of(b))]) {
      const { records, error } = await drain(fromCsv(input));
      expect(records).toEqual([{ a: '1', b: 'x\ny' }]);
      expect(error).toMatchObject({ line: 4, message: expect.stringContaining('UTF-8') as string });
    }
    const truncated = await drain(fromCsv([Buffer.from('a\n1\n'), Buffer.from([0xe2, 0x82])]));
    expect(truncated.error).toMatchObject({ line: 3 });
  });

  it('refuses an empty file, and takes one of a header alone', async () => {
    expect((await read('')).error).toBeInstanceOf(SourceError);
    expect((await read('\ufeff')).error).toBeInstanceOf(SourceError);
    expect(await read('a,b')).toMatchObject({ records: [], error: undefined });
  });

  it('takes blank lines at the end, and quotes inside plain fields as they are', async () => {
    expect((await read('a,b\r\n1,2\r\n\r\n\n')).records).toEqual([{ a: '1', b: '2' }]);
    expect((await read('a,b\n5" pipe,2\n')).records).toEqual([{ a: '5" pipe', b: '2' }]);
  });

  it('a file that ends inside a quote is refused', async () => {
    const rows = fromCsv(['id,name\n1,"Ann"\n2,"Bo']);
    const seen: unknown[] = [];
    await expect(
      (async () => {
        for await (const row of rows) seen.push(row);
      })(),
    ).rejects.toMatchObject({ code: 'ERR_ROLLCALL_SOURCE', line: 3 });
    expect(seen).toHaveLength(1);
  });

  it('renames, leaves out and requires columns', async () => {
    const text = 'employee_id,mail,note\n7,a@x,hello\n';
    const byName = await read(text, { columns: { employee_id: 'externalId', mail: 'email' } });
    expect(byName.records).toEqual([{ externalId: '7', email: 'a@x', note: 'hello' }]);
    const byFunction = await read(text, {
      columns: (header: string) => (header === 'note' ? undefined : header.toUpperCase()),
    });
    expect(byFunction.records).toEqual([{ EMPLOYEE_ID: '7', MAIL: 'a@x' }]);
    expect((await read(text, { columns: { surname: 'lastName' } })).error).toMatchObject({
      line: 1,
      message: expect.stringContaining('"surname"') as string,
    });
    expect((await read(text, { columns: { mail: 'note' } })).error).toMatchObject({
      message: expect.stringContaining('two columns') as string,
    });
  });

  it('reads other delimiters', async () => {
    expect((await read('a;b\n"1;2";3,4\n', { delimiter: ';' })).records).toEqual([{ a: '1;2', b: '3,4' }]);
    expect((await read('a\tb\n1\t2', { delimiter: '\t' })).records).toEqual([{ a: '1', b: '2' }]);
  });

  it('gives up on a quote that is not closed before it has gathered the file', async () => {
    let pulled = 0;
    const endless = (function* () {
      yield 'a,b\n"';
      for (;;) {
        pulled++;
        yield 'x\n'.repeat(500);
      }
    })();
    const { error } = await drain(fromCsv(endless, { maxRecordLength: 10_000 }));
    expect(error).toMatchObject({ line: 2, message: expect.stringContaining('maxRecordLength') as string });
    expect(pulled).toBeLessThan(15);
  });

  it('no row has a prototype of its own', async () => {
    const { records } = await read('constructor,toString,hasOwnProperty\n1,2,3\n');
    expect(Object.getPrototypeOf(records[0])).toBe(Object.prototype);
    expect({ ...records[0] }).toEqual({ constructor: '1', toString: '2', hasOwnProperty: '3' });
  });

  it('checks its options when it is called', () => {
    expect(() => fromCsv('x.csv', { delimiter: ';;' })).toThrow(OptionsError);
    expect(() => fromCsv('x.csv', { delimiter: '"' })).toThrow(OptionsError);
    expect(() => fromCsv('')).toThrow(OptionsError);
    expect(() => fromCsv(7 as never)).toThrow(OptionsError);
    expect(() => fromCsv(new URL('https://example.com/x.csv'))).toThrow(OptionsError);
    expect(() => fromCsv('x.csv', { maxRecordLength: 0 })).toThrow(OptionsError);
    expect(() => fromCsv('x.csv', { columns: { a: '' } })).toThrow(OptionsError);
    expect(() => fromCsv('x.csv', { delimeter: ';' } as never)).toThrow(/delimeter/);
  });
});
