import { stat } from 'node:fs/promises';
import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import type { InputChunk } from './input-chunk.js';

/**
 * The bytes of a file, if the marker of its producer shows that it is complete. The marker must exist and must not be older than the
 * file, both before the file is read and afterwards: a marker of yesterday says nothing about an export of today.
 *
 * @param marker - the path of the marker
 * @param path - the path of the file
 * @throws {@link SourceError} if the marker is missing or older, and for anything but a regular file, which has no age
 */
export async function* whenComplete(
  marker: string,
  path: string,
  open: () => AsyncIterable<InputChunk> | Iterable<InputChunk>,
): AsyncGenerator<InputChunk, void, undefined> {
  await requireMarker(marker, path);
  yield* open();
  await requireMarker(marker, path);
}

async function requireMarker(marker: string, path: string): Promise<void> {
  const file = await stat(path, { bigint: true });
  const fail = (reason: string) => new SourceError(reason, { file: path });
  if (!file.isFile())
    throw fail('it is not a regular file, so its age cannot be compared with that of the marker');
  const shown = `the marker ${quoted(marker)} (completeMarker)`;
  let time: bigint;
  try {
    time = (await stat(marker, { bigint: true })).mtimeNs;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw fail(`${shown} does not exist, so the export is not complete; run again when it is`);
    throw fail(`${shown} cannot be read (${code})`);
  }
  if (time < file.mtimeNs)
    throw fail(`${shown} is older than the file, so the export is not complete; run again when it is`);
}
