import { createReadStream, writeFileSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { SourceError } from '../../src/core/errors.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import { fromJson } from '../../src/sources/json/from-json.js';
import { fromJsonLines } from '../../src/sources/json/from-json-lines.js';
import { drain, openHandles, scratch } from './support.js';

const files = scratch();
afterAll(() => files.remove());

const ROWS = 20_000;
const csv = `id,name\n${Array.from({ length: ROWS }, (_, i) => `${i},Ünïcode name ${i}\n`).join('')}`;
const plain = files.path('rows.csv');
const zipped = files.path('rows.csv.gz');
writeFileSync(plain, csv);
writeFileSync(zipped, gzipSync(csv));

describe('the inputs of the file sources', () => {
  it.each([
    ['a path', () => plain],
    ['a URL', () => pathToFileURL(plain)],
    ['a path ending in .gz', () => zipped],
    ['a Readable', () => createReadStream(plain)],
    ['a Readable of text', () => createReadStream(plain, 'utf8')],
    ['bytes', () => Buffer.from(csv)],
    [
      'an async generator',
      () =>
        (async function* () {
          yield Buffer.from(csv);
        })(),
    ],
  ])('%s gives every row', async (_, input) => {
    const { records, error } = await drain(fromCsv(input()));
    expect(error).toBeUndefined();
    expect(records).toHaveLength(ROWS);
    expect(records[ROWS - 1]).toEqual({ id: String(ROWS - 1), name: `Ünïcode name ${ROWS - 1}` });
  });

  it('a gzipped stream is read when it is said to be one', async () => {
    const { records } = await drain(fromCsv(createReadStream(zipped), { gzip: true }));
    expect(records).toHaveLength(ROWS);
  });

  it('places name the path, or the name that was given', async () => {
    expect((await drain(fromCsv(plain))).files).toEqual(new Set([plain]));
    expect((await drain(fromCsv(plain, { name: 'people' }))).files).toEqual(new Set(['people']));
    expect((await drain(fromCsv(createReadStream(plain)))).files).toEqual(new Set([plain]));
  });

  it('a missing file, a directory and a broken archive are told with the file and their cause', async () => {
    const missing = await drain(fromCsv(files.path('none.csv')));
    expect(missing.error).toBeInstanceOf(SourceError);
    expect(missing.error).toMatchObject({
      file: files.path('none.csv'),
      message: expect.stringContaining('ENOENT') as string,
      cause: { code: 'ENOENT' },
    });
    expect((await drain(fromJson(files.path('')))).error).toMatchObject({ cause: { code: 'EISDIR' } });
    const broken = files.path('cut.csv.gz');
    writeFileSync(broken, gzipSync(csv).subarray(0, 5_000));
    const cut = await drain(fromCsv(broken));
    expect(cut.error).toBeInstanceOf(SourceError);
    expect(cut.error).toMatchObject({ file: broken, cause: { code: 'Z_BUF_ERROR' } });
    expect((await drain(fromCsv(files.path('none.csv.gz')))).error).toMatchObject({
      cause: { code: 'ENOENT' },
    });
  });

  it('a stream that fails fails the flow, after what came before', async () => {
    const fault = new Error('gone');
    const input = (async function* () {
      yield Buffer.from('{"a":1}\n');
      throw fault;
    })();
    const { records, error } = await drain(fromJsonLines(input));
    expect(records).toEqual([{ a: 1 }]);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ cause: fault });
  });

  it('nothing is opened before the first pull', () => {
    fromCsv(files.path('none.csv'))[Symbol.asyncIterator]();
    const stream = new PassThrough();
    fromCsv(stream).chunks();
    expect(stream.readableFlowing).toBeNull();
    stream.destroy();
  });

  it.each([
    ['a file', () => plain],
    ['an archive', () => zipped],
  ])('%s is closed when the reader leaves early, throws, or reads to the end', async (_, input) => {
    for await (const row of fromCsv(input())) {
      expect(row['id']).toBe('0');
      break;
    }
    const thrown = new Error('the reader fails');
    const fail = async () => {
      for await (const _row of fromCsv(input())) throw thrown;
    };
    await expect(fail()).rejects.toBe(thrown);
    await drain(fromCsv(input()));
    expect(openHandles(input())).toBe(0);
  });

  it('a file is closed after a fault in it', async () => {
    const bad = files.path('bad.csv');
    writeFileSync(bad, `${csv}"never closed`);
    expect((await drain(fromCsv(bad))).error).toBeInstanceOf(SourceError);
    expect(openHandles(bad)).toBe(0);
  });

  it('streams and generators are closed when the reader leaves early', async () => {
    const stream = Readable.from([Buffer.from('a\n1\n'), Buffer.from('2\n')]);
    for await (const _ of fromCsv(stream)) break;
    expect(stream.destroyed).toBe(true);
    let closed = 0;
    const generator = (gzip: boolean) =>
      (async function* () {
        try {
          for (;;) yield gzip ? gzipSync('a\n1\n') : Buffer.from('{"a":1}\n');
        } finally {
          closed++;
        }
      })();
    for await (const _ of fromJsonLines(generator(false))) break;
    for await (const _ of fromCsv(generator(true), { gzip: true })) break;
    expect(closed).toBe(2);
  });

  it('a path can be read again, a stream says that it was read', async () => {
    const again = fromCsv(plain);
    expect((await drain(again)).records).toHaveLength(ROWS);
    expect((await drain(again)).records).toHaveLength(ROWS);
    const once = fromCsv(createReadStream(plain));
    await drain(once);
    expect((await drain(once)).error).toMatchObject({
      code: 'ERR_ROLLCALL_SOURCE',
      message: expect.stringContaining('only once') as string,
    });
  });
});
