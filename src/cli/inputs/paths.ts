import * as fs from 'node:fs';
import { basename, isAbsolute, sep } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { SourceError } from '../../core/errors.js';

/**
 * The files that paths and globs name: in the order given, those of a glob sorted, each file once. A path that is
 * there is taken as it stands, whatever characters it has; `-` is passed on.
 *
 * @throws {@link SourceError} for a glob without a file, and for a directory on its way that cannot be read: what it
 * holds would be taken for removed.
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
  const found = await glob(sep === '\\' ? pattern.replaceAll('\\', '/') : pattern, {
    absolute: isAbsolute(pattern),
    expandDirectories: false,
    fs: watched.fs,
  });
  const [error] = watched.errors;
  if (error !== undefined) {
    throw new SourceError(`not all of it can be read (${error.code})`, { file: error.path ?? pattern });
  }
  if (found.length === 0) throw new SourceError('no file matches', { file: pattern });
  // By code units, so that the order is the same on every machine.
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The file system for globs, which pass over what they cannot read: here it is remembered. */
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
            // Editors leave hidden links to nothing beside the files they lock.
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
