import type { BlockScreen } from './kernel/block-screen.js';
import type { ScreenedInput, ScreenedRows } from './screen.js';

/** A block that is being screened. */
export interface CutBlock {
  readonly buffer: number;
  /** Bytes of the block. */
  readonly length: number;
  /** Whether the input ends with it. */
  readonly last: boolean;
  /** Waits for the screen. */
  rows(firstLine: number): Promise<ScreenedRows>;
}

/**
 * Cuts an input into blocks of rows that seem whole and has them screened, ahead of its reader by as many as there are
 * buffers. What begins at the end of a block goes on at the start of the next.
 */
export class BlockCutter {
  readonly #input: Pick<ScreenedInput<unknown>, 'read'>;
  readonly #screen: BlockScreen;
  readonly #free: number[];
  /** Blocks that are screened, in order. */
  readonly #cut: CutBlock[] = [];
  /** The start of the next block. */
  #carried: Uint8Array;
  #ended = false;
  /** True before a row that is longer than a buffer or has no bytes: its start is carried, and nothing more is cut. */
  #stuck = false;

  constructor(input: Pick<ScreenedInput<unknown>, 'read' | 'first'>, screen: BlockScreen) {
    this.#input = input;
    this.#screen = screen;
    this.#carried = input.first;
    this.#free = Array.from(screen.buffers.keys());
  }

  /** The next block; undefined at the end of the input, or before a row that is longer than a buffer. */
  async next(): Promise<CutBlock | undefined> {
    while (!this.#ended && !this.#stuck && this.#free.length > 0) await this.#cutOne();
    return this.#cut.shift();
  }

  /** Makes a buffer free for another block. */
  release(buffer: number): void {
    this.#free.push(buffer);
  }

  /** All that was read and not passed on, behind some bytes of the last block: copies, since buffers are used again. */
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
    // A stray quote hides the ends of rows. Then the last line feed is tried: the rows before say whether one ends there.
    const length = this.#ended
      ? filled
      : this.#screen.wholeRows(buffer, filled) || into.subarray(0, filled).lastIndexOf(LF) + 1;
    if (length === 0) {
      this.#stuck ||= !this.#ended;
      this.#carried = Buffer.concat([into.subarray(0, filled), more]);
      this.#free.push(buffer);
      return;
    }
    // Copied, since the buffer is used again before the next block is read.
    this.#carried = Buffer.concat([into.subarray(length, filled), more]);
    const rows = this.#screen.begin(buffer, length, this.#ended);
    this.#cut.push({ buffer, length, last: this.#ended, rows });
  }
}

const LF = 0x0a;
