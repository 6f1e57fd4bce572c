import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync, version, type BuildOptions } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = join(ROOT, 'node_modules', '.cache', 'rollcall-compiled');
const DAY_MS = 24 * 60 * 60 * 1000;
/** Programs that are started hundreds of times: one file with the library in it starts in two thirds of the time. */
const STARTED_OFTEN = ['test/kill/child.ts'];
/** What no process that a test starts needs. */
const NOT_NEEDED = /\.test\.ts$|^src\/screening\/kernel\/assembly\/|\/node_modules\//;

let folder: string | undefined;

/**
 * The library, the command line, the examples and the programs of tests as JavaScript. Node starts it in less than half of the time
 * that it takes with TypeScript. The folder is a package: what is in it imports the library as `rollcall`.
 *
 * It is compiled once for each content of the files, without checking types, to where packages are found.
 */
export function compiledProject(): string {
  // The real path, because some programs compare it with their own.
  return (folder ??= realpathSync(compileOnce()));
}

/** The JavaScript of a TypeScript file of the project. */
export function compiled(file: string | URL): string {
  const path = typeof file === 'string' ? join(ROOT, file) : fileURLToPath(file);
  return join(compiledProject(), relative(ROOT, path).replace(/\.ts$/, '.js'));
}

/** Lets the programs of a folder, and of those in it, import rollcall as an install would. */
export function linkRollcall(directory: string): void {
  symlinkSync(join(compiledProject(), 'node_modules'), join(directory, 'node_modules'));
}

function compileOnce(): string {
  // Mutation testing copies only a part of the project.
  const parts = ['src', 'examples', 'test'].filter((part) => existsSync(join(ROOT, part)));
  const files = parts.flatMap((part) =>
    readdirSync(join(ROOT, part), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
      .filter((file) => !NOT_NEEDED.test(file) && (file.endsWith('.ts') || !file.startsWith('test'))),
  );
  const hash = createHash('sha256').update(version);
  for (const file of ['package.json', 'tsconfig.json', ...files.sort()])
    hash.update(`\0${file}\0`).update(readFileSync(join(ROOT, file)));
  const made = join(CACHE, hash.digest('hex').slice(0, 20));
  if (existsSync(made)) return made;
  mkdirSync(CACHE, { recursive: true });
  removeOld();
  const making = mkdtempSync(join(CACHE, 'making-'));
  compile(files, making);
  try {
    renameSync(making, made);
  } catch (error) {
    // Another process has made the same.
    if (!existsSync(made)) throw error;
    rmSync(making, { recursive: true });
  }
  return made;
}

function compile(files: readonly string[], target: string): void {
  const options: BuildOptions = {
    absWorkingDir: ROOT,
    outbase: '.',
    outdir: target,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  };
  const programs = files.filter((file) => file.endsWith('.ts') && !STARTED_OFTEN.includes(file));
  buildSync({ ...options, entryPoints: programs });
  buildSync({ ...options, entryPoints: STARTED_OFTEN, bundle: true, packages: 'external' });
  for (const file of files.filter((file) => !file.endsWith('.ts'))) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(ROOT, file), join(target, file));
  }
  const manifest = readFileSync(join(ROOT, 'package.json'), 'utf8').replaceAll('./dist/', './src/');
  writeFileSync(join(target, 'package.json'), manifest);
  // For folders of examples that are packages of their own.
  mkdirSync(join(target, 'node_modules'));
  symlinkSync('..', join(target, 'node_modules', 'rollcall'));
}

/** Removes what was compiled more than a day ago: nothing that still runs needs it. */
function removeOld(): void {
  for (const name of readdirSync(CACHE)) {
    const old = join(CACHE, name);
    if (Date.now() - statSync(old).mtimeMs > DAY_MS) rmSync(old, { recursive: true, force: true });
  }
}
