import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyEnvironment, metasOf, type Meta } from '../../../src/state/lmdb/meta-page.js';

let file: string;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-meta-'));
  file = join(directory, 'state.mdb');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const PAGE = 4096;

/** A file of four pages whose two meta pages have these numbers of transactions. */
async function written({ transactions = [2n, 1n], bytes = 4 * PAGE } = {}): Promise<Buffer> {
  const content = Buffer.alloc(Math.max(bytes, 2 * PAGE));
  emptyEnvironment().copy(content);
  for (const at of [0, 1]) {
    const meta = content.subarray(at * PAGE);
    meta.writeBigUInt64LE(3n, 144);
    meta.writeBigUInt64LE(transactions[at] ?? 0n, 152);
  }
  await writeFile(file, content.subarray(0, bytes));
  return content;
}

function read(): readonly [Meta, Meta] {
  const handle = openSync(file, 'r');
  try {
    return metasOf(handle, directory);
  } finally {
    closeSync(handle);
  }
}

const failing = (code: string) => expect.objectContaining({ code }) as Error;
const corrupt = failing('ERR_ROLLCALL_STATE_CORRUPT');
const foreign = failing('ERR_ROLLCALL_STATE_FORMAT');

describe('a new environment', () => {
  it('is byte for byte what LMDB would have made', async () => {
    await open({ path: file, noSubdir: true, pageSize: PAGE, overlappingSync: false }).close();
    expect(emptyEnvironment().equals(await readFile(file))).toBe(true);
  });

  it('is one that LMDB opens and writes', async () => {
    await writeFile(file, emptyEnvironment());
    const root = open<string, string>({ path: file, noSubdir: true, overlappingSync: false });
    root.putSync('key', 'value');
    expect(root.get('key')).toBe('value');
    await root.close();
    const [newer, older] = read();
    expect([newer.transaction, older.transaction, newer.main.entries]).toEqual([1n, 0n, 1n]);
  });
});

describe('the meta pages of a state file', () => {
  it.each([
    [[2n, 1n], 2n],
    [[2n, 3n], 3n],
    [[0n, 0n], 0n],
  ])('are two, of which the newer comes first: %s', async (transactions, newest) => {
    await written({ transactions });
    expect(read()[0]).toMatchObject({ transaction: newest, lastPage: 3n, pageBytes: PAGE });
  });

  it('tell a state from a file of something else, which is not called damaged', async () => {
    for (const content of ['x'.repeat(3 * PAGE), 'x', '\0'.repeat(2 * PAGE)]) {
      await writeFile(file, content);
      expect(read).toThrow(foreign);
      expect(read).toThrow(directory);
    }
    const otherVersion = await written();
    for (const at of [0, 1]) otherVersion.writeUInt32LE(1, at * PAGE + 28);
    await writeFile(file, otherVersion);
    expect(read).toThrow(foreign);
  });

  it.each([
    ['the number of the page', 0],
    ['the flags', 18],
    ['the magic number', 24],
    ['the version', 28],
    ['the length of a page', 48],
  ])('are damaged where one differs in %s', async (_, at) => {
    for (const page of [0, 1]) {
      const content = await written();
      content[page * PAGE + at] = (content[page * PAGE + at] as number) ^ 0x40;
      await writeFile(file, content);
      expect(read).toThrow(corrupt);
    }
  });

  it('are damaged where one is gone, or the file ends inside them', async () => {
    for (const page of [0, 1]) {
      const content = await written();
      content.fill(0, page * PAGE, (page + 1) * PAGE);
      await writeFile(file, content);
      expect(read).toThrow(corrupt);
    }
    for (const bytes of [100, 160, PAGE, PAGE + 100]) {
      await written({ bytes });
      expect(read).toThrow(corrupt);
    }
  });
});
