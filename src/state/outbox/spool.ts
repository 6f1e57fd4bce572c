import type { Spool } from '../store.js';
import { SealedFile, type SealedBlock, type SealedFileOptions } from './sealed-file.js';

/** Bytes of texts in memory. When there are more, they move to the file; a small feed touches no disk. */
const BYTES_IN_MEMORY = 4_000_000;
/** Bytes of texts of a block in the file. Larger ones do not fit the caches of the processor: 4 MB take four times as long to encrypt. */
const BLOCK_BYTES = 256 * 1024;

/**
 * Opens a spool. With a directory, what outgrows four megabytes is kept in an encrypted file there.
 * @param options - how the file is created
 */
export function createSpool(directory: string | undefined, options: SealedFileOptions = {}): Spool {
  return new SealedSpool(directory, options);
}

/** A block of texts, one after another. */
interface Texts {
  readonly block: SealedBlock;
  /** UTF-8 cannot represent a text that is not well-formed Unicode. */
  readonly encoding: 'utf8' | 'utf16le';
  readonly lengths: readonly number[];
}

class SealedSpool implements Spool {
  readonly #directory: string | undefined;
  readonly #options: SealedFileOptions;
  #texts: string[] = [];
  #length = 0;
  #blocks: Texts[] = [];
  #file: SealedFile | undefined;

  constructor(directory: string | undefined, options: SealedFileOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  async add(text: string): Promise<void> {
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#directory === undefined) return;
    if (this.#length < (this.#file === undefined ? BYTES_IN_MEMORY : BLOCK_BYTES)) return;
    const file = (this.#file ??= new SealedFile(this.#directory, this.#options));
    const joined = this.#texts.join('');
    const encoding = joined.isWellFormed() ? 'utf8' : 'utf16le';
    const lengths = this.#texts.map(({ length }) => length);
    this.#blocks.push({ block: file.write(Buffer.from(joined, encoding)), encoding, lengths });
    this.#texts = [];
    this.#length = 0;
  }

  async *read(): AsyncGenerator<string, void, undefined> {
    for (const { block, encoding, lengths } of this.#blocks) {
      const text = (this.#file as SealedFile).read(block).toString(encoding);
      let start = 0;
      for (const length of lengths) yield text.slice(start, (start += length));
    }
    yield* this.#texts;
  }

  async close(): Promise<void> {
    this.#texts = [];
    this.#blocks = [];
    this.#file?.close();
  }
}
