import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compiled } from '../support/compiled.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs an example, and gives what it printed. */
export async function runExample(
  example: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [compiled(join('examples', example)), ...args],
    { cwd: root, timeout: 50_000, env: { ...process.env, ...env } },
  );
  return stdout;
}

/** Runs the command line as a user does, in the folder of the repository, and gives what it printed. */
export async function runRollcall(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', join('src', 'cli', 'process', 'main.ts'), ...args],
    { cwd: root, timeout: 50_000, env: { ...process.env, ...env } },
  );
  return stdout;
}
