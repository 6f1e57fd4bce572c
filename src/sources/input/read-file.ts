import { open } from 'node:fs/promises';

/** The bytes of one read; with about 180 bytes per row, this is some 700 rows. */
export const READ_BYTES = 128 * 1024;

/** The bytes of a file, which is closed on every exit. */
export async function* readFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await open(path, 'r');
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
