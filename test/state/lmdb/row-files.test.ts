import { mkdtemp, readdir, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entity } from '../../../src/core/model.js';
import type { Tables } from '../../../src/state/lmdb/lmdb-tables.js';
import type { Extent, NumberedPage, Part } from '../../../src/state/lmdb/extent.js';
import { RowFiles } from '../../../src/state/lmdb/row-files.js';
import { checkRowFiles } from '../../../src/state/lmdb/row-files-check.js';
import { plainTable } from '../../support/plain-table.js';
import { runs } from '../../support/runs.js';
import { openFiles } from '../../support/open-files.js';

const MEGABYTE = 1 << 20;
const CORRUPT = { code: 'ERR_ROLLCALL_STATE_CORRUPT' };

let directory: string;
let extents: ReturnType<typeof plainTable<Extent>>;
let opened: RowFiles[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-files-'));
  extents = plainTable<Extent>();
  opened = [];
});
afterEach(async () => {
  for (const files of opened) files.close();
  await rm(directory, { recursive: true });
});

const tables = () => ({ extents }) as unknown as Tables;
function open(generation = 1, entity: Entity = 'users'): RowFiles {
  const files = new RowFiles(tables(), entity, directory, generation);
  opened.push(files);
  return files;
}

const page = (number: number, text: string): NumberedPage => ({ number, bytes: Buffer.from(text) });
const rowsOf = (files: RowFiles, part: Part, end: number) =>
  Array.from(files.pages(part, end), ({ number, bytes }) => [number, bytes?.toString()]);
const oneByOne = (files: RowFiles, part: Part, end: number) =>
  Array.from({ length: end }, (_, number) => [number, files.page(part, number)?.toString()]);
const names = async () => (await readdir(directory)).sort();
const named = () => [...new Set([...extents.entries.values()].map(({ file }) => file))].sort();

describe('pages in files', () => {
  it('are what was written last of each, read one by one or in order, by whoever opens them', async () => {
    const anyPages = fc.uniqueArray(
      fc
        .tuple(fc.nat(9), fc.string({ minLength: 1, maxLength: 5 }))
        .map(([number, text]) => page(number, text)),
      { selector: ({ number }) => number, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyPages, anyPages, fc.constantFrom('stay', 'open', 'load', 'rewrite')), {
          maxLength: 6,
        }),
        async (steps) => {
          extents = plainTable<Extent>();
          let files = open();
          const plain = { rows: new Map<number, string>(), prints: new Map<number, string>() };
          const all = (part: Part) =>
            Array.from({ length: 11 }, (_, number) => [number, plain[part].get(number)]);
          for (const [generation, [rows, prints, then]] of steps.entries()) {
            files.append([
              ['rows', rows],
              ['prints', prints],
            ]);
            for (const { number, bytes } of rows) plain.rows.set(number, Buffer.from(bytes).toString());
            for (const { number, bytes } of prints) plain.prints.set(number, Buffer.from(bytes).toString());
            if (then === 'open') files = open(generation + 2);
            if (then === 'load') files.load();
            if (then === 'rewrite') {
              const held = (part: Part) =>
                [...plain[part]].map(([number, text]): NumberedPage => page(number, text));
              files.replace(
                await files.rewrite([
                  ['rows', held('rows')],
                  ['prints', held('prints')],
                ]),
              );
              await files.dropUnnamed();
            }
            for (const part of ['rows', 'prints'] as const) {
              expect(rowsOf(files, part, 11)).toEqual(all(part));
              expect(oneByOne(files, part, 11)).toEqual(all(part));
              expect(Array.from({ length: 11 }, (_, number) => files.has(part, number))).toEqual(
                all(part).map(([, text]) => text !== undefined),
              );
            }
          }
          for (const each of opened.splice(0)) each.close();
          await Promise.all((await names()).map((name) => unlink(join(directory, name))));
        },
      ),
      { numRuns: runs(25) },
    );
  });

  it('that are many are read in blocks, a page larger than a block whole', () => {
    const files = open();
    const pages = Array.from({ length: 40 }, (_, number) => ({
      number,
      bytes: Buffer.alloc(number === 20 ? MEGABYTE + 5 : 60_000 + number, `page ${number} `),
    }));
    files.append([['rows', pages]]);
    for (const [number, stored] of [...files.pages('rows', 40)].entries()) expect(stored.number).toBe(number);
    let number = 0;
    for (const { bytes } of files.pages('rows', 40)) {
      expect(bytes?.equals((pages[number] as NumberedPage).bytes), `page ${number}`).toBe(true);
      expect(files.page('rows', number)?.equals((pages[number] as NumberedPage).bytes)).toBe(true);
      number++;
    }
    expect(number).toBe(40);
  });

  it('that are written while they are read are seen as they are then', () => {
    const files = open();
    files.append([['rows', [page(0, 'a'), page(1, 'b'), page(2, 'c')]]]);
    const seen: unknown[] = [];
    for (const { number, bytes } of files.pages('rows', 3)) {
      seen.push(bytes?.toString());
      if (number === 0) files.append([['rows', [page(1, 'new b'), page(2, 'new c')]]]);
    }
    expect(seen).toEqual(['a', 'new b', 'new c']);
  });

  it('that are rewritten while they are read are seen as they are then', async () => {
    const files = open();
    files.append([['rows', [page(0, 'a'), page(1, 'b')]]]);
    const rewritten = await files.rewrite([['rows', [page(0, 'a'), page(1, 'new b')]]]);
    const seen: unknown[] = [];
    for (const { number, bytes } of files.pages('rows', 2)) {
      seen.push(bytes?.toString());
      if (number === 0) files.replace(rewritten);
    }
    expect(seen).toEqual(['a', 'new b']);
  });

  it('of a transaction that fails while they are read are not seen any more', async () => {
    const files = open();
    files.append([['rows', [page(0, 'a'), page(1, 'kept')]]]);
    files.append([['rows', [page(0, 'lost'), page(1, 'lost too')]]]);
    const seen: unknown[] = [];
    await extents.remove(['users', 1]);
    for (const { number, bytes } of files.pages('rows', 2)) {
      seen.push(bytes?.toString());
      if (number === 0) files.load();
    }
    expect(seen).toEqual(['lost', 'kept']);
  });

  it('are appended to the file of their writer, whose name is its own, and none is made for nothing', async () => {
    const files = open(7);
    files.append([['rows', []]]);
    files.append([]);
    expect(await names()).toEqual([]);
    files.append([['rows', [page(0, 'abc')]]]);
    files.append([['prints', [page(0, 'de')]]]);
    expect(await names()).toEqual(['users-7-1.rows']);
    const file = join(directory, 'users-7-1.rows');
    expect(await stat(file)).toMatchObject({ size: 5 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const other = open(8);
    other.append([['rows', [page(1, 'x')]]]);
    const groups = open(7, 'groups');
    groups.append([['rows', [page(0, 'g')]]]);
    expect(await names()).toEqual(['groups-7-1.rows', 'users-7-1.rows', 'users-8-1.rows']);
    expect(rowsOf(other, 'rows', 2)).toEqual([
      [0, 'abc'],
      [1, 'x'],
    ]);
    expect(rowsOf(groups, 'rows', 1)).toEqual([[0, 'g']]);
    // One that is there already, of a process that died, is left alone.
    const again = open(7);
    again.append([['rows', [page(2, 'y')]]]);
    expect(await names()).toContain('users-7-2.rows');
    expect(await stat(file)).toMatchObject({ size: 5 });
  });

  it('of a transaction that was not committed are forgotten, and written over', async () => {
    const files = open();
    files.append([['rows', [page(0, 'kept')]]]);
    files.append([['rows', [page(0, 'lost'), page(1, 'lost too')]]]);
    await extents.remove(['users', 1]);
    files.load();
    expect(rowsOf(files, 'rows', 2)).toEqual([
      [0, 'kept'],
      [1, undefined],
    ]);
    files.append([['rows', [page(1, 'later')]]]);
    expect(await stat(join(directory, 'users-1-1.rows'))).toMatchObject({
      size: 'lost too'.length + 'keptlost'.length,
    });
    expect([...extents.entries.values()].map(({ offset }) => offset)).toEqual([0, 4]);
    expect(rowsOf(open(2), 'rows', 2)).toEqual([
      [0, 'kept'],
      [1, 'later'],
    ]);
  });

  it('are worth writing anew where they are spread over many files, or more lies unused than is used', () => {
    const files = open(1);
    files.append([['rows', [page(0, 'x')]]]);
    expect(files.wasteful).toBe(false);
    for (let generation = 2; generation <= 16; generation++) {
      const next = open(generation);
      next.append([['rows', [page(generation, 'x')]]]);
      expect(next.wasteful).toBe(false);
    }
    open(17).append([['rows', [page(17, 'x')]]]);
    expect(open(18).wasteful).toBe(true);

    extents = plainTable<Extent>();
    const large = open(20);
    const bytes = Buffer.alloc(MEGABYTE);
    // Two megabytes are used; three may lie unused beside them.
    for (let i = 0; i < 4; i++) large.append([[i === 0 ? 'prints' : 'rows', [{ number: 0, bytes }]]]);
    large.append([['rows', [{ number: 0, bytes }]]]);
    expect(large.wasteful).toBe(false);
    large.append([['rows', [{ number: 0, bytes: bytes.subarray(1) }]]]);
    expect(large.wasteful).toBe(true);
    expect(open(21).wasteful).toBe(true);
  });

  it('that are rewritten count from then on, alone, and the old files go', async () => {
    const files = open();
    files.append([['rows', [page(0, 'old'), page(3, 'gone')]]]);
    // Larger than what is written at once, and pages that stand across its end.
    const pages = [0, 1, 2].map((number) => ({
      number,
      bytes: Buffer.alloc(number === 1 ? 2 * MEGABYTE + 9 : 700_000 + number, `page ${number} `),
    }));
    const rewritten = await files.rewrite([
      ['rows', pages],
      ['prints', [page(1, 'prints')]],
    ]);
    expect(rewritten.name).toBe('users-1-2.rows');
    expect(rowsOf(files, 'rows', 1)).toEqual([[0, 'old']]);
    expect(named()).toEqual(['users-1-1.rows']);
    files.replace(rewritten);
    expect(named()).toEqual(['users-1-2.rows']);
    await files.dropUnnamed();
    expect(await names()).toEqual(['users-1-2.rows']);
    for (const each of [files, open(2)]) {
      for (const { number, bytes } of pages)
        expect(each.page('rows', number)?.equals(bytes), `page ${number}`).toBe(true);
      expect(each.page('prints', 1)?.toString()).toBe('prints');
      expect(each.has('rows', 3)).toBe(false);
      expect(each.wasteful).toBe(false);
    }
    // What is written next goes into a file of its own, never into the one that others may read.
    files.append([['rows', [page(0, 'next')]]]);
    await files.dropUnnamed();
    expect(await names()).toEqual(['users-1-2.rows', 'users-1-3.rows']);
    expect(files.page('rows', 0)?.toString()).toBe('next');
  });

  it('keep the file of their writer, though no extent names it yet', async () => {
    const files = open();
    files.append([['rows', [page(0, 'lost')]]]);
    await extents.remove(['users', 0]);
    files.load();
    await files.dropUnnamed();
    files.append([['rows', [page(0, 'kept')]]]);
    expect(rowsOf(open(2), 'rows', 1)).toEqual([[0, 'kept']]);
  });

  it('of one writer are in one file, however often it writes', () => {
    const files = open();
    for (let i = 0; i < 20; i++) files.append([['rows', [page(i, 'x')]]]);
    expect(files.wasteful).toBe(false);
    expect(named()).toEqual(['users-1-1.rows']);
  });

  it('cannot be written where there is no directory', () => {
    const files = new RowFiles(tables(), 'users', join(directory, 'missing'), 1);
    expect(() => files.append([['rows', [page(0, 'x')]]])).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });

  it('are closed with all their files', () => {
    const isOpen = () => openFiles((path) => path.startsWith(directory));
    open(1).append([['rows', [page(0, 'x')]]]);
    const files = open(2);
    files.append([['rows', [page(1, 'y')]]]);
    expect(files.page('rows', 0)?.toString()).toBe('x');
    expect(isOpen()).toBe(3);
    for (const each of opened.splice(0)) each.close();
    expect(isOpen()).toBe(0);
  });

  it('of which one cannot be made anew leave no file behind', async () => {
    const files = open();
    files.append([['rows', [page(0, 'kept')]]]);
    function* failing(): Generator<NumberedPage> {
      yield page(0, 'x');
      throw new Error('cannot be read');
    }
    await expect(files.rewrite([['rows', failing()]])).rejects.toThrow('cannot be read');
    expect(await names()).toEqual(['users-1-1.rows']);
    expect(rowsOf(files, 'rows', 1)).toEqual([[0, 'kept']]);
  });

  it('that were rewritten in vain are removed, also when all files were closed meanwhile', async () => {
    const files = open();
    files.append([['rows', [page(0, 'kept')]]]);
    const { name } = await files.rewrite([['rows', [page(0, 'new')]]]);
    expect(await names()).toEqual(['users-1-1.rows', name]);
    files.close();
    await files.drop(name);
    expect(await names()).toEqual(['users-1-1.rows']);
  });

  it('without any are rewritten into nothing', async () => {
    const files = open();
    files.replace(await files.rewrite([['rows', []]]));
    expect([...extents.entries]).toEqual([]);
  });

  it('that were cut off or are gone are told when they are read', async () => {
    open().append([['rows', [page(0, 'abc'), page(1, 'def')]]]);
    const [name] = (await names()) as [string];
    await truncate(join(directory, name), 5);
    const cut = open(2);
    expect(cut.page('rows', 0)?.toString()).toBe('abc');
    expect(() => cut.page('rows', 1)).toThrow(expect.objectContaining(CORRUPT));
    expect(() => rowsOf(cut, 'rows', 2)).toThrow(expect.objectContaining(CORRUPT));
    await unlink(join(directory, name));
    expect(() => open(3).page('rows', 0)).toThrow(
      expect.objectContaining({ ...CORRUPT, cause: expect.objectContaining({ code: 'ENOENT' }) as unknown }),
    );
  });
});

describe('a look at all files of rows', () => {
  it('finds them whole, and removes those that nobody names, and nothing else', async () => {
    const files = open();
    files.append([['rows', [page(0, 'abc'), page(1, 'de')]]]);
    files.append([['prints', [page(0, 'f')]]]);
    open(1, 'memberships').append([['rows', [page(0, 'm')]]]);
    const left = ['groups-3-1.rows', 'users-12-34.rows', 'memberships-1-2.rows'];
    const others = [
      'users-1-x.rows',
      'people-1-1.rows',
      'x-users-1-1.rows',
      'users-1-1.rows.old',
      'data.mdb',
    ];
    for (const name of [...left, ...others]) await writeFile(join(directory, name), '');
    await checkRowFiles(directory, tables());
    expect(await names()).toEqual([...others, 'users-1-1.rows', 'memberships-1-1.rows'].sort());
  });

  it.each([
    ['cut off', (file: string) => truncate(file, 5)],
    ['missing', (file: string) => unlink(file)],
  ])('tells of one that is %s, whichever extent reaches furthest', async (_, harm) => {
    const files = open();
    files.append([['rows', [page(0, 'abc'), page(1, 'def')]]]);
    await checkRowFiles(directory, tables());
    const last = extents.entries.get('["users",0]') as Extent;
    // A later extent that ends earlier does not hide the end of the first.
    await extents.put(['users', 1], { ...last, pages: new Uint8Array(0) });
    await harm(join(directory, 'users-1-1.rows'));
    await expect(checkRowFiles(directory, tables())).rejects.toMatchObject(CORRUPT);
  });
});
