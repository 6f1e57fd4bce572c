import { execFileSync } from 'node:child_process';
import { appendFile, chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openInput, type InputSpec, type OpenInputOptions } from '../../src/cli/inputs/inputs.js';
import { findFiles } from '../../src/cli/inputs/paths.js';
import { Rereads } from '../../src/cli/inputs/rereads.js';
import { isFlow, type Flow } from '../../src/flow/flow.js';
import { OptionsError, SourceError } from '../../src/core/errors.js';
import { borders, cut } from '../sources/support.js';
import { zipOf } from '../support/zip.js';
import { directory, files } from './support.js';

async function read(spec: InputSpec, options: OpenInputOptions = {}) {
  const flow = openInput(spec, options) as Flow<Record<string, unknown>>;
  expect(isFlow(flow)).toBe(true);
  const rows: Record<string, unknown>[] = [];
  const places: string[] = [];
  for await (const chunk of flow.chunks()) {
    const at = chunk.places;
    chunk.forEach((row, i) => {
      rows.push({ ...row });
      places.push(`${at?.file?.split('/').at(-1)}:${at?.lines?.[i]}`);
    });
  }
  return { rows, places };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error as Error & { code?: string; file?: string; line?: number },
  );

const cell = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', ' ', '😀'), maxLength: 6 });
// A row of a CSV file without any text is a blank line, and one like the header belongs to a second file.
const row = fc
  .record({ a: cell, b: cell })
  .filter(({ a, b }) => (a !== '' || b !== '') && !/^\ufeff/.test(a + b) && !(a === 'a' && b === 'b'));
const rowsOf = fc.array(row, { minLength: 1, maxLength: 12 });
type Rows = { a: string; b: string }[];
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const csv = (rows: Rows, columns: ('a' | 'b')[] = ['a', 'b']) =>
  [columns.join(','), ...rows.map((row) => columns.map((name) => quoted(row[name])).join(',')), ''].join(
    '\n',
  );
const jsonl = (rows: Rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

describe('openInput', () => {
  it('reads the same rows from every format, gzipped or not, and from standard input cut anywhere', async () => {
    const cwd = await directory();
    await fc.assert(
      fc.asyncProperty(rowsOf, borders, async (rows, at) => {
        const texts = { csv: csv(rows), json: JSON.stringify(rows), jsonl: jsonl(rows), ndjson: jsonl(rows) };
        for (const [ending, text] of Object.entries(texts)) {
          const archive = zipOf([{ name: 'inner', content: text }]);
          await files(cwd, {
            [`x.${ending}`]: text,
            [`x.${ending}.gz`]: gzipSync(text),
            [`x.${ending}.zip`]: archive,
          });
          const plain = await read({ paths: [join(cwd, `x.${ending}`)] });
          expect(plain.rows).toEqual(rows);
          for (const packed of ['gz', 'zip']) {
            const zipped = await read({ paths: [join(cwd, `x.${ending}.${packed}`)] });
            expect(zipped.rows).toEqual(rows);
            expect(zipped.places).toEqual(
              plain.places.map((place) => place.replace(`.${ending}:`, `.${ending}.${packed}:`)),
            );
          }
          if (ending === 'ndjson') continue;
          const format = ending as 'csv' | 'json' | 'jsonl';
          const stdin = Readable.from(cut(text, at));
          expect((await read({ paths: ['-'], reading: { format } }, { stdin })).rows).toEqual(rows);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('reads many files as the one that holds their rows, whatever the order of columns', async () => {
    const cwd = await directory();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(rowsOf, fc.boolean()), { minLength: 1, maxLength: 4 }),
        async (parts) => {
          const names = parts.map((_, i) => `part${i}.csv`);
          const texts = parts.map(([rows, turned]) => csv(rows, turned ? ['b', 'a'] : ['a', 'b']));
          await files(cwd, Object.fromEntries(names.map((name, i) => [name, texts[i] as string])));
          const { rows, places } = await read({ paths: names.map((name) => join(cwd, name)) });
          expect(rows).toEqual(parts.flatMap(([part]) => part));
          expect(places.map((place) => place.split(':')[0])).toEqual(
            parts.flatMap(([part], i) => part.map(() => names[i])),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it('reads a .txt file as CSV with the delimiter of its header, and says that another one is JSON', async () => {
    const cwd = await directory();
    const tabs = 'a\tb\n1\tx, y\n';
    await files(cwd, { 'x.txt': tabs, 'y.TXT.gz': gzipSync(tabs), 'j.txt': '{"a":"2"}\n' });
    const expected = [{ a: '1', b: 'x, y' }];
    for (const name of ['x.txt', 'y.TXT.gz'])
      expect((await read({ paths: [join(cwd, name)] })).rows).toEqual(expected);
    expect((await failure(read({ paths: [join(cwd, 'j.txt')] }))).message).toContain('this looks like JSON');
    const reading = { format: 'jsonl' } as const;
    expect((await read({ paths: [join(cwd, 'j.txt')], reading })).rows).toEqual([{ a: '2' }]);
  });

  it('takes globs in the order of names, each file once, and a file whose name looks like a glob', async () => {
    const cwd = await directory();
    await mkdir(join(cwd, 'sub'));
    await files(cwd, {
      'b.csv': 'a\nb\n',
      'a10.csv': 'a\n10\n',
      'a9.csv.gz': gzipSync('a\n9\n'),
      'B.csv': 'a\nB\n',
      'other.txt': 'a\nno\n',
      '[x].csv': 'a\nx\n',
      'sub/c.csv': 'a\nc\n',
    });
    const values = async (...paths: string[]) =>
      (await read({ paths: paths.map((path) => join(cwd, path)) })).rows.map(({ a }) => a);
    expect(await values('*.csv*')).toEqual(['B', 'x', '10', '9', 'b']);
    expect(await values('b.csv', '{a10,b}.csv')).toEqual(['b', '10']);
    expect(await values('**/*.csv')).toEqual(['B', 'x', '10', 'b', 'c']);
    expect(await values('[x].csv')).toEqual(['x']);
  });

  it('searches no directory but that of a glob: a link to nowhere beside it is not its error', async () => {
    const cwd = await directory();
    await mkdir(join(cwd, 'in'));
    await files(cwd, { 'in/a.csv': 'a\n1\n', 'in/b.csv': 'a\n2\n' });
    await symlink(join(cwd, 'none'), join(cwd, 'gone'));
    const relativeTo = relative(process.cwd(), cwd);
    for (const [glob, found] of [
      [join(cwd, 'in/*.csv'), join(cwd, 'in')],
      [join(relativeTo, 'in/*.csv'), join(relativeTo, 'in')],
      [`./${relativeTo}/in/{a,b}.csv`, join(relativeTo, 'in')],
    ] as const)
      expect(await findFiles([glob])).toEqual([join(found, 'a.csv'), join(found, 'b.csv')]);
    expect(await findFiles(['package.jso?'])).toEqual(['package.json']);
    expect(await findFiles(['./package.jso?'])).toEqual(['package.json']);
  });

  it.each([
    [['none.csv'], /none\.csv: cannot be read \(ENOENT/],
    [['*.none.csv'], /\*\.none\.csv: no file matches this pattern$/],
    [['good.csv', 'none/*.csv'], /cannot be searched for files \(ENOENT\)|no file matches/],
    [['good.csv', 'lacks.csv'], /lacks\.csv:1: the columns differ from those of .*good\.csv: missing "b"$/],
    [['good.csv', 'more.csv'], /more\.csv:1: the columns differ from those of .*good\.csv: additional "c"$/],
    [['good.csv', 'header.csv'], /header\.csv:1: the columns .*: missing "a", "b"; additional "z"$/],
    [['good.csv', 'empty.csv'], /empty\.csv: the file is empty/],
    [['good.csv', 'ragged.csv'], /ragged\.csv:3: the row has 1 field/],
    [['broken.jsonl'], /broken\.jsonl:2: the line is not valid JSON$/],
    [['dir.csv'], /dir\.csv: cannot be read \(EISDIR\)/],
    [['not.csv.gz'], /not\.csv\.gz: the file is neither gzipped nor a ZIP archive, as its name says/],
    [['gone.cs?'], /gone\.csv: cannot be searched for files \(ENOENT\)$/],
  ])('fails for %j', async (paths, message) => {
    const cwd = await directory();
    await mkdir(join(cwd, 'dir.csv'));
    await files(cwd, {
      'good.csv': 'a,b\n1,2\n',
      'lacks.csv': 'a\n1\n',
      'more.csv': 'c,b,a\n1,2,3\n',
      'header.csv': 'z\n',
      'empty.csv': '',
      'ragged.csv': 'a,b\n1,2\n3\n',
      'broken.jsonl': '{"a":"1"}\n{"a":\n',
      'not.csv.gz': 'a,b\n1,2\n',
    });
    if (paths[0] === 'gone.cs?') await symlink(join(cwd, 'nothing'), join(cwd, 'gone.csv'));
    const error = await failure(read({ paths: paths.map((path) => join(cwd, path)) }));
    expect(error).toBeInstanceOf(SourceError);
    expect(error.message).toMatch(message);
    expect(error.file).toBeDefined();
  });

  it.skipIf(process.getuid?.() === 0)('fails for a directory that a glob cannot look into', async () => {
    const cwd = await directory();
    await mkdir(join(cwd, 'closed'));
    await files(cwd, { 'a.csv': 'a\n1\n', 'closed/b.csv': 'a\n2\n' });
    await chmod(join(cwd, 'closed'), 0);
    try {
      const error = await failure(read({ paths: [join(cwd, '**/*.csv')] }));
      expect(error.message).toMatch(/closed: cannot be searched for files \(EACCES\)$/);
    } finally {
      await chmod(join(cwd, 'closed'), 0o700);
    }
  });

  it('never takes a gzip file that was cut for a short one', async () => {
    const cwd = await directory();
    const whole = gzipSync('{"a":"1"}\n{"a":"2"}\n');
    for (let length = 0; length < whole.length; length++) {
      await files(cwd, { 'x.jsonl.gz': whole.subarray(0, length) });
      expect(await failure(read({ paths: [join(cwd, 'x.jsonl.gz')] }))).toBeInstanceOf(SourceError);
    }
  });

  it.skipIf(process.platform === 'win32')(
    'reads a named pipe like standard input, packed or not',
    async () => {
      const cwd = await directory();
      const pipe = join(cwd, 'pipe.csv');
      execFileSync('mkfifo', [pipe]);
      const text = 'a,b\n1,2\n';
      for (const bytes of [Buffer.from(text), gzipSync(text), zipOf([{ name: 'x.csv', content: text }])]) {
        const written = writeFile(pipe, bytes);
        expect((await read({ paths: [pipe] })).rows).toEqual([{ a: '1', b: '2' }]);
        await written;
      }
    },
  );

  it('fails when standard input does', async () => {
    const stdin = Readable.from(
      (async function* () {
        yield 'a\n1\n';
        await Promise.resolve();
        throw new Error('secret value');
      })(),
    );
    const error = await failure(read({ paths: ['-'], reading: { format: 'csv' } }, { stdin }));
    expect(error).toBeInstanceOf(SourceError);
    expect(error.message).toBe('standard input: cannot be read (the stream failed)');
  });

  it('fails for a file that grows while it is read', async () => {
    const cwd = await directory();
    const path = join(cwd, 'x.jsonl');
    await files(cwd, { 'x.jsonl': '{"a":"1"}\n'.repeat(40_000) });
    const rows = openInput({ paths: [path] });
    const error = await failure(
      (async () => {
        let first = true;
        for await (const _row of rows) {
          if (first) await appendFile(path, '{"a":"2"}\n');
          first = false;
        }
      })(),
    );
    expect(error.message).toBe(`${path}: the file changed while it was read; run again when it is complete`);
  });

  it.each([
    [{ paths: [] }, /^paths:/],
    [{ paths: ['-'] }, /^--format: the format of standard input is unknown/],
    [{ paths: ['people.dat'] }, /^--format: the format of people.dat is unknown/],
    [{ paths: ['-', '-'], reading: { format: 'csv' as const } }, /^-: standard input can be read only once/],
  ])('refuses %j at once', (spec, message) => {
    expect(() => openInput(spec)).toThrow(OptionsError);
    expect(() => openInput(spec)).toThrow(message);
  });

  it('reads in the format of the name, or in the one that was given for all', async () => {
    const cwd = await directory();
    await files(cwd, { 'x.csv': 'a\n1\n', 'x.txt': '{"a":"2"}\n', 'x.json': '{"a":"3"}\n' });
    const paths = [join(cwd, 'x.csv'), join(cwd, 'x.txt')];
    expect((await read({ paths, reading: { format: 'jsonl' } })).rows).toEqual([{ a: '1' }, { a: '2' }]);
    const named = { paths: [join(cwd, 'x.json')], reading: { format: 'jsonl' as const, formatForAll: true } };
    expect((await read(named)).rows).toEqual([{ a: '3' }]);
  });

  it('holds the header to the columns that are needed, and leaves others out when told to', async () => {
    const cwd = await directory();
    await files(cwd, { 'x.csv': 'employee_id,mail,salary\n1,m,9\n' });
    const paths = [join(cwd, 'x.csv')];
    const columns = { names: ['mail', 'employee_id'], others: 'leave' } as const;
    expect((await read({ paths }, { columns })).rows).toEqual([{ employee_id: '1', mail: 'm' }]);
    const kept = await read({ paths }, { columns: { names: ['mail'], others: 'keep' } });
    expect(kept.rows).toEqual([{ employee_id: '1', mail: 'm', salary: '9' }]);
    const error = await failure(read({ paths }, { columns: { names: ['employeeid'], others: 'leave' } }));
    expect(error.message).toBe(
      `${paths[0]}:1: the header has no column "employeeid"; did you mean "employee_id"?`,
    );
  });
});

describe('Rereads', () => {
  it('gives standard input as often as it is asked for, and refuses one that is too large', async () => {
    const text = csv([{ a: '1', b: '2' }]);
    const stdin = () => Readable.from([Buffer.from(text)]);
    const spec = { paths: ['-'], reading: { format: 'csv' } } as const;
    const options = { stdin: stdin(), rereads: new Rereads(text.length) };
    expect(await read(spec, options)).toEqual(await read(spec, options));
    const error = await failure(read(spec, { stdin: stdin(), rereads: new Rereads(text.length - 1) }));
    expect(error.message).toMatch(/^standard input: the mapping needs this input more than once/);
  });

  it('refuses a file that changed between two reads, at the same size too', async () => {
    const cwd = await directory();
    const paths = [join(cwd, 'x.csv')];
    const rereads = new Rereads();
    await files(cwd, { 'x.csv': 'a\n1\n' });
    const first = await read({ paths }, { rereads });
    expect(await read({ paths }, { rereads })).toEqual(first);
    await files(cwd, { 'x.csv': 'a\n2\n' });
    const error = await failure(read({ paths }, { rereads }));
    expect(error).toBeInstanceOf(SourceError);
    expect(error.message).toMatch(/x\.csv: the file changed between two reads of this run/);
  });

  it('leaves a file out that comes up between two reads', async () => {
    const cwd = await directory();
    const paths = [join(cwd, '*.csv')];
    const rereads = new Rereads();
    await files(cwd, { 'x.csv': 'a\n1\n' });
    await read({ paths }, { rereads });
    await files(cwd, { 'y.csv': 'a\n2\n' });
    expect((await read({ paths }, { rereads })).rows).toEqual([{ a: '1' }]);
  });
});
