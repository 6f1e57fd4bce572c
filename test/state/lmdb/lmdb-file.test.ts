import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkStateFile } from '../../../src/state/lmdb/lmdb-file.js';

let file: string;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-file-'));
  file = join(directory, 'state.mdb');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const PAGE = 4096;

/** A file whose two meta pages say that this many pages belong to it, by transactions of these numbers. */
async function written({
  pages = [4, 4],
  transactions = [1n, 2n],
  magic = 0xbeefc0de,
  version = 2,
  bytes = 4 * PAGE,
} = {}) {
  const content = Buffer.alloc(Math.max(bytes, 2 * PAGE));
  for (const at of [0, 1]) {
    const meta = content.subarray(at * PAGE);
    meta.writeUInt32LE(magic, 24);
    meta.writeUInt32LE(version, 28);
    meta.writeUInt32LE(PAGE, 48);
    meta.writeBigUInt64LE(BigInt(pages[at] ?? 0) - 1n, 144);
    meta.writeBigUInt64LE(transactions[at] ?? 0n, 152);
  }
  await writeFile(file, content.subarray(0, bytes));
}

const corrupt = { code: 'ERR_ROLLCALL_STATE_CORRUPT' };
const foreign = { code: 'ERR_ROLLCALL_STATE_FORMAT' };

describe('a state file', () => {
  it('need not be there, and may be empty', async () => {
    await checkStateFile(file);
    await writeFile(file, '');
    await checkStateFile(file);
  });

  it('that cannot be opened is a failure as the system tells it', async () => {
    await expect(checkStateFile(join('/proc/self/mem', 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('is whole when it is as long as its newer meta page says, to the byte', async () => {
    await written();
    await checkStateFile(file);
    await written({ bytes: 4 * PAGE - 1 });
    await expect(checkStateFile(file)).rejects.toMatchObject(corrupt);
  });

  it.each([
    ['the second is newer', { pages: [9, 4], transactions: [1n, 2n] }, true],
    ['the first is newer', { pages: [4, 9], transactions: [3n, 2n] }, true],
    ['the second is newer', { pages: [4, 9], transactions: [1n, 2n] }, false],
    ['the first is newer', { pages: [9, 4], transactions: [3n, 2n] }, false],
    ['both are the same', { pages: [4, 9], transactions: [2n, 2n] }, true],
  ])('is measured by the newer of its meta pages: %s', async (_, meta, whole) => {
    await written(meta);
    if (whole) await checkStateFile(file);
    else await expect(checkStateFile(file)).rejects.toMatchObject(corrupt);
  });

  it('of something else is told from a state', async () => {
    await written({ magic: 0xbeefc0df });
    await expect(checkStateFile(file)).rejects.toMatchObject(foreign);
    await writeFile(file, 'x'.repeat(159));
    await expect(checkStateFile(file)).rejects.toMatchObject(foreign);
    await written({ bytes: 159 });
    await expect(checkStateFile(file)).rejects.toMatchObject(foreign);
  });

  it('of another version of the database is left to the database', async () => {
    await written({ version: 3, bytes: PAGE });
    await checkStateFile(file);
  });

  it('of which only the first page is left was cut off', async () => {
    await written({ bytes: 160 });
    await expect(checkStateFile(file)).rejects.toMatchObject(corrupt);
  });
});
