import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { SourceError } from '../../core/errors.js';
import { quoted } from '../../core/visible.js';
import type { InputChunk } from './input-chunk.js';

/** The most bytes of an archive that comes from a stream. Its table of contents is at its end, so it is kept in memory. */
export const MAX_ARCHIVE_BYTES = 64 * 1024 * 1024;
/** The most bytes of a workbook after unpacking. */
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;
/** Names of files in an error. */
const MOST_NAMES = 5;

/**
 * The bytes of the only file in a ZIP archive. The archive must be complete, and the file must have the check sum of the archive.
 *
 * @param archive - the whole archive, or an open file, which stays open
 * @param name - the name of the archive in errors
 * @throws {@link SourceError} for an archive that is damaged or encrypted, has no file or several, or is a workbook
 */
export async function* unzip(
  archive: Buffer | FileHandle,
  name: string | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fail = (reason: string, cause?: unknown) => new SourceError(reason, { file: name }, { cause });
  const damaged = (cause: unknown) =>
    fail(`the ZIP archive is damaged or was cut off (${(cause as Error).message})`, cause);
  const { fromBufferPromise, fromFdPromise } = (await import('yauzl')).default;
  let zip: ZipFile;
  let files: readonly Entry[];
  try {
    zip = await (Buffer.isBuffer(archive)
      ? fromBufferPromise(archive)
      : fromFdPromise(archive.fd, { autoClose: false }));
    files = await filesOf(zip);
  } catch (error) {
    throw damaged(error);
  }
  const file = onlyFile(files, fail);
  let sum = 0;
  try {
    const content = await zip.openReadStreamPromise(file);
    for await (const chunk of content as AsyncIterable<Buffer>) {
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } catch (error) {
    throw damaged(error);
  }
  if (sum !== file.crc32) throw damaged(new Error('the check sum of its file is wrong'));
}

/** The files of an archive, without directories and what macOS adds. */
async function filesOf(zip: ZipFile): Promise<readonly Entry[]> {
  const files: Entry[] = [];
  for await (const entry of zip.eachEntry())
    if (!/\/$|(^|\/)(__MACOSX\/|\.DS_Store$)/.test(entry.fileName)) files.push(entry);
  return files;
}

function onlyFile(files: readonly Entry[], fail: (reason: string) => SourceError): Entry {
  const names = files.map(({ fileName }) => fileName);
  if (names.includes('xl/workbook.xml')) throw fail(WORKBOOK.xlsx);
  if (names.includes('mimetype') && names.includes('content.xml')) throw fail(WORKBOOK.ods);
  const [file] = files;
  if (file === undefined) throw fail('the ZIP archive has no file');
  if (files.length > 1) {
    const shown = names.slice(0, MOST_NAMES).map(quoted).join(', ');
    throw fail(
      `the ZIP archive has ${files.length} files (${shown}${files.length > MOST_NAMES ? ', ...' : ''}); unpack it, and give the files that are meant`,
    );
  }
  if (file.isEncrypted()) throw fail('the ZIP archive is encrypted; unpack it first');
  if (!file.canDecodeFileData())
    throw fail(
      `the ZIP archive is compressed by method ${file.compressionMethod}, which is not supported; use Deflate, or unpack it first`,
    );
  return file;
}

/**
 * Checks that an archive in memory is complete: every file in it has its check sum.
 *
 * @param ended - the files that must also have this end; the rest of such a file could be missing
 * @throws {@link SourceError} if it is not, or would have more than {@link MAX_UNPACKED_BYTES}
 */
export async function requireWhole(
  archive: Buffer,
  name: string | undefined,
  ended: RegExp,
  end: string,
): Promise<void> {
  const fail = (reason: string) => new SourceError(reason, { file: name });
  let unpacked = 0;
  try {
    const zip = await (await import('yauzl')).default.fromBufferPromise(archive);
    for (const entry of await filesOf(zip)) {
      unpacked += entry.uncompressedSize;
      if (unpacked > MAX_UNPACKED_BYTES)
        throw fail(`it has more than ${MAX_UNPACKED_BYTES} bytes; save the sheet as "CSV UTF-8"`);
      const { sum, last } = await contentOf(await zip.openReadStreamPromise(entry));
      if (sum !== entry.crc32)
        throw fail(`the file is damaged (the check sum of ${entry.fileName} is wrong)`);
      if (ended.test(entry.fileName) && !last.trimEnd().endsWith(end))
        throw fail(`the file is damaged (${entry.fileName} does not end with ${end})`);
    }
  } catch (error) {
    if (error instanceof SourceError) throw error;
    const reason = (error as Error).message;
    throw new SourceError(`the file is damaged or was cut off (${reason})`, { file: name }, { cause: error });
  }
}

/** The check sum of a content, and its last characters. */
async function contentOf(content: AsyncIterable<unknown>): Promise<{ sum: number; last: string }> {
  let sum = 0;
  let last = '';
  for await (const chunk of content as AsyncIterable<Buffer>) {
    sum = crc32(chunk, sum);
    last = (last + chunk.subarray(-100).toString('latin1')).slice(-100);
  }
  return { sum, last };
}

/** What to do with spreadsheets. */
export const WORKBOOK = Object.freeze({
  xlsx: 'this is an Excel workbook (.xlsx); read it with fromExcel (--format xlsx), or save the sheet as "CSV UTF-8"',
  ods: 'this is an OpenDocument file, such as a spreadsheet of LibreOffice (.ods); save the sheet as .xlsx or as CSV in UTF-8',
  xls: 'this is an Excel workbook of the old form (.xls) or with a password; save it as .xlsx without one, or the sheet as "CSV UTF-8"',
});

/**
 * The bytes of a stream in one piece.
 * @throws {@link SourceError} for more than {@link MAX_ARCHIVE_BYTES}, and for text
 */
export async function collected(
  chunks: AsyncIterable<InputChunk>,
  name: string | undefined,
  tooLarge = `an archive from a stream is kept in memory, and this one exceeds ${MAX_ARCHIVE_BYTES} bytes; use a file instead`,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    if (typeof chunk === 'string')
      throw new SourceError('the input yields text after bytes of an archive', { file: name });
    length += chunk.length;
    if (length > MAX_ARCHIVE_BYTES) throw new SourceError(tooLarge, { file: name });
    // Copied, because the owner may reuse the memory of the chunk.
    parts.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(parts);
}
