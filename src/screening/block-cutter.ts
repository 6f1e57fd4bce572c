import type { BlockScreen } from './kernel/block-screen.js';
import type { ScreenedInput, ScreenedRows } from './screen.js';

/** A block of the file that is being screened. */
export interface CutBlock {
  /** The index of its buffer. */
  readonly buffer: number;
  /** Bytes of the block. */
  readonly length: number;
  /** True if it is the last block of the input. */
  readonly last: boolean;
  /** Waits until the block is screened. `firstLine` is the line of its first row. */
  rows(firstLine: number): Promise<ScreenedRows>;
}

/**
 * Cuts an input into blocks of whole rows, as far as balanced quotes show their ends, and starts to screen them. As many
 * blocks are in progress as there are buffers. A row that a block cuts off is moved to the start of the next block.
 */
export class BlockCutter {
  readonly #input: Pick<ScreenedInput<unknown>, 'read'>;
  readonly #screen: BlockScreen;
  readonly #free: number[];
  /** Blocks whose screening has begun and that {@link next} has not returned yet, in the order of the file. */
  readonly #cut: CutBlock[] = [];
  /** Bytes that were read and belong to the next block. */
  #carried: Uint8Array;
  #ended = false;
  /** True if the next row is longer than a buffer, or the input has no bytes for it. No more blocks are cut. */
  #stuck = false;

  constructor(input: Pick<ScreenedInput<unknown>, 'read' | 'first'>, screen: BlockScreen) {
    this.#input = input;
    this.#screen = screen;
    this.#carried = input.first;
    this.#free = Array.from(screen.buffers.keys());
  }

  /** The next block; undefined at the end of the input, and before a row that cannot be cut. */
  async next(): Promise<CutBlock | undefined> {
    while (!this.#ended && !this.#stuck && this.#free.length > 0) await this.#cutOne();
    return this.#cut.shift();
  }

  /** Makes the buffer of a block available for another. */
  release(buffer: number): void {
    this.#free.push(buffer);
  }

  /** Copies of all bytes that were read and not returned by {@link next}, after `first`, the unused bytes of the last block. */
  remaining(first: Uint8Array): Buffer[] {
    const cut = this.#cut.map(({ buffer, length }) => this.#screen.buffers[buffer]?.subarray(0, length));
    return [first, ...cut, this.#carried].map((bytes) => Buffer.from(bytes as Uint8Array));
  }

  async #cutOne(): Promise<void> {
    const buffer = this.#free.shift() as number;
    const into = this.#screen.buffers[buffer] as Buffer;
    const carried = this.#carried.subarray(0, into.length);
    into.set(carried);
    let filled = carried.length;
    const more = this.#carried.subarray(carried.length);
    while (more.length === 0 && filled < into.length && !this.#ended && !this.#stuck) {
      const read = await this.#input.read(into.subarray(filled));
      this.#ended = read === 0;
      this.#stuck = read < 0;
      filled += Math.max(0, read);
    }
    // After a stray quote no row seems to end. Then the block ends at the last line feed; screening shows whether a row does too.
    const length = this.#ended
      ? filled
      : this.#screen.wholeRows(buffer, filled) || into.subarray(0, filled).lastIndexOf(LF) + 1;
    if (length === 0) {
      this.#stuck ||= !this.#ended;
      this.#carried = Buffer.concat([into.subarray(0, filled), more]);
      this.#free.push(buffer);
      return;
    }
    // A copy, because the buffer may be used again before the next block is read.
    this.#carried = Buffer.concat([into.subarray(length, filled), more]);
    const rows = this.#screen.begin(buffer, length, this.#ended);
    this.#cut.push({ buffer, length, last: this.#ended, rows });
  }
}

const LF = 0x0a;
