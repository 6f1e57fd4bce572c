import type * as NodeFs from 'node:fs';

/** Calls of the file system that are counted, and may be made to fail. */
const CALLS = [
  'chmodSync',
  'fstatSync',
  'fsyncSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'readFileSync',
  'readSync',
  'readdirSync',
  'renameSync',
  'statSync',
  'writeFileSync',
] as const;

/** What the file system did, and what it is to do. */
export interface FileSystem {
  /** Each call: its name, and the path that it was given or that its handle belongs to. */
  calls: [name: string, path: string][];
  /** The number of the call that fails, from 1 on, and the code of its error. */
  fails: { call: number; code: string } | undefined;
  /** Told of each call before it is made. */
  onCall: ((name: string, path: string) => void) | undefined;
}

/** `node:fs` whose counted calls are noted in a list, and one of which fails. For `vi.mock('node:fs', ...)`. */
export function failingFs(real: typeof NodeFs, fileSystem: FileSystem): typeof NodeFs {
  const paths = new Map<unknown, string>();
  const wrapped: Record<string, unknown> = { ...real };
  for (const name of CALLS) {
    const call = real[name] as (...values: unknown[]) => unknown;
    wrapped[name] = (...values: unknown[]) => {
      const path = typeof values[0] === 'number' ? (paths.get(values[0]) ?? '') : String(values[0]);
      // What is asked of /proc says who lives, and always can.
      if (path.startsWith('/proc')) return call(...values);
      fileSystem.calls.push([name, path]);
      fileSystem.onCall?.(name, path);
      const { fails } = fileSystem;
      if (fails?.call === fileSystem.calls.length)
        throw Object.assign(new Error(`${fails.code}: ${name}`), { code: fails.code, path });
      const result = call(...values);
      if (name === 'openSync') paths.set(result, path);
      return result;
    };
  }
  return { ...wrapped, default: wrapped } as unknown as typeof NodeFs;
}
