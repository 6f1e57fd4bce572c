import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { OptionsError, SourceError } from '../../src/core/errors.js';
import type { Flow } from '../../src/flow/flow.js';
import { fromCsv } from '../../src/sources/csv/from-csv.js';
import type { Input, InputOptions } from '../../src/sources/input/input.js';
import { fromJsonLines } from '../../src/sources/json/from-json-lines.js';
import { fromJson } from '../../src/sources/json/from-json.js';
import { drain, scratch } from './support.js';

const directory = scratch();
const path = (name: string) => directory.path(name);
afterAll(() => directory.remove());

type From = (input: Input, options?: InputOptions) => Flow<unknown>;
const SOURCES: readonly [name: string, from: From, text: string][] = [
  ['fromCsv', fromCsv as From, 'a,b\r\n,\r\n1,\r\n2,x\r\n\r\n,\r\n'],
  ['fromJson', fromJson as From, '[{"a":"1"},{"a":"2"}]'],
  ['fromJsonLines', fromJsonLines as From, '\n{"a":"1"}\n\n{"a":"2"}\n'],
];

const read = async (rows: Flow<unknown>) => {
  const { records, error } = await drain(rows);
  return { count: records.length, error: error as SourceError | undefined };
};

describe.each(SOURCES)('the option expectRows of %s', (_name, from, text) => {
  const input = () => [Buffer.from(text)];

  it('counts rows, without header and blank rows', async () => {
    const name = 'people';
    expect(await read(from(input(), { expectRows: 2 }))).toEqual({ count: 2, error: undefined });
    const fewer = await read(from(input(), { name, expectRows: 3 }));
    expect(fewer.count).toBe(2);
    expect(fewer.error).toBeInstanceOf(SourceError);
    expect(fewer.error?.message).toBe(
      'people: the number of rows is 2, but 3 are expected; the export was cut off',
    );
    const more = await read(from(input(), { name, expectRows: 1 }));
    expect(more.error?.message).toMatch(
      /number of rows is 2, but 1 are expected; it is not the export that was announced/,
    );
    expect((await read(from(input(), { expectRows: 0 }))).error).toBeInstanceOf(SourceError);
  });

  it('must be a whole number', () => {
    for (const bad of [-1, 1.5, Number.NaN, '2' as never])
      expect(() => from(input(), { expectRows: bad })).toThrow(OptionsError);
  });
});

describe('the rows of a CSV file', () => {
  it('are counted without its trailer', async () => {
    const rows = fromCsv([Buffer.from('a\n1\n2\nEND 2\n')], { trailer: 'END {count}', expectRows: 2 });
    expect(await read(rows)).toEqual({ count: 2, error: undefined });
  });
});

describe.each(SOURCES)('the option completeMarker of %s', (_name, from, text) => {
  const file = path('export.txt');
  const marker = path('export.done');
  /** Writes the file and its marker with these ages in seconds; undefined for a file that is missing. */
  const write = (ages: { readonly file: number; readonly marker: number | undefined }, content = text) => {
    const at = (age: number) => new Date(Date.UTC(2026, 0, 2) - age * 1000);
    rmSync(marker, { force: true });
    writeFileSync(file, content);
    utimesSync(file, at(ages.file), at(ages.file));
    if (ages.marker === undefined) return;
    writeFileSync(marker, '');
    utimesSync(marker, at(ages.marker), at(ages.marker));
  };

  it('lets a file pass whose marker is as old or newer', async () => {
    for (const age of [60, 59, 0]) {
      write({ file: 60, marker: age });
      expect(await read(from(file, { completeMarker: marker }))).toEqual({ count: 2, error: undefined });
      expect((await read(from(pathToFileURL(file), { completeMarker: marker }))).count).toBe(2);
    }
  });

  it('fails before the first row without a marker, and with one of an earlier export', async () => {
    write({ file: 60, marker: undefined });
    const missing = await read(from(file, { completeMarker: marker }));
    expect(missing.count).toBe(0);
    expect(missing.error).toBeInstanceOf(SourceError);
    expect(missing.error?.message).toBe(
      `${file}: the marker "${marker}" (completeMarker) does not exist, so the export is not complete; run again when it is`,
    );
    write({ file: 60, marker: 61 });
    const older = await read(from(file, { completeMarker: marker }));
    expect(older.count).toBe(0);
    expect(older.error?.message).toMatch(/marker .* is older than the file, so the export is not complete/);
  });

  it('fails if the file is written again while it is read', async () => {
    write({ file: 60, marker: 60 });
    const rows = from(file, { completeMarker: marker });
    const chunks = rows.chunks()[Symbol.asyncIterator]();
    // A first pull of one step opens the file; the end of the file is read after it was written again.
    const first = chunks.next();
    write({ file: 0, marker: 60 });
    await expect(
      (async () => {
        for (let step = await first; !step.done; step = await chunks.next());
      })(),
    ).rejects.toThrow(/is older than the file/);
  });

  it('needs a path, and a regular file', async () => {
    expect(() => from([Buffer.from(text)], { completeMarker: marker })).toThrow(OptionsError);
    expect(() => from(file, { completeMarker: '' })).toThrow(OptionsError);
    mkdirSync(path('directory'), { recursive: true });
    const { error } = await read(from(path('directory'), { completeMarker: marker }));
    expect(error?.message).toMatch(/it is not a regular file, so its age cannot be compared/);
    const none = await read(from(path('none.txt'), { completeMarker: marker }));
    expect(none.error?.message).toMatch(/none\.txt: cannot be read \(ENOENT: no such file\)/);
  });

  it('is asked for a gzipped file too', async () => {
    writeFileSync(file, gzipSync(text));
    rmSync(marker, { force: true });
    expect((await read(from(file, { completeMarker: marker }))).error?.message).toMatch(/does not exist/);
    writeFileSync(marker, '');
    expect((await read(from(file, { completeMarker: marker }))).count).toBe(2);
  });
});
