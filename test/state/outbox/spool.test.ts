import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createSpool } from '../../../src/state/outbox/spool.js';

let directory: string | undefined;
afterEach(async () => directory && rm(directory, { recursive: true, force: true }));

async function contentOf(spool: ReturnType<typeof createSpool>): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of spool.read()) texts.push(text);
  return texts;
}

/** Together about nine megabytes. */
const TEXTS = Array.from({ length: 900 }, (_, i) => `${i} secret-${'x\n\ud800ü'.repeat(2500)}`);

describe('a spool', () => {
  it('returns texts in their order, as often as they are read', async () => {
    const spool = createSpool(undefined);
    for (const text of TEXTS) await spool.add(text);
    expect(await contentOf(spool)).toEqual(TEXTS);
    expect(await contentOf(spool)).toEqual(TEXTS);
    await spool.close();
    expect(await contentOf(spool)).toEqual([]);
  });

  it('keeps a large content in a file that nobody can read, and removes it', async () => {
    directory = await mkdtemp(join(tmpdir(), 'rollcall-spool-'));
    const spool = createSpool(directory);
    await spool.add('small');
    expect(await readdir(directory)).toEqual([]);
    for (const text of TEXTS) await spool.add(text);
    const [file, ...others] = await readdir(directory);
    expect(others).toEqual([]);
    const bytes = await readFile(join(directory, file as string));
    expect(bytes.length).toBeGreaterThan(4_000_000);
    expect(bytes.includes('secret-')).toBe(false);
    expect(await contentOf(spool)).toEqual(['small', ...TEXTS]);
    await spool.close();
    await spool.close();
    expect(await readdir(directory)).toEqual([]);
  });
});
