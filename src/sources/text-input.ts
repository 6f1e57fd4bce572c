import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { OptionsError, SourceError } from '../errors.js';

/** What a file source takes: a path (gunzipped when it ends in `.gz`), a URL of a file, or a stream or iterable of bytes or text. */
export type ByteInput = string | URL | Readable | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** An input that is ready to be read as text. */
export interface TextInput {
  /** The file's name, without its directory; undefined for a stream. */
  readonly file: string | undefined;
  /** Opens it. A path may be opened again; anything else only once. */
  open(): AsyncGenerator<string, void, undefined>;
}

/** Checks an input and makes it text: UTF-8, without a byte order mark. */
export function textInput(input: ByteInput): TextInput {
  if (typeof input === 'string' || input instanceof URL) {
    if (input === '') throw new OptionsError('input', 'expected a path, got an empty string');
    const path = typeof input === 'string' ? input : fileURLToPath(input);
    const file = basename(path);
    return { file, open: () => decode(fileBytes(path), file) };
  }
  if (typeof input !== 'object' || input === null || !(Symbol.asyncIterator in input || Symbol.iterator in input)) {
    throw new OptionsError('input', 'expected a path, a stream, or an iterable of bytes or text');
  }
  let used = false;
  return {
    file: undefined,
    open: () => {
      if (used) throw new SourceError('the stream was read already');
      used = true;
      return decode(input, undefined);
    },
  };
}

async function* fileBytes(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const bytes = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => bytes.destroy(error));
  try {
    for await (const chunk of bytes) yield chunk as Buffer;
  } finally {
    file.destroy();
    bytes.destroy();
  }
}

async function* decode(
  bytes: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  file: string | undefined,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text: string;
  try {
    for await (const chunk of bytes) {
      text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
      if (text !== '') yield text;
    }
    text = decoder.decode();
    if (text !== '') yield text;
  } catch (cause) {
    throw asSourceError(cause, file);
  }
}

function asSourceError(cause: unknown, file: string | undefined): unknown {
  if (!(cause instanceof Error)) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return new SourceError('is not UTF-8 text', { file }, { cause });
  // The system's message names the whole path; the code says what happened.
  if (code !== undefined) return new SourceError(`cannot be read (${code})`, { file }, { cause });
  return cause;
}
