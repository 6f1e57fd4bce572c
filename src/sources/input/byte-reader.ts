import { open, type FileHandle } from 'node:fs/promises';
import { HEAD_BYTES, marksLength, recognise } from './first-bytes.js';
import { unreadable, type OpenableInput } from './input.js';
import type { InputChunk } from './input-chunk.js';
import { READ_BYTES } from './read-file.js';

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

/** Opens an input for {@link ByteReader.read}. A file of plain UTF-8 is read without an additional copy. */
export async function openBytes(source: OpenableInput): Promise<ByteReader> {
  const file = source.path === undefined ? undefined : await openPlain(source.path, source.name);
  return file ?? new IterableReader(bytesOf(source.open()));
}

/** Opens a file; undefined if it is not a regular file, or its first bytes show that it is compressed or not UTF-8. */
async function openPlain(path: string, name: string | undefined): Promise<ByteReader | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const stat = await handle.stat();
    const head = Buffer.alloc(HEAD_BYTES);
    if (stat.isFile()) {
      const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
      const first = head.subarray(0, bytesRead);
      if (recognise(first) === 'utf-8') return new FileReader(handle, stat.size, marksLength(first), name);
    }
    await handle.close();
    return undefined;
  } catch (error) {
    await handle?.close();
    throw unreadable(error, name);
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
  #position: number;
  #failure: { readonly error: unknown } | undefined;

  constructor(handle: FileHandle, size: number, position: number, name: string | undefined) {
    this.#handle = handle;
    this.size = size;
    this.#position = position;
    this.#name = name;
  }

  async read(into: Buffer): Promise<number> {
    try {
      const { bytesRead } = await this.#handle.read(into, 0, into.length, this.#position);
      this.#position += bytesRead;
      return bytesRead;
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
