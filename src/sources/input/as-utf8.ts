import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { SourceError } from '../../core/errors.js';
import { countLineFeeds } from './decode-text.js';
import { HEAD_BYTES, marksLength, recognise } from './first-bytes.js';
import type { InputChunk } from './input-chunk.js';
import { READ_BYTES } from './read-file.js';
import { collected, unzip, WORKBOOK } from './unzip.js';
import { Utf8Instead } from './utf8-instead.js';

/** How the bytes of an input are encoded. */
export interface Encoded {
  /** True if they are gzipped, false if they must not be unpacked; undefined if the first bytes decide. */
  readonly gzip: boolean | undefined;
  /** The name of the encoding for `TextDecoder`; undefined if the first bytes decide between UTF-8 and UTF-16. */
  readonly encoding: string | undefined;
  readonly name: string | undefined;
  /** True for the content of a ZIP archive. */
  readonly isUnpacked?: boolean;
}

type Chunks = AsyncIterable<InputChunk> | Iterable<InputChunk>;

/**
 * The input as UTF-8 bytes or text, without byte order marks at its start. Gzip and a ZIP archive of one file are unpacked, and
 * UTF-16 is decoded, if the first bytes show them.
 *
 * @throws {@link SourceError} for archives as {@link unzip}, for an Excel workbook, for bytes that are not in the encoding, and at its end
 * for UTF-8 that was read in an encoding with one byte for each character
 */
export async function* asUtf8(source: Chunks, encoded: Encoded): AsyncGenerator<InputChunk, void, undefined> {
  const { gzip, encoding, name } = encoded;
  const { head, chunks } = await withHead(source);
  const format = typeof head === 'string' ? 'utf-8' : recognise(head);
  if (gzip === true || (gzip === undefined && format === 'gzip'))
    yield* asUtf8(gunzip(chunks), { ...encoded, gzip: false });
  else if (format === 'zip') yield* ofArchive(chunks, encoded);
  else if (format === 'xls') throw new SourceError(WORKBOOK.xls, { file: name });
  else if (encoding !== undefined) yield* decoded(chunks, encoding, name);
  else if (format === 'utf-16le' || format === 'utf-16be') yield* decoded(chunks, format, name);
  else yield* chunks;
}

/** The only file of an archive that is not in a file itself. An archive may contain itself, so it is unpacked once. */
async function* ofArchive(
  chunks: AsyncIterable<InputChunk>,
  encoded: Encoded,
): AsyncGenerator<InputChunk, void, undefined> {
  const { name } = encoded;
  if (encoded.isUnpacked === true)
    throw new SourceError('there is an archive inside the archive; unpack it first', { file: name });
  yield* asUtf8(unzip(await collected(chunks, name), name), { ...encoded, isUnpacked: true });
}

/** The first bytes or the first text of an input, and all its chunks. Byte order marks (UTF-8) at its start are removed. */
interface Headed {
  readonly head: InputChunk;
  readonly chunks: AsyncIterable<InputChunk>;
}

async function withHead(source: Chunks): Promise<Headed> {
  const iterator = iteratorOf(source);
  let head: InputChunk = EMPTY;
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  let next: InputChunk | undefined;
  try {
    while (typeof head !== 'string' && head.length < HEAD_BYTES && next === undefined) {
      const step = await iterator.next();
      if (step.done) {
        ended = true;
        break;
      }
      if (typeof step.value !== 'string') head = withoutMarks(join(head, step.value));
      else if (head.length > 0) next = step.value;
      else if (withoutTextMarks(step.value) !== '') head = withoutTextMarks(step.value);
    }
  } catch (error) {
    failure = { error };
  }
  const chunks = async function* () {
    try {
      if (head.length > 0) yield head;
      if (next !== undefined) yield next;
      // The error comes after everything that was read before.
      if (failure !== undefined) throw failure.error;
      while (!ended) {
        const step = await iterator.next();
        if (step.done) ended = true;
        else yield step.value;
      }
    } finally {
      if (!ended && failure === undefined) await iterator.return?.();
    }
  };
  return { head, chunks: chunks() };
}

const EMPTY = new Uint8Array(0);

function iteratorOf(source: Chunks): AsyncIterator<InputChunk> | Iterator<InputChunk> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

function join(head: Uint8Array, chunk: Uint8Array): Uint8Array {
  return head.length === 0 ? chunk : Buffer.concat([head, chunk]);
}

/** Removes complete byte order marks; an incomplete one waits for the next chunk. */
function withoutMarks(head: Uint8Array): Uint8Array {
  return head.subarray(marksLength(head));
}

function withoutTextMarks(text: string): string {
  return text.replace(/^\ufeff+/, '');
}

/** Decodes bytes. Text passes unchanged. */
async function* decoded(
  chunks: AsyncIterable<InputChunk>,
  encoding: string,
  file: string | undefined,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const utf8Instead = new Utf8Instead(encoding);
  let line = 1;
  const decode = (bytes: Uint8Array | undefined): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (error) {
      throw new SourceError(`is not valid ${encoding}`, { file, line }, { cause: error });
    }
  };
  for await (const chunk of chunks) {
    if (typeof chunk !== 'string') utf8Instead.add(chunk, line);
    const text = typeof chunk === 'string' ? chunk : decode(chunk);
    if (text === '') continue;
    yield text;
    line += countLineFeeds(text);
  }
  const rest = decode(undefined);
  if (rest !== '') yield rest;
  utf8Instead.end(file);
}

/** Decompresses gzip; closes its source on every exit. */
async function* gunzip(source: AsyncIterable<InputChunk>): AsyncGenerator<Uint8Array, void, undefined> {
  const compressed = Readable.from(source, { objectMode: false });
  const unzip = createGunzip({ chunkSize: READ_BYTES });
  // `pipeline` passes an error of either stream on to `unzip`, whose reader throws it.
  const settled = new Promise<void>((resolve) => pipeline(compressed, unzip, () => resolve()));
  try {
    for await (const chunk of unzip) yield chunk as Uint8Array;
  } finally {
    unzip.destroy();
    compressed.destroy();
    await settled;
  }
}
