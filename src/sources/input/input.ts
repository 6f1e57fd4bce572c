import { open, type FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { OptionsError, RollcallError, SourceError } from '../../core/errors.js';

/** A piece of an input: UTF-8 bytes, or decoded text. */
export type InputChunk = Uint8Array | string;

/**
 * The input of a file source: a path (a string is always a path), a `file:` URL, a Node Readable, or any sync or async
 * iterable of bytes or text. Chunks may end anywhere.
 */
export type Input = string | URL | Uint8Array | AsyncIterable<InputChunk> | Iterable<InputChunk>;

/** Common options of all file sources. */
export interface InputOptions {
  /**
   * True if the input is gzipped.
   * @defaultValue true for a path that ends in `.gz`, otherwise false
   */
  readonly gzip?: boolean;
  /**
   * The name of the source in errors and rejections.
   * @defaultValue the path, if there is one
   */
  readonly name?: string;
}

/** The names of {@link InputOptions}. */
export const INPUT_OPTIONS: readonly string[] = Object.freeze(['gzip', 'name']);

/** A checked input that is not open yet. */
export interface OpenableInput {
  readonly name: string | undefined;
  /** The path of an uncompressed file; undefined for a compressed file and for other inputs. */
  readonly path: string | undefined;
  /** Opens the input. @throws {@link SourceError} the second time, if the input can be read only once. */
  open(): AsyncIterable<InputChunk>;
}

/** The bytes of one read; with about 180 bytes per row, this is some 700 rows. */
const READ_BYTES = 128 * 1024;

/**
 * Checks an input; nothing is opened yet.
 *
 * @throws {@link OptionsError} if the input cannot be read.
 */
export function toInput(input: Input, options: InputOptions): OpenableInput {
  const { gzip, name } = options;
  if (gzip !== undefined && typeof gzip !== 'boolean')
    throw new OptionsError('gzip', 'expected true or false');
  if (name !== undefined && typeof name !== 'string') throw new OptionsError('name', 'expected a string');
  const path = pathOf(input);
  const named = name ?? path ?? streamPath(input);
  const raw = path === undefined ? readIterable(input as Exclude<Input, string | URL>) : () => readFile(path);
  const zipped = gzip ?? path?.endsWith('.gz') ?? false;
  return {
    name: named,
    path: zipped ? undefined : path,
    open: () => guarded(zipped ? () => gunzip(raw()) : raw, named),
  };
}

function pathOf(input: Input): string | undefined {
  if (typeof input === 'string') {
    if (input === '') throw new OptionsError('input', 'expected a path, got ""');
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

async function* readFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
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

function readIterable(
  input: Exclude<Input, string | URL>,
): () => AsyncIterable<InputChunk> | Iterable<InputChunk> {
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

/** Decompresses gzip; closes its source on every exit. */
async function* gunzip(
  source: AsyncIterable<InputChunk> | Iterable<InputChunk>,
): AsyncGenerator<Uint8Array, void, undefined> {
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

function unreadable(error: unknown, name: string | undefined): unknown {
  if (error instanceof RollcallError) return error;
  return new SourceError(`cannot be read (${reasonOf(error)})`, { file: name ?? 'input' }, { cause: error });
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ENOENT') return 'ENOENT: no such file';
  if (code === 'EACCES') return 'EACCES: permission denied';
  return typeof code === 'string' ? code : 'the stream failed';
}

/** Reads the bytes of an input into buffers of the caller. */
export interface ByteReader {
  /** The size of the file in bytes when it was opened; undefined if it is unknown. */
  readonly size: number | undefined;
  /**
   * Reads into a buffer from its start. Returns the number of bytes, 0 at the end of the input, or -1 if the rest cannot be
   * read as bytes or at all. In this case {@link remaining} yields the rest or throws the error, so that the error comes
   * after everything that was read before.
   */
  read(into: Buffer): Promise<number>;
  /** The rest of the input. */
  remaining(): AsyncIterable<InputChunk>;
  close(): Promise<void>;
}

/** Opens an input for {@link ByteReader.read}; a plain file is read without an additional copy. */
export async function openBytes(source: OpenableInput): Promise<ByteReader> {
  if (source.path === undefined) return new IterableReader(bytesOf(source.open()));
  try {
    const handle = await open(source.path, 'r');
    return new FileReader(handle, (await handle.stat()).size, source.name);
  } catch (error) {
    throw unreadable(error, source.name);
  }
}

/** The chunks that were already read, followed by the rest of the input. */
export async function* joined(
  read: readonly InputChunk[],
  reader: ByteReader,
): AsyncGenerator<InputChunk, void, undefined> {
  for (const chunk of read) if (chunk.length > 0) yield chunk;
  yield* reader.remaining();
}

class FileReader implements ByteReader {
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #name: string | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(handle: FileHandle, size: number, name: string | undefined) {
    this.#handle = handle;
    this.size = size;
    this.#name = name;
  }

  async read(into: Buffer): Promise<number> {
    try {
      return (await this.#handle.read(into, 0, into.length, null)).bytesRead;
    } catch (error) {
      this.#failure = { error: unreadable(error, this.#name) };
      return -1;
    }
  }

  async *remaining(): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#failure === undefined) {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      const length = await this.read(buffer);
      if (length === 0) return;
      if (length > 0) yield buffer.subarray(0, length);
    }
    throw this.#failure.error;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

class IterableReader implements ByteReader {
  readonly size = undefined;
  readonly #chunks: AsyncGenerator<InputChunk, void, undefined>;
  #chunk: InputChunk = new Uint8Array(0);
  #failure: { readonly error: unknown } | undefined;

  constructor(chunks: AsyncGenerator<InputChunk, void, undefined>) {
    this.#chunks = chunks;
  }

  async read(into: Buffer): Promise<number> {
    while (this.#chunk.length === 0) {
      if (this.#failure !== undefined) return -1;
      try {
        const step = await this.#chunks.next();
        if (step.done) return 0;
        this.#chunk = step.value;
      } catch (error) {
        this.#failure = { error };
      }
    }
    if (typeof this.#chunk === 'string') return -1;
    const taken = this.#chunk.subarray(0, into.length);
    into.set(taken);
    this.#chunk = this.#chunk.subarray(taken.length);
    return taken.length;
  }

  async *remaining(): AsyncGenerator<InputChunk, void, undefined> {
    if (this.#chunk.length > 0) yield this.#chunk;
    if (this.#failure !== undefined) throw this.#failure.error;
    yield* this.#chunks;
  }

  async close(): Promise<void> {
    await this.#chunks.return();
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Encodes text chunks to bytes. Text with half of a surrogate pair cannot be encoded, and stays text. */
async function* bytesOf(input: AsyncIterable<InputChunk>): AsyncGenerator<InputChunk, void, undefined> {
  // The first half of a surrogate pair whose second half is in the next chunk.
  let half = '';
  for await (const chunk of input) {
    if (typeof chunk !== 'string') {
      if (half !== '') yield half;
      half = '';
      yield chunk;
      continue;
    }
    const text = half + chunk;
    const end = /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length;
    half = text.slice(end);
    const whole = text.slice(0, end);
    yield LONE_SURROGATE.test(whole) ? whole : Buffer.from(whole);
  }
  if (half !== '') yield half;
}
