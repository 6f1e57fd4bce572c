import { open, type FileHandle } from 'node:fs/promises';
import { SourceError } from '../../core/errors.js';
import { HEAD_BYTES, recognise } from './first-bytes.js';
import { unzip } from './unzip.js';

/** The bytes of one read; with about 180 bytes per row, this is some 700 rows. */
export const READ_BYTES = 128 * 1024;

/** What is known about the bytes of a file before they are read. */
export interface FileBytes {
  /** The name of the file in errors. @defaultValue the path */
  readonly name?: string | undefined;
  /** True if they must be gzipped or a ZIP archive: an empty file must not pass for an archive that was unpacked. */
  readonly isPacked?: boolean;
  /** True to unpack a ZIP archive. */
  readonly unzips?: boolean;
}

/** Whether the extension is that of an archive, which the file must then be. */
export function isPackedName(path: string): boolean {
  return /\.(gz|zip)$/i.test(path);
}

/** The bytes of a file, which is closed on every exit. */
export async function* readFile(
  path: string,
  known: FileBytes = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await open(path, 'r');
  try {
    yield* handleBytes(handle, path, known);
  } finally {
    await handle.close();
  }
}

/**
 * The bytes of an open file, or of the only file in it if it is a ZIP archive. The archive is read in pieces; a pipe cannot be, so its
 * bytes are those of the archive.
 *
 * @throws {@link SourceError} for a file that is not packed but should be, and for archives as {@link unzip}
 */
export async function* handleBytes(
  handle: FileHandle,
  path: string,
  { name = path, isPacked = false, unzips = true }: FileBytes,
): AsyncGenerator<Uint8Array, void, undefined> {
  if ((await handle.stat()).isFile()) {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
    const format = recognise(head.subarray(0, bytesRead));
    if (isPacked && format !== 'gzip' && format !== 'zip')
      throw new SourceError(
        'the file is neither gzipped nor a ZIP archive, as its name says; it is damaged, or has another name',
        { file: name },
      );
    if (format === 'zip' && unzips) {
      yield* unzip(handle, name);
      return;
    }
  }
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
