import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { SourceError } from '../../core/errors.js';
import { handleBytes, type FileBytes } from '../../sources/input/read-file.js';

/**
 * The bytes of a file, or of the only file in a ZIP archive, closed on every exit.
 *
 * @throws {@link SourceError} at the end if the file changed meanwhile: an export that is still being written would
 * otherwise look like a complete, shorter one.
 */
export async function* fileBytes(
  path: string,
  known: FileBytes = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await open(path, 'r');
  try {
    const before = await handle.stat({ bigint: true });
    yield* handleBytes(handle, path, known);
    const after = await handle.stat({ bigint: true });
    if (before.isFile() && (after.size !== before.size || after.mtimeNs !== before.mtimeNs))
      throw new SourceError('the file changed while it was read; run again when it is complete', {
        file: path,
      });
  } finally {
    await handle.close();
  }
}

/** The size of a file in bytes; 0 if it is unknown. The error appears when the file is read. */
export function fileSize(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** The bytes of standard input. */
export async function* stdinBytes(
  stdin: NodeJS.ReadableStream,
): AsyncGenerator<Uint8Array | string, void, undefined> {
  yield* stdin as AsyncIterable<Uint8Array | string>;
}
