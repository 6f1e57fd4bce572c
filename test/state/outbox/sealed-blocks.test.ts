import fs from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SealedBlocks, type SealedBlock } from '../../../src/state/outbox/sealed-blocks.js';

const MEGABYTE = 1024 * 1024;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-sealed-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** Bytes by which a block is told from others. */
const bytesOf = (i: number, length: number) => Buffer.alloc(length, `block ${i}, `);

/** Seals blocks of these sizes, in one buffer that is used again, and moves to the file what is too much. */
async function seal(blocks: SealedBlocks, sizes: readonly number[]): Promise<SealedBlock[]> {
  const buffer = Buffer.alloc(Math.max(...sizes));
  const sealed: SealedBlock[] = [];
  for (const [i, size] of sizes.entries()) {
    buffer.set(bytesOf(i, size));
    sealed.push(blocks.seal(buffer.subarray(0, size)));
    await blocks.spill();
  }
  await blocks.flushed();
  return sealed;
}

function expectHeld(blocks: SealedBlocks, sealed: readonly SealedBlock[], sizes: readonly number[]): void {
  for (const [i, size] of sizes.entries())
    expect(blocks.open(sealed[i] as SealedBlock).equals(bytesOf(i, size)), `block ${i}`).toBe(true);
}

const many = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? 300_000 : 150_000 + i));

describe('sealed blocks', () => {
  it('come back as they were, in any order and more than once, and are on disk only where they are many', async () => {
    const blocks = new SealedBlocks(directory);
    const few = [10, 70_000, 1, 300_000];
    const sealed = await seal(blocks, few);
    expectHeld(blocks, sealed, few);
    expectHeld(blocks, sealed.toReversed().toReversed(), few);
    expect(await readdir(directory)).toEqual([]);
    await blocks.close();
  });

  it('move to the file once they fill four pages, and not before', async () => {
    const blocks = new SealedBlocks(directory);
    // A page is full when the next block needs another.
    await seal(blocks, new Array<number>(4).fill(MEGABYTE));
    expect(await readdir(directory)).toEqual([]);
    await seal(blocks, [MEGABYTE]);
    expect(await readdir(directory)).toHaveLength(1);
    await blocks.close();
  });

  it('move to one file of their owner, sealed, and are gone when closed', async () => {
    const blocks = new SealedBlocks(directory);
    const sealed = await seal(blocks, many);
    const files = await readdir(directory);
    // The name is kept from version to version: the next to open the directory clears up by it.
    expect(files).toEqual([expect.stringMatching(/^outbox-[0-9a-f]{16}$/)]);
    const path = join(directory, files[0] as string);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const content = await readFile(path);
    expect(content.length).toBeGreaterThan(4 * MEGABYTE);
    expect(content.includes('block 0, block 0')).toBe(false);
    expectHeld(blocks, sealed, many);
    expectHeld(blocks, sealed, many);
    await blocks.close();
    expect(await readdir(directory)).toEqual([]);
    expect(() => blocks.open(sealed[0] as SealedBlock)).toThrow(/closed/);
  });

  it('of the same bytes are never sealed alike', async () => {
    const blocks = new SealedBlocks(directory);
    const bytes = Buffer.alloc(MEGABYTE);
    for (let i = 0; i < 6; i++) {
      blocks.seal(bytes);
      await blocks.spill();
    }
    await blocks.flushed();
    const content = await readFile(join(directory, (await readdir(directory))[0] as string));
    const pages = Array.from({ length: content.length / MEGABYTE }, (_, i) =>
      content.subarray(i * MEGABYTE, (i + 1) * MEGABYTE),
    );
    expect(pages.length).toBeGreaterThanOrEqual(4);
    for (const [i, page] of pages.entries())
      for (const other of pages.slice(i + 1)) expect(page.equals(other)).toBe(false);
    await blocks.close();
  });

  it('fill a page to its last byte, and one larger than a page has one of its own', async () => {
    const blocks = new SealedBlocks(directory);
    const sizes = [
      MEGABYTE,
      MEGABYTE - 1,
      1,
      1,
      MEGABYTE + 1,
      2 * MEGABYTE,
      5,
      MEGABYTE,
      MEGABYTE,
      MEGABYTE,
      7,
    ];
    const sealed = await seal(blocks, sizes);
    const pages = sealed.map(({ page }) => page);
    expect(pages[2]).toBe(pages[1]);
    expect(pages[3]).not.toBe(pages[2]);
    expect(new Set(pages).size).toBe(10);
    expectHeld(blocks, sealed, sizes);
    await blocks.close();
  });

  it('share a few pages of memory, however many they are, and leave none behind that is larger', async () => {
    const blocks = new SealedBlocks(directory);
    const buffers = new Set<Buffer>();
    for (let i = 0; i < 40; i++) {
      const length = i === 2 ? 3 * MEGABYTE : MEGABYTE;
      const { page } = blocks.seal(bytesOf(i, length));
      expect(page.bytes).toHaveLength(length);
      buffers.add(page.bytes as Buffer);
      await blocks.spill();
    }
    // Four that wait, four that are being written, the open one and the large one.
    expect(buffers.size).toBeLessThanOrEqual(10);
    await blocks.flushed();
    await blocks.close();
  });

  it('without a directory stay in memory, however many', async () => {
    const blocks = new SealedBlocks(undefined);
    const sealed = await seal(blocks, many);
    expectHeld(blocks, sealed, many);
    await blocks.close();
  });

  it('that are taken for another, or were changed or cut off, are refused', async () => {
    const blocks = new SealedBlocks(directory);
    const sealed = await seal(blocks, many);
    const [first, second] = sealed as [SealedBlock, SealedBlock];
    const refusal = expect.objectContaining({ code: 'ERR_ROLLCALL_STATE' }) as Error;
    expect(() => blocks.open({ ...first, number: second.number })).toThrow(
      expect.objectContaining({
        code: 'ERR_ROLLCALL_STATE',
        cause: expect.any(Error) as unknown,
      }) as Error,
    );
    expect(() => blocks.open({ ...first, tag: second.tag })).toThrow(refusal);
    const path = join(directory, (await readdir(directory))[0] as string);
    const content = await readFile(path);
    content[17] = (content[17] as number) ^ 1;
    await writeFile(path, content);
    expect(() => blocks.open(first)).toThrow(refusal);
    expect(blocks.open(second).equals(bytesOf(1, second.length))).toBe(true);
    await truncate(path, 1000);
    expect(() => blocks.open(second)).toThrow(refusal);
    await blocks.close();
  });

  it('that cannot be written are told at the next call, and are cleared away all the same', async () => {
    const blocks = new SealedBlocks(join(directory, 'missing'));
    await expect(seal(blocks, many)).rejects.toMatchObject({
      code: 'ERR_ROLLCALL_STATE',
      cause: expect.objectContaining({ code: 'ENOENT' }) as unknown,
    });
    await expect(blocks.flushed()).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    await blocks.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('are refused where the file cannot be read, with the cause', async () => {
    const blocks = new SealedBlocks(directory);
    const [first] = (await seal(blocks, many)) as [SealedBlock];
    const cause = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    const read = vi.spyOn(fs, 'readSync').mockImplementation(() => {
      throw cause;
    });
    syncBuiltinESMExports();
    try {
      expect(() => blocks.open(first)).toThrow(
        expect.objectContaining({ code: 'ERR_ROLLCALL_STATE', cause }) as Error,
      );
    } finally {
      read.mockRestore();
      syncBuiltinESMExports();
    }
    expectHeld(blocks, [first], many.slice(0, 1));
    await blocks.close();
  });

  it('of which the disk takes a part are told', async () => {
    const probe = await open(join(directory, 'probe'), 'w');
    const write = vi.spyOn(Object.getPrototypeOf(probe) as typeof probe, 'write');
    await probe.close();
    await rm(join(directory, 'probe'));
    write.mockResolvedValueOnce({ bytesWritten: 1000, buffer: '' });
    const blocks = new SealedBlocks(directory);
    try {
      await expect(seal(blocks, many)).rejects.toMatchObject({ code: 'ERR_ROLLCALL_STATE' });
    } finally {
      write.mockRestore();
    }
    await blocks.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('whose file is gone already are closed all the same, and more than once', async () => {
    const blocks = new SealedBlocks(directory);
    await seal(blocks, many);
    await rm(join(directory, (await readdir(directory))[0] as string));
    await blocks.close();
    await blocks.close();
  });
});
