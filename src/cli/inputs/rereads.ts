import { createHash } from 'node:crypto';
import { SourceError } from '../../core/errors.js';
import type { InputChunk } from '../../sources/input/input-chunk.js';

/** The most bytes of standard input that are kept in memory if the mapping needs it more than once. */
export const MAX_HELD_BYTES = 64 * 1024 * 1024;

type Bytes = AsyncIterable<InputChunk>;

/**
 * Checks that every later read of an input has the same bytes as the first one. A run reads an input more than once if,
 * for example, users and memberships come from the same file; if the file changed in between, the memberships would not
 * belong to the users.
 *
 * Files are read again, and must have the same SHA-256. Standard input cannot be read again: it is kept in memory, up to
 * {@link MAX_HELD_BYTES}, and never written to disk, because it contains personal data. One object serves one run.
 */
export class Rereads {
  readonly #maxHeldBytes: number;
  readonly #files = new Map<string, Promise<readonly string[]>>();
  readonly #digests = new Map<string, string>();
  #held: InputChunk[] | undefined;

  constructor(maxHeldBytes = MAX_HELD_BYTES) {
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** The files of paths and globs, searched once: a file that appears later belongs to the next run. */
  files(paths: readonly string[], find: () => Promise<readonly string[]>): Promise<readonly string[]> {
    const key = JSON.stringify(paths);
    let files = this.#files.get(key);
    if (files === undefined) this.#files.set(key, (files = find()));
    return files;
  }

  /** The bytes of one input. @throws {@link SourceError} at the end, if they differ from the bytes of the first read. */
  bytes(name: string, open: () => Bytes, onlyOnce: boolean): Bytes {
    return onlyOnce ? this.#fromMemory(name, open) : this.#compared(name, open);
  }

  async *#compared(name: string, open: () => Bytes): AsyncGenerator<InputChunk, void, undefined> {
    const hash = createHash('sha256');
    for await (const chunk of open()) {
      hash.update(chunk);
      yield chunk;
    }
    const digest = hash.digest('base64');
    const first = this.#digests.get(name);
    if (first === undefined) this.#digests.set(name, digest);
    else if (first !== digest) {
      throw new SourceError('the file changed between two reads of this run; run again when it is complete', {
        file: name,
      });
    }
  }

  async *#fromMemory(name: string, open: () => Bytes): AsyncGenerator<InputChunk, void, undefined> {
    if (this.#held !== undefined) {
      yield* this.#held;
      return;
    }
    const held: InputChunk[] = [];
    let bytes = 0;
    for await (const chunk of open()) {
      bytes += chunk.length;
      if (bytes > this.#maxHeldBytes) {
        throw new SourceError(
          `the mapping needs this input more than once, and it exceeds the ${this.#maxHeldBytes} bytes that are kept in memory; use a file instead`,
          { file: name },
        );
      }
      held.push(chunk);
      yield chunk;
    }
    this.#held = held;
  }
}
