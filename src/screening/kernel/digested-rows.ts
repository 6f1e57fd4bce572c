import type { DigestTable } from '../../fingerprints/digest-table.js';
import type { ScreenedRows } from '../screen.js';
import type { KernelMemory } from './kernel.js';

/** The most rows that one call digests. The remaining rows of a block are digested by further calls. */
export const MOST_ROWS = 32_768;

const HEAD_WORDS = 4;
const DIGEST_WORDS = 4;
/** Words of a row: its digest, its end, and its line. */
const ROW_WORDS = DIGEST_WORDS + 2;

/** The most bytes that the kernel writes for the rows of a block; `assembly/rows.ts` describes them. */
export const ROWS_BYTES = (HEAD_WORDS + MOST_ROWS * ROW_WORDS) * 4;

/** The rows of a block: reads the digests that the kernel wrote, and looks them up. */
export class DigestedRows implements ScreenedRows {
  count = 0;
  consumed = 0;
  stopped = false;
  nextLine = 1;
  #offset = 0;
  #firstLine = 1;
  #table: DigestTable | undefined;
  readonly #head: Uint32Array;
  readonly #digests: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #lines: Uint32Array;
  readonly #slots = new Int32Array(MOST_ROWS);

  /** @param at - the address at which the kernel writes */
  constructor(memory: KernelMemory, at: number) {
    const words = memory.words(at, ROWS_BYTES / 4);
    let start = 0;
    const next = (length: number) => words.subarray(start, (start += length));
    this.#head = next(HEAD_WORDS);
    this.#digests = next(MOST_ROWS * DIGEST_WORDS);
    this.#ends = next(MOST_ROWS);
    this.#lines = next(MOST_ROWS);
  }

  /**
   * Reads the result of the kernel, and looks up each digest.
   * @param offset - the start of the first row in its block
   * @param firstLine - the line of the first row
   */
  read(table: DigestTable, offset: number, firstLine: number): this {
    const [count = 0, consumed = 0, stopped = 0, lines = 0] = this.#head;
    this.count = count;
    this.consumed = offset + consumed;
    this.stopped = stopped !== 0;
    this.#offset = offset;
    this.#firstLine = firstLine;
    this.nextLine = firstLine + lines;
    this.#table = table;
    table.findEach(this.#digests, count, this.#slots);
    return this;
  }

  /** Releases the table for garbage collection. */
  releaseTable(): void {
    this.#table = undefined;
  }

  isUnchanged(row: number): boolean {
    return (this.#slots[row] as number) >= 0;
  }

  markSeen(row: number): boolean {
    return this.#table !== undefined && this.#table.markCompared(this.#slots[row] as number);
  }

  digestWord(row: number, word: number): number {
    return this.#digests[row * DIGEST_WORDS + word] as number;
  }

  start(row: number): number {
    return row === 0 ? this.#offset : this.end(row - 1);
  }

  end(row: number): number {
    return this.#offset + (this.#ends[row] as number);
  }

  line(row: number): number {
    return this.#firstLine + (this.#lines[row] as number);
  }
}
