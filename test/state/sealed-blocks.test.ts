import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OUTBOX_PREFIX, SealedBlocks, type SealedBlock } from '../../src/state/sealed-blocks.js';

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

  it('move to one file of their owner, sealed, and are gone when closed', async () => {
    const blocks = new SealedBlocks(directory);
    const sealed = await seal(blocks, many);
    const files = await readdir(directory);
    expect(files).toEqual([expect.stringMatching(new RegExp(`^${OUTBOX_PREFIX}[0-9a-f]{16}$`))]);
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
    expect(() => blocks.open({ ...first, number: second.number })).toThrow(refusal);
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
});
