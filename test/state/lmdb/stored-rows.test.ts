import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entity } from '../../../src/core/model.js';
import type { Extent } from '../../../src/state/lmdb/extent.js';
import type { Tables } from '../../../src/state/lmdb/lmdb-tables.js';
import { RowFiles, type Rewritten } from '../../../src/state/lmdb/row-files.js';
import type { OverlaidRow } from '../../../src/state/lmdb/row-overlay.js';
import {
  HASH_WORDS_AT,
  PAGE_WORDS,
  ROWS_PER_PAGE,
  WORDS,
  writeFingerprint,
} from '../../../src/state/lmdb/row-page.js';
import { StoredRows } from '../../../src/state/lmdb/stored-rows.js';
import { plainTable } from '../../support/plain-table.js';
import { runs } from '../../support/runs.js';
import { openFiles } from '../../support/open-files.js';

const CORRUPT = expect.objectContaining({ code: 'ERR_ROLLCALL_STATE_CORRUPT' }) as Error;

let directory: string;
let extents: ReturnType<typeof plainTable<Extent>>;
let overlays: ReturnType<typeof plainTable<Buffer>>;
let opened: StoredRows[];
let generation = 0;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-stored-'));
  extents = plainTable<Extent>();
  overlays = plainTable<Buffer>();
  opened = [];
});
afterEach(async () => {
  for (const stored of opened) stored.close();
  await rm(directory, { recursive: true });
});

const tables = () => ({ extents, overlays }) as unknown as Tables;
function open(entity: Entity = 'users'): { readonly stored: StoredRows; readonly files: RowFiles } {
  const files = new RowFiles(tables(), entity, directory, ++generation);
  const stored = new StoredRows(tables(), entity, files);
  opened.push(stored);
  return { stored, files };
}

const print = (key: string, version = 0) => `${version}:${key}`.padEnd(16, '.');
const named = (key: string, prints = '', version = 0): OverlaidRow => ({
  fingerprint: print(key, version),
  prints,
  key,
  hash: 1,
});
const changed = (key: string, prints = '', version = 1): OverlaidRow => ({
  fingerprint: print(key, version),
  prints,
  key: undefined,
  hash: 0,
});
const UNKNOWN: OverlaidRow = { fingerprint: '', prints: '', key: undefined, hash: 0 };
const FREE: OverlaidRow = { fingerprint: undefined, prints: '', key: '', hash: 0 };

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const rowsFrom = (from: number, to: number, prints = '') =>
  new Map(numbers(from, to).map((row) => [row, named(`k${row}`, prints)]));
const wordsOf = (fingerprint: string | undefined) => {
  const words = new Uint32Array(WORDS);
  writeFingerprint(words, 0, fingerprint);
  return [...words];
};
const rewritten = async (stored: StoredRows, rows: number) => (await stored.rewrite(rows)) as Rewritten;

describe('stored rows', () => {
  it('are what was said of them last, scattered or dense, before and after they are written anew', async () => {
    const step = fc.record({
      what: fc.constantFrom('change', 'free', 'unknown'),
      from: fc.nat(300),
      step: fc.constantFrom(1, 1, 3, 7),
      length: fc.nat(110),
      adds: fc.nat(150),
      prints: fc.constantFrom('', 'p', 'other'),
      then: fc.constantFrom('stay', 'open', 'merge'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Entity[]>('users', 'users', 'memberships'),
        fc.array(step, { minLength: 1, maxLength: 5 }),
        async (entity, steps) => {
          extents = plainTable<Extent>();
          overlays = plainTable<Buffer>();
          let { stored } = open(entity);
          let count = 0;
          const model = new Map<number, { key: string; fingerprint: string; prints: string }>();
          for (const [
            version,
            { what, from, step: by, length, adds, then, prints: text },
          ] of steps.entries()) {
            const prints = entity === 'memberships' ? '' : text;
            const now = new Map<number, OverlaidRow>();
            const name = (row: number) => {
              const key = `${version}k${row}`;
              now.set(row, named(key, prints, version));
              model.set(row, { key, fingerprint: print(key, version), prints });
            };
            for (let row = from; row < Math.min(count, from + length * by); row += by) {
              const held = model.get(row);
              if (held === undefined) {
                name(row);
              } else if (what === 'free') {
                now.set(row, FREE);
                model.delete(row);
              } else if (what === 'unknown') {
                now.set(row, UNKNOWN);
                model.set(row, { ...held, fingerprint: '', prints: '' });
              } else {
                now.set(row, changed(held.key, prints, version));
                model.set(row, { ...held, fingerprint: print(held.key, version), prints });
              }
            }
            for (const row of numbers(count, count + adds)) name(row);
            count += adds;
            stored.store(now);
            if (then === 'open') ({ stored } = open(entity));
            if (then === 'merge') stored.replace(await rewritten(stored, count));
            if (then === 'merge') expect(stored.overlaidRows).toBe(0);

            const inOrder = [...model].sort(([a], [b]) => a - b);
            expect([...stored.rows(count)].flat()).toEqual(
              inOrder.map(([, { key, fingerprint, prints: own }]) => ({
                entity,
                kind: 'upsert',
                key,
                fingerprint: fingerprint + own,
              })),
            );
            expect([...stored.keysWhere(count, () => true)]).toEqual(inOrder.map(([, { key }]) => key));
            const all = numbers(0, count + ROWS_PER_PAGE);
            expect(all.map((row) => stored.prints(row))).toEqual(
              all.map((row) => model.get(row)?.prints ?? ''),
            );
            const words = new Uint32Array(WORDS);
            for (const [row, { key, fingerprint }] of model) {
              expect(stored.holds(row, key, words)).toBe(true);
              expect([...words]).toEqual(wordsOf(fingerprint));
              expect(stored.holds(row, `${key}?`, words)).toBe(false);
            }
          }
          for (const each of opened.splice(0)) each.close();
        },
      ),
      { numRuns: runs(20) },
    );
  });

  it('of every kind are the same in a page, over it, in another process and written anew', async () => {
    let { stored } = open();
    const model = new Map<number, string | undefined>();
    const store = (rows: readonly (readonly [number, OverlaidRow])[]) => {
      stored.store(new Map(rows));
      for (const [row, { fingerprint, prints, key }] of rows) {
        const held = model.get(row)?.split(' ')[0];
        model.set(row, fingerprint === undefined ? undefined : `${key ?? held} ${fingerprint}${prints}`);
      }
    };
    const expectHeld = (overlaid: number) => {
      expect(stored.overlaidRows).toBe(overlaid);
      const held = [...model.values()].filter((row) => row !== undefined);
      expect([...stored.rows(312)].flat().map(({ key, fingerprint }) => `${key} ${fingerprint}`)).toEqual(
        held,
      );
      expect([...stored.keysWhere(312, () => true)]).toEqual(held.map((row) => row.split(' ')[0]));
      // The hash by which a row is found stays where its key does.
      const words = new Uint32Array(PAGE_WORDS);
      for (const { number, bytes } of stored.pages(312)) {
        stored.words(number, bytes, words);
        for (const row of numbers(number * ROWS_PER_PAGE, (number + 1) * ROWS_PER_PAGE))
          if (model.get(row) !== undefined)
            expect(words[HASH_WORDS_AT + (row % ROWS_PER_PAGE)], `row ${row}`).toBe(1);
      }
      for (const [row, told] of model)
        expect(stored.prints(row)).toBe(told?.split(' ')[1]?.slice(print('').length) ?? '');
    };
    // The last two pages have no prints.
    store([...rowsFrom(0, 192, 'p'), ...rowsFrom(192, 312)]);
    expectHeld(0);
    store([
      [1, changed('k1', 'longer')],
      [2, FREE],
      [3, UNKNOWN],
      [4, named('other', 'r')],
      [200, changed('k200', 's')],
    ]);
    expectHeld(5);
    // So many of a page that it is written anew; what was overlaid must not come to lie over what is newer.
    store([
      [1, changed('k1', 'q', 2)],
      [5, FREE],
      [6, UNKNOWN],
      [7, named('again', 't')],
      ...numbers(8, 40).map((row) => [row, changed(`k${row}`, `u${row}`)] as const),
    ]);
    expectHeld(5);
    ({ stored } = open());
    expectHeld(5);
    const groups = open('groups').stored;
    groups.store(rowsFrom(0, 3));
    stored.replace(await rewritten(stored, 312));
    expectHeld(0);
    ({ stored } = open());
    expectHeld(0);
    expect(open('groups').stored.overlaidRows).toBe(3);
  });

  it('are not found by a key that they had before', () => {
    const { stored } = open();
    stored.store(rowsFrom(0, ROWS_PER_PAGE));
    stored.store(
      new Map([
        [1, named('other')],
        [2, FREE],
        [3, changed('k3')],
        [4, UNKNOWN],
        [200, named('alone')],
      ]),
    );
    const words = new Uint32Array(WORDS);
    const found = (row: number, key: string) => {
      words.fill(7);
      return stored.holds(row, key, words) ? [...words] : undefined;
    };
    expect(found(0, 'k0')).toEqual(wordsOf(print('k0')));
    expect(found(1, 'k1')).toBeUndefined();
    expect(found(1, 'other')).toEqual(wordsOf(print('other')));
    expect(found(2, 'k2')).toBeUndefined();
    expect(found(3, 'k3')).toEqual(wordsOf(print('k3', 1)));
    expect(found(3, 'k4')).toBeUndefined();
    expect(found(4, 'k4')).toEqual(wordsOf(''));
    // Neither a page nor anything over it; and over a page that is not there.
    expect(found(100, 'k100')).toBeUndefined();
    expect(found(200, 'alone')).toEqual(wordsOf(print('alone')));
  });

  it('are told as far as they are asked for, each by its number and its fingerprint', () => {
    const { stored } = open();
    stored.store(rowsFrom(0, 3 * ROWS_PER_PAGE, 'p'));
    stored.store(new Map([[1, changed('k1', 'q')]]));
    const first = ROWS_PER_PAGE + 4;
    expect([...stored.rows(first)].flat().map(({ key }) => key)).toEqual(
      numbers(0, first).map((row) => `k${row}`),
    );
    const asked: [number, readonly number[]][] = [];
    const odd = (row: number, words: Uint32Array, at: number) => {
      asked.push([row, [...words.subarray(at, at + WORDS)]]);
      return row % 2 === 1;
    };
    expect([...stored.keysWhere(first, odd)]).toEqual(
      numbers(0, first)
        .filter((row) => row % 2 === 1)
        .map((row) => `k${row}`),
    );
    expect(asked).toEqual(
      numbers(0, first).map((row) => [row, wordsOf(print(`k${row}`, row === 1 ? 1 : 0))]),
    );
  });

  it('have fingerprints to be read into a place, zeros where there are none', () => {
    const { stored, files } = open();
    stored.store(rowsFrom(0, ROWS_PER_PAGE));
    stored.store(
      new Map([
        [2, changed('k2')],
        [ROWS_PER_PAGE + 1, named('over')],
      ]),
    );
    const length = ROWS_PER_PAGE * WORDS;
    const words = new Uint32Array(length + 5).fill(7);
    const told = () => {
      expect([words[3], words[length + 4]]).toEqual([7, 7]);
      return [...words.subarray(4, length + 4)];
    };
    const expected = (fingerprint: (row: number) => string | undefined) =>
      numbers(0, ROWS_PER_PAGE).flatMap((row) => wordsOf(fingerprint(row)));
    stored.fingerprints({ number: 0, bytes: files.page('rows', 0) }, words, 4);
    expect(told()).toEqual(expected((row) => print(`k${row}`, row === 2 ? 1 : 0)));
    stored.fingerprints({ number: 1, bytes: undefined }, words, 4);
    expect(told()).toEqual(expected((row) => (row === 1 ? print('over') : undefined)));
  });

  it('are overlaid where few of a page change, and the page is written anew where many do', () => {
    const { stored, files } = open();
    stored.store(rowsFrom(0, 24));
    expect([stored.overlaidRows, files.has('rows', 0)]).toEqual([0, true]);
    stored.store(rowsFrom(ROWS_PER_PAGE, ROWS_PER_PAGE + 23));
    expect([stored.overlaidRows, files.has('rows', 1)]).toEqual([23, false]);
  });

  it('take no page of prints where they have none', async () => {
    const { stored, files } = open();
    stored.store(new Map([...rowsFrom(0, 96), ...rowsFrom(96, 192, 'p'), ...rowsFrom(192, 288, 'p')]));
    const withPrints = () => [0, 1, 2].map((number) => files.has('prints', number));
    expect(withPrints()).toEqual([false, true, true]);
    // A page that had some says that it has none any more.
    stored.store(rowsFrom(96, 192));
    expect([stored.prints(96), stored.prints(192)]).toEqual(['', 'p']);
    stored.store(new Map([[5, changed('k5')]]));
    stored.replace(await rewritten(stored, 288));
    expect(withPrints()[0]).toBe(false);
    expect([0, 96, 192].map((row) => stored.prints(row))).toEqual(['', '', 'p']);
    const memberships = open('memberships');
    memberships.stored.store(rowsFrom(0, 96));
    expect(memberships.files.has('prints', 0)).toBe(false);
    expect(memberships.stored.prints(0)).toBe('');
  });

  it('are damaged where a page is missing that is not overlaid whole', () => {
    const { stored } = open();
    stored.store(new Map([...rowsFrom(0, 96), ...rowsFrom(192, 288)]));
    const pages = (rows: number) => [...stored.pages(rows)].length;
    expect(pages(96)).toBe(1);
    expect(() => pages(288)).toThrow(CORRUPT);
    for (const from of [96, 119, 142, 165]) stored.store(rowsFrom(from, from + 23));
    expect(() => pages(288)).toThrow(CORRUPT);
    expect(() => [...stored.rows(288)]).toThrow(CORRUPT);
    expect(pages(188)).toBe(2);
    stored.store(rowsFrom(188, 192));
    expect(pages(288)).toBe(3);
    expect([...stored.rows(288)].flat()).toHaveLength(288);
  });

  it('are damaged where a page is not what was written, though none of it is asked for', async () => {
    open().stored.store(rowsFrom(0, 96));
    const [name] = await readdir(directory);
    const path = join(directory, name as string);
    const bytes = await readFile(path);
    bytes[8] = (bytes[8] as number) ^ 1;
    await writeFile(path, bytes);
    const { stored } = open();
    expect(() => [...stored.keysWhere(96, () => false)]).toThrow(CORRUPT);
    // Nothing is written anew of it: that would make the damage look whole.
    await expect(stored.rewrite(96)).rejects.toThrow(CORRUPT);
    expect(await readdir(directory)).toEqual([name]);
  });

  it('stay as they are where there is no room to write them anew', async () => {
    const { stored } = open();
    stored.store(rowsFrom(0, 96));
    await rm(directory, { recursive: true });
    expect(await stored.rewrite(96)).toBeUndefined();
    await mkdir(directory);
    expect([...stored.rows(96)].flat()).toHaveLength(96);
  });

  it('leave no file behind that was written in vain, or that was replaced', async () => {
    const { stored } = open();
    stored.store(rowsFrom(0, 96));
    const before = await readdir(directory);
    await stored.drop(await rewritten(stored, 96));
    expect(await readdir(directory)).toEqual(before);
    const anew = await rewritten(stored, 96);
    stored.replace(anew);
    await stored.dropReplaced();
    expect(await readdir(directory)).toEqual([anew.name]);
    expect([...stored.rows(96)].flat()).toHaveLength(96);
  });

  it('are to be written anew once many are overlaid, of a large state once a share of all are', () => {
    const { stored } = open();
    for (let page = 0; page < 87; page++) {
      const first = page * ROWS_PER_PAGE;
      // 23 of each page, so that none is written anew: 2,000 in all, and then one more.
      stored.store(rowsFrom(first, first + (page === 86 ? 22 : 23)));
    }
    expect(stored.overlaidRows).toBe(2000);
    expect(stored.isMergeDue(8352)).toBe(false);
    stored.store(rowsFrom(86 * ROWS_PER_PAGE + 22, 86 * ROWS_PER_PAGE + 23));
    expect(stored.isMergeDue(8352)).toBe(true);
    expect(stored.isMergeDue(66_000)).toBe(true);
    expect(stored.isMergeDue(67_000)).toBe(false);
  });

  it('are to be written anew once most of their files is of no use', () => {
    const { stored } = open();
    const large = rowsFrom(0, 24, 'p'.repeat(60_000));
    stored.store(large);
    expect(stored.isMergeDue(24)).toBe(false);
    for (let i = 0; i < 2; i++) stored.store(large);
    expect(stored.isMergeDue(24)).toBe(true);
  });

  it('are those of the database again once a transaction was not committed', () => {
    const { stored } = open();
    stored.store(rowsFrom(0, 96));
    const before = [...extents.entries.keys()];
    stored.store(new Map([...rowsFrom(96, 192), [3, changed('k3')]]));
    for (const key of overlays.entries.keys()) void overlays.remove(JSON.parse(key) as [Entity, number]);
    for (const key of extents.entries.keys())
      if (!before.includes(key)) void extents.remove(JSON.parse(key) as [Entity, number]);
    stored.forget();
    expect(stored.overlaidRows).toBe(0);
    expect(() => [...stored.pages(192)]).toThrow(CORRUPT);
    expect([...stored.rows(96)].flat().map(({ fingerprint }) => fingerprint)).toEqual(
      numbers(0, 96).map((row) => print(`k${row}`)),
    );
  });

  it.runIf(process.platform === 'linux')('leave no file open once they are closed', () => {
    const isOpen = () => openFiles((path) => path.startsWith(directory));
    const { stored } = open();
    stored.store(rowsFrom(0, 96));
    expect(isOpen()).toBe(1);
    stored.close();
    expect(isOpen()).toBe(0);
  });
});
