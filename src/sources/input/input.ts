import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { OptionsError, RollcallError, SourceError } from '../../core/errors.js';
import { isPackedName, readFile, type FileBytes } from './read-file.js';
import { asUtf8, type Encoded } from './as-utf8.js';
import type { InputChunk } from './input-chunk.js';
import { requireEncoding } from './encoding.js';
import { whenComplete } from './complete-marker.js';

/**
 * The input of a file source: a path (a string is always a path), a `file:` URL, a Node Readable, or any sync or async
 * iterable of bytes or text. Chunks may end anywhere.
 */
export type Input = string | URL | Uint8Array | AsyncIterable<InputChunk> | Iterable<InputChunk>;

/** Common options of all file sources. */
export interface InputOptions {
  /**
   * True if the input is gzipped, false if it must not be unpacked as gzip. A ZIP archive of one file is always unpacked.
   * @defaultValue recognised by the first bytes; a file whose name ends in `.gz` or `.zip` must be gzipped or a ZIP archive
   */
  readonly gzip?: boolean;
  /**
   * The encoding of the bytes: a name of the WHATWG Encoding Standard, such as `windows-1252` or `utf-16le`.
   * @defaultValue UTF-8, or UTF-16 if the first bytes show it (with or without a byte order mark)
   */
  readonly encoding?: string;
  /**
   * The name of the source in errors and rejections.
   * @defaultValue the path, if there is one
   */
  readonly name?: string;
  /**
   * The number of rows that the producer announced. An input with more or fewer rows fails at its end, so that nothing is
   * deleted. Header, blank rows and trailer do not count.
   * @defaultValue any number is right
   */
  readonly expectRows?: number;
  /**
   * The path of a file that the producer writes when the export is complete. If it does not exist or is older than the input, the
   * input counts as cut off, and fails. Only for a path or a `file:` URL.
   * @defaultValue no marker is needed
   */
  readonly completeMarker?: string;
}

/** The names of {@link InputOptions}. */
export const INPUT_OPTIONS: readonly string[] = Object.freeze([
  'gzip',
  'encoding',
  'name',
  'expectRows',
  'completeMarker',
]);

/** A checked input that is not open yet. */
export interface OpenableInput {
  readonly name: string | undefined;
  /** The path of a file whose bytes can be read directly; undefined for other inputs, and if more than its bytes is needed. */
  readonly path: string | undefined;
  /** Opens the input, as UTF-8 or text, without byte order marks at its start. @throws {@link SourceError} the second time, if the input can be read only once. */
  open(): AsyncIterable<InputChunk>;
  /** Opens the input as it is: nothing is unpacked or decoded. @throws as {@link open} */
  openBytes(): AsyncIterable<InputChunk>;
}

/**
 * Checks an input; nothing is opened yet.
 *
 * @throws {@link OptionsError} if the input cannot be read.
 */
export function toInput(input: Input, options: InputOptions): OpenableInput {
  const { gzip, name } = options;
  const encoding = requireEncoding(options.encoding);
  if (gzip !== undefined && typeof gzip !== 'boolean')
    throw new OptionsError('gzip', 'expected true or false');
  if (name !== undefined && typeof name !== 'string') throw new OptionsError('name', 'expected a string');
  const path = pathOf(input);
  const named = name ?? path ?? streamPath(input);
  const marker = requireMarkerPath(options.completeMarker, path);
  const isPacked = gzip === undefined && path !== undefined && isPackedName(path);
  const raw =
    path === undefined
      ? readIterable(input as Exclude<Input, string | URL>)
      : (known: FileBytes) => readFile(path, { ...known, name: named });
  const open = (known: FileBytes) =>
    marker === undefined ? raw(known) : whenComplete(marker, path as string, () => raw(known));
  const encoded: Encoded = { gzip, encoding, name: named };
  const isPlain = gzip !== true && !isPacked && encoding === undefined && marker === undefined;
  return {
    name: named,
    path: isPlain ? path : undefined,
    open: () => guarded(() => asUtf8(open({ isPacked }), encoded), named),
    openBytes: () => guarded(() => open({ unzips: false }), named),
  };
}

function requireMarkerPath(marker: string | undefined, path: string | undefined): string | undefined {
  if (marker === undefined) return undefined;
  if (typeof marker !== 'string' || marker === '')
    throw new OptionsError('completeMarker', 'expected the path of a file');
  if (path === undefined)
    throw new OptionsError(
      'completeMarker',
      'the input must be the path of a file, whose age can be compared',
    );
  return marker;
}

function pathOf(input: Input): string | undefined {
  if (typeof input === 'string') {
    if (input === '') throw new OptionsError('input', 'expected a path, got ""');
    if (/[\r\n]/.test(input))
      throw new OptionsError(
        'input',
        'expected a path, got text of several lines; pass text as an array: [text]',
      );
    return input;
  }
  if (!(input instanceof URL)) return undefined;
  if (input.protocol !== 'file:')
    throw new OptionsError('input', `expected a file: URL, got ${input.protocol}`);
  return fileURLToPath(input);
}

function streamPath(input: Input): string | undefined {
  const { path } = input as { path?: unknown };
  return input instanceof Readable && typeof path === 'string' ? path : undefined;
}

function readIterable(
  input: Exclude<Input, string | URL>,
): (known: FileBytes) => AsyncIterable<InputChunk> | Iterable<InputChunk> {
  if (input instanceof Uint8Array) return () => [input];
  if (Array.isArray(input)) return () => input as InputChunk[];
  const value: unknown = input;
  if (
    typeof value !== 'object' ||
    value === null ||
    !(Symbol.asyncIterator in value || Symbol.iterator in value)
  ) {
    throw new OptionsError('input', 'expected a path, a URL, a Readable or an iterable of bytes or text');
  }
  let used = false;
  return () => {
    if (used) throw new SourceError('this input can be read only once, and it was already read');
    used = true;
    return input;
  };
}

/** Converts every read error to a {@link SourceError} with the name of the source; rollcall's own errors are unchanged. */
async function* guarded(
  openRaw: () => AsyncIterable<InputChunk> | Iterable<InputChunk>,
  name: string | undefined,
): AsyncGenerator<InputChunk, void, undefined> {
  try {
    for await (const chunk of openRaw()) {
      if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
        throw new SourceError('the input yields something that is neither bytes nor text', { file: name });
      }
      yield chunk;
    }
  } catch (error) {
    throw unreadable(error, name);
  }
}

/** A read error as a {@link SourceError} with the name of the source. */
export function unreadable(error: unknown, name: string | undefined): unknown {
  if (error instanceof RollcallError) return error;
  return new SourceError(`cannot be read (${reasonOf(error)})`, { file: name ?? 'input' }, { cause: error });
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ENOENT') return 'ENOENT: no such file';
  if (code === 'EACCES') return 'EACCES: permission denied';
  if (code === 'Z_BUF_ERROR') return 'Z_BUF_ERROR: the gzip file was cut off';
  if (code === 'Z_DATA_ERROR') return 'Z_DATA_ERROR: the gzip file is damaged';
  return typeof code === 'string' ? code : 'the stream failed';
}
