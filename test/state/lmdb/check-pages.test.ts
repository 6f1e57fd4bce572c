import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { open, type Database, type RootDatabase } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPages } from '../../../src/state/lmdb/check-pages.js';
import { DAMAGES } from '../../support/damage.js';
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

/** A file of several databases, with deep trees, long keys and values of many pages, and a list of free pages. */
async function filled(): Promise<Buffer> {
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
  return readFile(file);
}

describe('the pages of a state', () => {
  it('are whole after whatever LMDB was asked for', async () => {
    const put = fc.record({
      at: fc.integer({ min: 0, max: 1500 }),
      count: fc.integer({ min: 1, max: 200 }),
      bytes: fc.constantFrom(0, 1, 40, 2000, 5000, 30_000),
      remove: fc.boolean(),
      table: fc.constantFrom('users', 'groups'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(put, { maxLength: 4 }), { maxLength: 12 }), async (commits) => {
        await rm(file, { force: true });
        const root = openRoot();
        const tables = { users: table(root, 'users'), groups: table(root, 'groups') };
        await check();
        for (const commit of commits) {
          root.transactionSync(() => {
            for (const { at, count, bytes, remove, table: name } of commit)
              for (let i = at; i < at + count; i++) {
                const key = Buffer.from(`key-${(i * 7919) % 1501}`);
                if (remove) tables[name].removeSync(key);
                else if (bytes < 3000 || i % 50 === 0) tables[name].putSync(key, Buffer.alloc(bytes, i));
              }
          });
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
      fc.asyncProperty(
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async (random) => {
          const bytes = DAMAGES[kind]?.(Buffer.from(whole), () => random.next().value as number) as Buffer;
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
        },
      ),
      { numRuns: runs(40) },
    );
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
