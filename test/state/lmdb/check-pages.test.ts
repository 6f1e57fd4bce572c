import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { open, type Database, type RootDatabase } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPages } from '../../../src/state/lmdb/check-pages.js';
import { DAMAGES, draws } from '../../support/damage.js';
import { entryOf, freeTree, mainTree, metasOf, namedTree, valueOf } from '../../support/lmdb-layout.js';
import { runs } from '../../support/runs.js';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-pages-'));
  file = join(directory, 'state.mdb');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const openRoot = () =>
  open<Buffer, Buffer>({ path: file, noSubdir: true, maxDbs: 16, pageSize: 4096, overlappingSync: false });
const table = (root: RootDatabase, name: string): Database<Buffer, Buffer> =>
  root.openDB<Buffer, Buffer>({ name, keyEncoding: 'binary', encoding: 'binary' });
const check = () => checkPages(file, directory);
const corrupt = { code: 'ERR_ROLLCALL_STATE_CORRUPT' };

let made: Buffer | undefined;

/** A file of several databases, with deep trees, long keys and values of many pages, and a list of free pages. */
async function filled(): Promise<Buffer> {
  if (made === undefined) {
    const root = openRoot();
    const rows = table(root, 'rows');
    const long = table(root, 'long');
    const numbered = root.openDB<string, number>({ name: 'numbered', keyEncoding: 'uint32' });
    for (let round = 0; round < 4; round++)
      root.transactionSync(() => {
        for (let i = round; i < 900; i += round + 1)
          rows.putSync(Buffer.from(`row-${i}`), Buffer.alloc(30, round));
        for (let i = 0; i < 12; i++)
          long.putSync(Buffer.alloc(1000 + i, i), Buffer.alloc(2000 * (i + round), 'x'));
        for (let i = 0; i < 300; i++) numbered.putSync(i * 7 + round, 'value');
      });
    await root.close();
    made = await readFile(file);
  }
  await writeFile(file, made);
  return Buffer.from(made);
}

const rows = (bytes: Buffer) => namedTree(bytes, 'rows');
/** An entry of the first leaf of the rows. */
const row = (bytes: Buffer, n = 0) => entryOf(bytes, rows(bytes).leaf, n);
const keyBytes = (bytes: Buffer) => bytes.readUInt16LE(row(bytes) + 6);
/** The place of a long value: its first page, a transaction, and the count of its pages. */
const long = (bytes: Buffer) => {
  const { leaf } = namedTree(bytes, 'long');
  for (let n = 0; ; n++) {
    const entry = entryOf(bytes, leaf, n);
    if (bytes.readUInt16LE(entry + 4) === 1) return valueOf(bytes, entry);
  }
};
const freeList = (bytes: Buffer) => valueOf(bytes, entryOf(bytes, freeTree(bytes).leaf, 0));
const add = (bytes: Buffer, at: number, by: number) => bytes.writeUInt16LE(bytes.readUInt16LE(at) + by, at);
/** Swaps two numbers of 16 bits that are neighbours. */
const swap = (bytes: Buffer, at: number) =>
  bytes.writeUInt32LE(((bytes.readUInt16LE(at) << 16) | bytes.readUInt16LE(at + 2)) >>> 0, at);

describe('the pages of a state', () => {
  it('are whole after whatever LMDB was asked for', async () => {
    const put = fc.record({
      at: fc.integer({ min: 0, max: 1500 }),
      count: fc.integer({ min: 1, max: 200 }),
      bytes: fc.constantFrom(0, 1, 40, 2000, 5000, 30_000),
      remove: fc.boolean(),
      table: fc.constantFrom('users', 'groups'),
      clear: fc.nat(9).map((n) => n === 0),
    });
    const commits = fc.array(
      fc.record({
        puts: fc.array(put, { maxLength: 4 }),
        /** What fails leaves the file as it was. */
        fails: fc.boolean(),
        /** A reader keeps the pages that it may still need from being used again. */
        reads: fc.boolean(),
        reopens: fc.boolean(),
      }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(commits, async (commits) => {
        await rm(file, { force: true });
        let root = openRoot();
        const openTables = () => ({ users: table(root, 'users'), groups: table(root, 'groups') });
        let tables = openTables();
        await check();
        for (const { puts, fails, reads, reopens } of commits) {
          const reading = reads ? root.useReadTransaction() : undefined;
          const change = () => {
            for (const { at, count, bytes, remove, table: name, clear } of puts) {
              if (clear) tables[name].clearSync();
              for (let i = at; i < at + count; i++) {
                const key = Buffer.from(`key-${(i * 7919) % 1501}`);
                if (remove) tables[name].removeSync(key);
                else if (bytes < 3000 || i % 50 === 0) tables[name].putSync(key, Buffer.alloc(bytes, i));
              }
            }
            if (fails) throw new Error('on purpose');
          };
          if (fails) expect(() => root.transactionSync(change)).toThrow('on purpose');
          else root.transactionSync(change);
          await check();
          reading?.done();
          if (!reopens) continue;
          await root.close();
          root = openRoot();
          tables = openTables();
          await check();
        }
        await root.close();
      }),
      { numRuns: runs(25) },
    );
  });

  it('of any kind are checked: branches and leaves, long values, numbered keys and free pages', async () => {
    await filled();
    await check();
  });

  it.each(Object.keys(DAMAGES))('never end the process when they are damaged: %s', async (kind) => {
    const whole = await filled();
    await fc.assert(
      fc.asyncProperty(draws, async (random) => {
        const bytes = DAMAGES[kind]?.(Buffer.from(whole), random) as Buffer;
        await writeFile(file, bytes);
        const outcome = await check().then(
          () => undefined,
          (error: unknown) => error,
        );
        if (outcome !== undefined) {
          expect(outcome).toMatchObject({ code: expect.stringMatching(/_(CORRUPT|FORMAT)$/) as string });
          return;
        }
        // What is taken for whole can be opened and read to its end.
        const root = openRoot();
        for (const name of ['rows', 'long', 'numbered'])
          for (const { key } of table(root, name).getRange()) expect(key.length).toBeGreaterThan(0);
        await root.close();
      }),
      { numRuns: runs(40) },
    );
  });

  it.each<[string, (file: Buffer) => void]>([
    ['a page that says another number', (file) => add(file, rows(file).page(0), 1)],
    ['a page of a later transaction', (file) => file.writeBigUInt64LE(1000n, rows(file).page(0) + 8)],
    ['a page with another flag', (file) => add(file, rows(file).page(0) + 18, 0x20)],
    ['a branch in the place of a leaf', (file) => file.writeUInt16LE(1, rows(file).page(0) + 18)],
    ['a leaf in the place of a branch', (file) => file.writeUInt16LE(2, rows(file).page() + 18)],
    ['a page without an entry', (file) => file.writeUInt16LE(0, rows(file).page(0) + 20)],
    ['half an entry', (file) => add(file, rows(file).page(0) + 20, 1)],
    ['one entry less', (file) => add(file, rows(file).page(0) + 20, -2)],
    ['a gap that ends before it begins', (file) => file.writeUInt16LE(1, rows(file).page(0) + 22)],
    ['a gap that ends behind the page', (file) => file.writeUInt16LE(4080, rows(file).page(0) + 22)],
    ['a gap that is longer', (file) => add(file, rows(file).page(0) + 22, -2)],
    ['an entry in the gap', (file) => file.writeUInt16LE(2, rows(file).page(0) + 24)],
    ['an entry that begins behind the page', (file) => file.writeUInt16LE(4070, rows(file).page(0) + 24)],
    ['a key that ends behind the page', (file) => file.writeUInt16LE(5000, row(file) + 6)],
    ['a value that ends behind the page', (file) => file.writeUInt32LE(5000, row(file))],
    ['a value that is longer', (file) => add(file, row(file), 2)],
    ['an entry with a flag that no row has', (file) => file.writeUInt16LE(2, row(file) + 4)],
    ['two keys that changed places', (file) => swap(file, rows(file).page(0) + 24)],
    ['a key twice', (file) => file.copyWithin(row(file, 1), row(file), row(file) + 8 + keyBytes(file))],
    ['a branch that begins later', (file) => (file[entryOf(file, rows(file).page(), 1) + 8] = 0xff)],
    ['a branch that begins earlier', (file) => (file[entryOf(file, rows(file).page(), 1) + 8] = 1)],
    [
      'a branch that leads to a meta page',
      (file) => file.writeUInt32LE(1, entryOf(file, rows(file).page(), 0)),
    ],
    [
      'a branch that leads behind the file',
      (file) => file.writeUInt32LE(1e6, entryOf(file, rows(file).page(), 0)),
    ],
    [
      'two branches to one page',
      (file) =>
        file.copyWithin(
          entryOf(file, rows(file).page(), 1),
          entryOf(file, rows(file).page(), 0),
          entryOf(file, rows(file).page(), 0) + 4,
        ),
    ],
    ['a long value of fewer pages', (file) => add(file, long(file) + 16, -1)],
    [
      'a long value of more pages than there are',
      (file) => file.writeBigUInt64LE(1n << 40n, long(file) + 16),
    ],
    [
      'a long value whose first page says otherwise',
      (file) => add(file, Number(file.readBigUInt64LE(long(file))) * 4096 + 20, 1),
    ],
    [
      'a long value on a page of rows',
      (file) => file.writeBigUInt64LE(BigInt(rows(file).leaf / 4096), long(file)),
    ],
    ['a database with one entry less', (file) => add(file, rows(file).record + 32, -1)],
    ['a database with one branch more', (file) => add(file, rows(file).record + 8, 1)],
    ['a database with one leaf more', (file) => add(file, rows(file).record + 16, 1)],
    ['a database with one page of long values more', (file) => add(file, rows(file).record + 24, 1)],
    ['a database that is deeper', (file) => add(file, rows(file).record + 6, 1)],
    ['a database deeper than any', (file) => file.writeUInt16LE(33, rows(file).record + 6)],
    ['a database of another kind', (file) => file.writeUInt16LE(4, rows(file).record + 4)],
    ['a database without a root', (file) => file.writeBigUInt64LE((1n << 64n) - 1n, rows(file).record + 40)],
    [
      'numbered keys of another length',
      (file) => add(file, entryOf(file, namedTree(file, 'numbered').leaf, 1) + 6, 1),
    ],
    ['a database that is a row', (file) => file.writeUInt16LE(0, entryOf(file, mainTree(file).leaf, 0) + 4)],
    ['the record of a database cut short', (file) => add(file, entryOf(file, mainTree(file).leaf, 0), -2)],
    ['a list of free pages with one more', (file) => add(file, freeList(file), 1)],
    ['a list of free pages with one less', (file) => add(file, freeList(file), -1)],
    [
      'a list of free pages that is longer than its value',
      (file) => file.writeBigUInt64LE(1n << 50n, freeList(file)),
    ],
    ['a list of free pages with no end', (file) => file.writeBigUInt64LE((1n << 64n) - 1n, freeList(file))],
    [
      'a free page that is used',
      (file) => file.writeBigUInt64LE(BigInt(rows(file).leaf / 4096), freeList(file) + 8),
    ],
    ['a free page that is a meta page', (file) => file.writeBigUInt64LE(0n, freeList(file) + 8)],
    ['a free page behind the last', (file) => file.writeBigUInt64LE(1n << 40n, freeList(file) + 8)],
    [
      'a last page that is farther than any',
      (file) => file.writeBigUInt64LE(1n << 50n, metasOf(file)[0] + 144),
    ],
    ['a last page that is one page farther', (file) => add(file, metasOf(file)[0] + 144, 1)],
    ['an older meta page from long ago', (file) => add(file, metasOf(file)[1] + 152, -2)],
  ])('are damaged by %s', async (_, change) => {
    const bytes = await filled();
    change(bytes);
    await writeFile(file, bytes);
    await expect(check()).rejects.toMatchObject(corrupt);
  });

  it('that are free at the end of the file need not be there: LMDB never wrote them', async () => {
    const root = openRoot();
    const rows = table(root, 'rows');
    table(root, 'others');
    const key = Buffer.from('key');
    rows.putSync(key, Buffer.alloc(0));
    root.transactionSync(() => {
      rows.putSync(key, Buffer.alloc(30_000));
      rows.removeSync(key);
    });
    await root.close();
    const bytes = await readFile(file);
    const last = Math.max(Number(bytes.readBigUInt64LE(144)), Number(bytes.readBigUInt64LE(4096 + 144)));
    expect(bytes.length).toBeLessThan((last + 1) * 4096);
    await check();
  });

  it('are damaged where a commit went back: the page of the last one is older than it must be', async () => {
    const whole = await filled();
    const bytes = Buffer.from(whole);
    const [a, b] = [bytes.readBigUInt64LE(152), bytes.readBigUInt64LE(4096 + 152)];
    const newer = a > b ? 0 : 4096;
    bytes.writeBigUInt64LE((a > b ? a : b) - 4n, newer + 152);
    await writeFile(file, bytes);
    await expect(check()).rejects.toMatchObject(corrupt);
  });

  it('name the directory, and how to go on', async () => {
    const bytes = await filled();
    bytes.fill(0, 8192);
    await writeFile(file, bytes);
    await expect(check()).rejects.toMatchObject({
      ...corrupt,
      message: expect.stringMatching(new RegExp(`${directory}.*state export.*sync --adopt`, 's')) as string,
    });
  });
});
