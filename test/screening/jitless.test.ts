import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { compiled } from '../support/compiled.js';

/** What two days of a directory come to in a process with these options of Node's and this environment. */
async function twoDays(options: readonly string[], env: NodeJS.ProcessEnv): Promise<unknown> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-jitless-'));
  try {
    const args = [...options, compiled('test/screening/two-days.ts'), directory];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
    return JSON.parse(stdout) as unknown;
  } finally {
    await rm(directory, { recursive: true });
  }
}

it('a directory is synced to the same without WebAssembly, and with screening turned off by the environment', async () => {
  const usual = await twoDays([], {});
  expect(usual).toMatchObject({
    reports: [{ rejections: [{}, {}] }, { sources: { users: { unchanged: 1, updates: 1 } } }],
  });
  expect(await twoDays(['--jitless'], {})).toEqual(usual);
  expect(await twoDays([], { ROLLCALL_SCREENING: 'off' })).toEqual(usual);
});
