import type { ScreenedRows } from '../screen.js';
import type { KernelMemory } from './kernel.js';
import type { SettledTable } from './settled-table.js';

/** Bytes that the kernel tells of each row, see `assembly/rows.ts`. */
export const ROW_BYTES = 32;

const WORDS = ROW_BYTES / 4;
const SLOT_WORD = 4;
const END_WORD = 5;
const LINE_WORD = 6;

/** What a kernel said of a block. */
export interface BlockTally {
  readonly count: number;
  readonly consumed: number;
  readonly stopped: boolean;
  /** Lines of the whole rows. */
  readonly lines: number;
}

/** The rows of a block, as the kernel tells them. */
export class KernelRows implements ScreenedRows {
  count = 0;
  consumed = 0;
  stopped = false;
  nextLine = 1;
  #offset = 0;
  #firstLine = 1;
  readonly #words: Uint32Array;
  readonly #slots: Int32Array;
  readonly #bytes: Buffer;
  readonly #table: SettledTable | undefined;

  constructor(memory: KernelMemory, at: number, most: number, table: SettledTable | undefined) {
    this.#words = memory.words(at, most * WORDS);
    this.#slots = new Int32Array(this.#words.buffer, at, most * WORDS);
    this.#bytes = memory.bytes(at, most * ROW_BYTES);
    this.#table = table;
  }

  /** Takes what was said of the block that begins at a place of its buffer and on a line of the file. */
  take({ count, consumed, stopped, lines }: BlockTally, offset: number, firstLine: number): this {
    this.count = count;
    this.consumed = offset + consumed;
    this.stopped = stopped;
    this.#offset = offset;
    this.#firstLine = firstLine;
    this.nextLine = firstLine + lines;
    return this;
  }

  isKnown(row: number): boolean {
    return (this.#slots[row * WORDS + SLOT_WORD] as number) >= 0;
  }

  settle(row: number): boolean {
    return this.#table !== undefined && this.#table.compare(this.#slots[row * WORDS + SLOT_WORD] as number);
  }

  start(row: number): number {
    return row === 0 ? this.#offset : this.end(row - 1);
  }

  end(row: number): number {
    return this.#offset + (this.#words[row * WORDS + END_WORD] as number);
  }

  line(row: number): number {
    return this.#firstLine + (this.#words[row * WORDS + LINE_WORD] as number);
  }

  print(row: number): string {
    return this.#bytes.toString('latin1', row * ROW_BYTES, row * ROW_BYTES + 16);
  }
}
