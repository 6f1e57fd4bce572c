import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** The root of the project. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Compiled benches of this process: inside `node_modules`, so that packages resolve and nothing has to be ignored. */
export const COMPILED = join(ROOT, `node_modules/.cache/rollcall-bench/${process.pid}`);

/**
 * Strips the types of every TypeScript file of a folder into another. Processes that are timed run plain
 * JavaScript: a loader that compiles on the way would be measured with them.
 */
export function compileFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  const names = readdirSync(from, { recursive: true, encoding: 'utf8' });
  buildSync({
    absWorkingDir: from,
    entryPoints: names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts')),
    outbase: '.',
    outdir: to,
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  for (const name of names.filter((name) => name.endsWith('.mjs'))) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    copyFileSync(join(from, name), join(to, name));
  }
  writeFileSync(join(to, 'package.json'), '{"type":"module"}');
}

/** Names a build of the package by what its files hold. */
export function buildId(dist: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' }).sort())
    if (/\.m?js$/.test(name)) hash.update(name).update(readFileSync(join(dist, name)));
  return hash.digest('hex').slice(0, 12);
}
