import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from './support/public-surface.js';

const run = promisify(execFile);
const written = join(ROOT, 'docs/reference');

/** The pages of a folder, by name. */
async function pagesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return new Map(names.map((name, i) => [name, texts[i] as string]));
}

it('the reference is what TypeDoc makes of the code, without a warning (npm run docs:reference writes it)', async () => {
  const made = await mkdtemp(join(tmpdir(), 'rollcall-reference-'));
  try {
    const out = process.env['UPDATE_DOCS'] === '1' ? written : made;
    await run(process.execPath, [join(ROOT, 'node_modules/typedoc/bin/typedoc'), '--out', out], {
      cwd: ROOT,
    });
    expect(await pagesOf(written)).toEqual(await pagesOf(out));
  } finally {
    await rm(made, { recursive: true, force: true });
  }
});
