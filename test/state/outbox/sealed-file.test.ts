import fs from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SealedFile, type SealedBlock } from '../../../src/state/outbox/sealed-file.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-sealed-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  await rm(directory, { recursive: true });
});

const bytesOf = (i: number, length: number) => Buffer.alloc(length, `block ${i}, `);
const SIZES = [1, 70_000, 10, 300_000, 70_000];
const refusal = expect.objectContaining({
  code: 'ERR_ROLLCALL_STATE',
  cause: expect.any(Error) as unknown,
}) as Error;

function filled(): { file: SealedFile; blocks: SealedBlock[] } {
  const file = new SealedFile(directory);
  return { file, blocks: SIZES.map((size, i) => file.write(bytesOf(i, size))) };
}
const pathOf = async () => join(directory, (await readdir(directory))[0] as string);

/** Makes a call of the file system behave otherwise, also for modules that imported it by name. */
function patched(name: 'readSync' | 'writeSync', call: (...values: never[]) => number): void {
  vi.spyOn(fs, name).mockImplementation(call as never);
  syncBuiltinESMExports();
}

describe('a sealed file', () => {
  it('returns blocks as they were, in any order and more than once', () => {
    const { file, blocks } = filled();
    for (const i of [3, 0, 4, 1, 2, 3])
      expect(file.read(blocks[i] as SealedBlock).equals(bytesOf(i, SIZES[i] as number)), `block ${i}`).toBe(
        true,
      );
    file.close();
  });

  it('is one unreadable file of its owner, and gone when closed', async () => {
    const { file, blocks } = filled();
    // The name is kept from version to version: the next process that opens the directory removes the file by it.
    expect(await readdir(directory)).toEqual([expect.stringMatching(/^outbox-[0-9a-f]{16}$/)]);
    expect((await stat(await pathOf())).mode & 0o777).toBe(0o600);
    expect((await readFile(await pathOf())).includes('block')).toBe(false);
    file.close();
    expect(await readdir(directory)).toEqual([]);
    expect(() => file.read(blocks[0] as SealedBlock)).toThrow(refusal);
    file.close();
  });

  it('never encrypts equal blocks alike', async () => {
    const file = new SealedFile(directory);
    const blocks = Array.from({ length: 4 }, () => file.write(Buffer.alloc(1000)));
    const content = await readFile(await pathOf());
    const sealed = blocks.map(({ at, length }) => content.subarray(at, at + length).toString('hex'));
    expect(new Set(sealed).size).toBe(4);
    file.close();
  });

  it('refuses a block that was changed, taken from another place, or cut off', async () => {
    const { file, blocks } = filled();
    const [first, second, third] = blocks as [SealedBlock, SealedBlock, SealedBlock];
    const path = await pathOf();
    const content = await readFile(path);
    for (const at of [second.at, second.at + second.length - 1]) {
      const changed = Buffer.from(content);
      changed[at] = (changed[at] as number) ^ 1;
      await writeFile(path, changed);
      expect(() => file.read(second)).toThrow(refusal);
      expect(file.read(first).equals(bytesOf(0, 1))).toBe(true);
    }
    const moved = Buffer.from(content);
    content.copy(moved, second.at, (blocks[4] as SealedBlock).at);
    await writeFile(path, moved);
    expect(() => file.read(second)).toThrow(refusal);
    await truncate(path, third.at);
    expect(() => file.read(third)).toThrow(expect.objectContaining({ code: 'ERR_ROLLCALL_STATE' }));
    file.close();
  });

  it('that cannot be created, written or read is an error with its cause', async () => {
    expect(() => new SealedFile(join(directory, 'missing'))).toThrow(refusal);
    const { file, blocks } = filled();
    const fail = () => {
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    };
    patched('writeSync', fail);
    expect(() => file.write(Buffer.from('x'))).toThrow(refusal);
    patched('readSync', fail);
    expect(() => file.read(blocks[0] as SealedBlock)).toThrow(refusal);
    vi.restoreAllMocks();
    syncBuiltinESMExports();
    await rm(await pathOf());
    file.close();
  });

  it('of which the system writes a part at a time is written whole', () => {
    const write = fs.writeSync as (
      file: number,
      bytes: Buffer,
      offset: number,
      length: number,
      at: number,
    ) => number;
    patched('writeSync', (file: number, bytes: Buffer, offset: number, length: number, at: number) =>
      write(file, bytes, offset, Math.min(length, 1000), at),
    );
    const { file, blocks } = filled();
    for (const [i, block] of blocks.entries())
      expect(file.read(block).equals(bytesOf(i, SIZES[i] as number))).toBe(true);
    file.close();
  });
});
