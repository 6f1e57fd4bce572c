import { createReadStream, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { SourceError } from '../../src/core/errors.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import type { Input } from '../../src/sources/input/input.js';
import { fromJsonLines } from '../../src/sources/json/from-json-lines.js';
import { zipOf, type ZippedFile } from '../support/zip.js';
import { borders, cut, drain, openHandles, scratch } from './support.js';

const directory = scratch();
afterAll(() => directory.remove());

const TEXT = 'a,b\n1,é\n2,x\n';
const ROWS = [
  { a: '1', b: 'é' },
  { a: '2', b: 'x' },
];
const csv: ZippedFile = { name: 'people.csv', content: TEXT };

/** Reads an archive from a file of this name, whose place is not known by its content, and from a stream. */
async function bothWays(archive: Uint8Array, name = 'people.csv') {
  const path = directory.path(name);
  writeFileSync(path, archive);
  const results = [];
  for (const input of [path, [archive]] as Input[]) {
    const { records, error } = await drain(fromCsv(input, { name }));
    results.push({ records, error: error as SourceError | undefined });
  }
  expect(openHandles(path)).toBe(0);
  return results;
}

describe('a ZIP archive of one file', () => {
  it.each<[string, ZippedFile[], string?]>([
    ['with Deflate', [csv]],
    ['stored', [{ ...csv, method: 0 }]],
    ['with its sizes after the content, as programs write that stream', [{ ...csv, flags: 8 }]],
    [
      'in a folder',
      [
        { name: 'export/', content: '', method: 0 },
        { ...csv, name: 'export/people.csv' },
      ],
    ],
    [
      'made on a Mac',
      [csv, { name: '__MACOSX/._people.csv', content: 'x' }, { name: '.DS_Store', content: '' }],
    ],
    ['with a comment', [csv], 'made by HR'],
    ['with a name in another language', [{ ...csv, name: 'Müller.csv', flags: 0x800 }]],
    ['of UTF-16', [{ ...csv, content: Buffer.from(`\ufeff${TEXT}`, 'utf16le') }]],
    ['of a gzipped file', [{ ...csv, content: gzipSync(TEXT) }]],
  ])('is read %s', async (_what, files, comment) => {
    for (const { records, error } of await bothWays(zipOf(files, comment))) {
      expect(error).toBeUndefined();
      expect(records).toEqual(ROWS);
    }
  });

  it('is read whatever its name, also by gzip', async () => {
    for (const name of ['people.csv', 'people.zip', 'people.csv.zip', 'people.csv.gz', 'people']) {
      for (const { records } of await bothWays(zipOf([csv]), name)) expect(records).toEqual(ROWS);
      for (const { records } of await bothWays(gzipSync(TEXT), name)) expect(records).toEqual(ROWS);
    }
  });

  it('is the same from a stream, wherever its chunks end', async () => {
    const archive = zipOf([csv]);
    await fc.assert(
      fc.asyncProperty(borders, async (at) => {
        expect((await drain(fromCsv(Readable.from(cut(archive, at))))).records).toEqual(ROWS);
      }),
      { numRuns: 50 },
    );
  });

  it('is unpacked in pieces from a file, and closed if the reader leaves early', async () => {
    const path = directory.path('large.zip');
    const lines = Array.from({ length: 200_000 }, (_, i) => `{"id":"${i}"}\n`).join('');
    writeFileSync(path, zipOf([{ name: 'x.jsonl', content: lines }]));
    const first = fromJsonLines(path)[Symbol.asyncIterator]();
    expect((await first.next()).value).toEqual({ id: '0' });
    await first.return?.();
    expect(openHandles(path)).toBe(0);
    expect((await drain(fromJsonLines(path))).records).toHaveLength(200_000);
    expect((await drain(fromJsonLines(createReadStream(path)))).records).toHaveLength(200_000);
  });
});

describe('an archive that is at fault', () => {
  it('fails wherever it is cut, and never gives a part of the rows as all of them', async () => {
    const archive = zipOf([csv]);
    for (let length = 1; length < archive.length; length++) {
      const [file, stream] = await bothWays(archive.subarray(0, length), 'cut.zip');
      expect(file?.error).toBeInstanceOf(SourceError);
      // Fewer bytes from a stream are any text.
      if (length >= 4) expect(stream?.error).toBeInstanceOf(SourceError);
    }
    writeFileSync(directory.path('empty.zip'), '');
    const { error } = await drain(fromJsonLines(directory.path('empty.zip')));
    expect((error as Error).message).toMatch(/empty\.zip: the file is neither gzipped nor a ZIP archive/);
  });

  it('fails if a byte of its content is another', async () => {
    const stored = zipOf([{ ...csv, method: 0 }]);
    const at = stored.indexOf('2,x');
    stored[at] = 0x33;
    for (const { error } of await bothWays(stored))
      expect(error?.message).toMatch(/the ZIP archive is damaged or was cut off \(the check sum/);
  });

  it.each<[string, ZippedFile[], RegExp]>([
    ['without a file', [], /the ZIP archive has no file/],
    [
      'with several files',
      [csv, { ...csv, name: 'old.csv' }],
      /has 2 files \("people\.csv", "old\.csv"\); unpack it/,
    ],
    [
      'with many files',
      Array.from({ length: 9 }, (_, i) => ({ ...csv, name: `${i}.csv` })),
      /has 9 files \("0\.csv", "1\.csv", "2\.csv", "3\.csv", "4\.csv", \.\.\.\)/,
    ],
    ['that is encrypted', [{ ...csv, flags: 1 }], /the ZIP archive is encrypted; unpack it first/],
    ['with another method', [{ ...csv, method: 12 }], /compressed by method 12, which is not supported/],
    [
      'with a wrong check sum',
      [{ ...csv, crc: 1 }],
      /damaged or was cut off \(the check sum of its file is wrong\)/,
    ],
    [
      'that is an Excel workbook',
      [
        { name: '[Content_Types].xml', content: '' },
        { name: 'xl/workbook.xml', content: '' },
      ],
      /this is an Excel workbook \(\.xlsx\); read it with fromExcel/,
    ],
    [
      'that is a spreadsheet of LibreOffice',
      [
        { name: 'mimetype', content: 'application/vnd.oasis.opendocument.spreadsheet', method: 0 },
        { name: 'content.xml', content: '' },
      ],
      /this is an OpenDocument file, such as a spreadsheet of LibreOffice/,
    ],
    ['with a path that leads out of it', [{ ...csv, name: '../people.csv' }], /the ZIP archive is damaged/],
  ])('fails %s', async (_what, files, message) => {
    for (const { error } of await bothWays(zipOf(files))) {
      expect(error).toBeInstanceOf(SourceError);
      expect(error?.message).toMatch(message);
      expect(error?.file).toBe('people.csv');
    }
  });

  it('is not unpacked again and again', async () => {
    let archive = zipOf([csv]);
    for (let depth = 0; depth < 3; depth++) archive = zipOf([{ name: 'inner.zip', content: archive }]);
    for (const { error } of await bothWays(archive))
      expect(error?.message).toMatch(/there is an archive inside the archive/);
  });

  it('must not be text that follows bytes', async () => {
    const { error } = await drain(fromCsv([zipOf([csv]).subarray(0, 600), 'text']));
    expect((error as Error).message).toMatch(/damaged|text after bytes/);
  });
});
