import * as fs from 'node:fs';
import { basename, posix, sep } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { SourceError } from '../../core/errors.js';

/**
 * The files of paths and globs: in the given order, the files of a glob sorted, each file once. An existing path is used
 * as it is, even if it contains glob characters. `-` is passed through.
 *
 * @throws {@link SourceError} for a glob that matches no file, and for a directory that cannot be read: rollcall would
 * otherwise regard the records of its files as removed.
 */
export async function findFiles(paths: readonly string[]): Promise<readonly string[]> {
  const files = new Set<string>();
  for (const path of paths) {
    if (path === '-' || fs.existsSync(path) || !isDynamicPattern(path)) files.add(path);
    else for (const file of await globFiles(path)) files.add(file);
  }
  return [...files];
}

async function globFiles(pattern: string): Promise<readonly string[]> {
  const watched = watchErrors();
  const { directory, rest } = fixedPart(sep === '\\' ? pattern.replaceAll('\\', '/') : pattern);
  const names = await glob(rest, { cwd: directory, expandDirectories: false, fs: watched.fs });
  const found = names.map((name) => (directory === './' ? name : directory + name));
  const [error] = watched.errors;
  if (error !== undefined) {
    throw new SourceError(`cannot be searched for files (${error.code})`, { file: error.path ?? pattern });
  }
  if (found.length === 0) throw new SourceError('no file matches this pattern', { file: pattern });
  // Sorted by code units, so that the order is the same on every machine.
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * The directory that all files of a pattern are in, and the rest of the pattern. From another directory, tinyglobby begins at the one that
 * both are in, and what is wrong there, such as a link to nowhere, would be an error of this pattern.
 */
function fixedPart(pattern: string): { readonly directory: string; readonly rest: string } {
  const end = pattern.search(/[*?[\]{}()\\]/);
  const start = pattern.lastIndexOf('/', end) + 1;
  return {
    directory: start === 0 ? './' : posix.normalize(pattern.slice(0, start)),
    rest: pattern.slice(start),
  };
}

/** A file system for tinyglobby that collects errors; tinyglobby itself silently skips what it cannot read. */
function watchErrors() {
  const errors: NodeJS.ErrnoException[] = [];
  const watch =
    <A extends unknown[]>(
      call: (...args: [...A, (error: NodeJS.ErrnoException | null, ...rest: unknown[]) => void]) => void,
    ) =>
    (...args: [...A, (error: NodeJS.ErrnoException | null, ...rest: unknown[]) => void]) => {
      const done = args.pop() as (error: NodeJS.ErrnoException | null, ...rest: unknown[]) => void;
      call(
        ...([
          ...args,
          (error, ...rest) => {
            // Editors create hidden dangling links next to files that they lock; these are not errors.
            if (error !== null && error !== undefined && !basename(error.path ?? '').startsWith('.'))
              errors.push(error);
            done(error, ...rest);
          },
        ] as Parameters<typeof call>),
      );
    };
  return {
    errors,
    fs: {
      readdir: watch(fs.readdir as never) as unknown as typeof fs.readdir,
      realpath: watch(fs.realpath as never) as unknown as typeof fs.realpath,
      stat: watch(fs.stat as never) as unknown as typeof fs.stat,
    },
  };
}
