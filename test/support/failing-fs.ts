import type * as NodeFs from 'node:fs';

/** The calls of the file system that are counted, and can fail. */
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

/** The calls of a file system so far, and the call that will fail. */
export interface FileSystem {
  /** The name of each call, and the path of its argument or of its handle. */
  calls: [name: string, path: string][];
  /** The number of the call that fails, beginning with 1, and the code of its error. */
  fails: { call: number; code: string } | undefined;
  /** Called before each call. */
  onCall: ((name: string, path: string) => void) | undefined;
}

/** A `node:fs` that records the counted calls, and of which one fails. For `vi.mock('node:fs', ...)`. */
export function failingFs(real: typeof NodeFs, fileSystem: FileSystem): typeof NodeFs {
  const paths = new Map<unknown, string>();
  const wrapped: Record<string, unknown> = { ...real };
  for (const name of CALLS) {
    const call = real[name] as (...values: unknown[]) => unknown;
    wrapped[name] = (...values: unknown[]) => {
      const path = typeof values[0] === 'number' ? (paths.get(values[0]) ?? '') : String(values[0]);
      // Reads of /proc look up processes. They do not use the disk, so they are not counted.
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
