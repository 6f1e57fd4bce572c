import { createHash } from 'node:crypto';
import { SourceError } from '../../core/errors.js';
import type { InputChunk } from '../../sources/input/input.js';

/** Bytes of standard input that are held in memory when it is needed more than once. */
export const MAX_HELD_BYTES = 64 * 1024 * 1024;

type Bytes = AsyncIterable<InputChunk>;

/**
 * Holds every later read of an input to the bytes of the first, for what one run takes from it more than once: the
 * memberships of a changed file would belong to other users than those that were compared.
 *
 * Files are read again, and must have the same SHA-256. Standard input cannot be: it is held in memory, up to
 * {@link MAX_HELD_BYTES}, and never written to disk, for it holds people's data. One object serves one run.
 */
export class Rereads {
  readonly #maxHeldBytes: number;
  readonly #files = new Map<string, Promise<readonly string[]>>();
  readonly #digests = new Map<string, string>();
  #held: InputChunk[] | undefined;

  constructor(maxHeldBytes = MAX_HELD_BYTES) {
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** The files that paths name, found once: a file that comes up later is for the next run. */
  files(paths: readonly string[], find: () => Promise<readonly string[]>): Promise<readonly string[]> {
    const key = JSON.stringify(paths);
    let files = this.#files.get(key);
    if (files === undefined) this.#files.set(key, (files = find()));
    return files;
  }

  /** The bytes of one input. @throws {@link SourceError} at their end when they are not those of the first read. */
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
      throw new SourceError(
        'changed between two reads of the same run, and cannot be read twice; run again once it is written',
        { file: name },
      );
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
          `the mapping needs it more than once, and it is larger than the ${this.#maxHeldBytes} bytes that are held in memory; give a file instead`,
          { file: name },
        );
      }
      held.push(chunk);
      yield chunk;
    }
    this.#held = held;
  }
}
