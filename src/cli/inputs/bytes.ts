import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { SourceError } from '../../core/errors.js';

/** Bytes of one read, as the file sources of the library read. */
const READ_BYTES = 128 * 1024;

/**
 * The bytes of a file, closed on every exit.
 *
 * @throws {@link SourceError} at the end when the file changed meanwhile: an export that is still being written would
 * pass for a short one.
 */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await open(path, 'r');
  try {
    const before = await handle.stat({ bigint: true });
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, null);
      if (bytesRead === 0) break;
      yield buffer.subarray(0, bytesRead);
    }
    const after = await handle.stat({ bigint: true });
    if (before.isFile() && (after.size !== before.size || after.mtimeNs !== before.mtimeNs))
      throw new SourceError('changed while it was read; run again once it is written', { file: path });
  } finally {
    await handle.close();
  }
}

/** The size of a file; 0 where it cannot be told, for which its reading says why. */
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
