import { SCREENED_BYTES, type RowScreen, type RowShape, type ScreenedRows } from '../screen.js';
import { createKernel, KernelMemory, type KernelExports } from './kernel.js';
import { KernelRows, ROW_BYTES, type BlockTally } from './kernel-rows.js';
import { planOf, ScreenProgram, type ScreenOptions, type ScreenPlan } from './screen-program.js';
import { ScreenThreads, type BlockTask } from './screen-threads.js';

/** Rows of a block at most; what is behind them is screened after them. */
const MOST_ROWS = 32_768;
/** Buffers for each thread, so that none waits while others' blocks are looked at. */
const BUFFERS_PER_THREAD = 4;

/**
 * Makes a screen for rows of a shape; undefined when what they are made into cannot be told from their bytes.
 * @param threads - worker threads that screen; what they have not begun when it is needed, the caller's own does
 */
export function createRowScreen(
  options: ScreenOptions,
  shape: RowShape,
  threads: number,
): RowScreen | undefined {
  const plan = planOf(options, shape);
  if (plan === undefined) return undefined;
  // They start while the table is loaded.
  const started = threads > 0 ? new ScreenThreads(threads) : undefined;
  try {
    return new KernelScreen(plan, options, shape, started);
  } catch (error) {
    void started?.close();
    throw error;
  }
}

/** A block that is being screened, and what it came to where the caller screened it. */
interface Begun {
  readonly buffer: number;
  readonly task: BlockTask;
  tally: BlockTally | undefined;
}

class KernelScreen implements RowScreen {
  readonly buffers: readonly Buffer[];
  readonly #kernel: KernelExports;
  readonly #inputs: readonly number[];
  readonly #outs: readonly number[];
  readonly #rows: readonly KernelRows[];
  readonly #shape: RowShape;
  readonly #isRaw: boolean;
  readonly #threads: ScreenThreads | undefined;
  /** Blocks that were begun and not asked for, in order. */
  readonly #begun: Begun[] = [];

  constructor(plan: ScreenPlan, options: ScreenOptions, shape: RowShape, threads: ScreenThreads | undefined) {
    const { key } = options;
    const table = options.table?.();
    const memory = table?.memory ?? new KernelMemory();
    const program = new ScreenProgram(memory, { ...options, table }, shape, plan);
    this.#threads = threads;
    this.#shape = shape;
    this.#isRaw = plan.kind === 'raw';
    this.#kernel = createKernel(memory, key);
    for (const [name, ...args] of program.calls())
      (this.#kernel[name] as (...args: unknown[]) => void)(...args);
    const count = threads === undefined ? 2 : threads.count * BUFFERS_PER_THREAD;
    this.#inputs = Array.from({ length: count }, () => memory.allocate(SCREENED_BYTES));
    this.#outs = Array.from({ length: count }, () => memory.allocate(MOST_ROWS * ROW_BYTES));
    this.buffers = this.#inputs.map((at) => memory.bytes(at, SCREENED_BYTES));
    this.#rows = this.#outs.map((at) => new KernelRows(memory, at, MOST_ROWS, table));
    threads?.begin(memory, count, () => program.calls());
  }

  wholeRows(buffer: number, length: number): number {
    if (this.#shape.format === 'csv') return this.#kernel.lastRowEnd(this.#inputs[buffer] as number, length);
    return (this.buffers[buffer] as Buffer).subarray(0, length).lastIndexOf(LF) + 1;
  }

  begin(buffer: number, length: number, last: boolean): (firstLine: number) => Promise<ScreenedRows> {
    const block: Begun = { buffer, task: this.#task(buffer, 0, length, last), tally: undefined };
    this.#threads?.run(buffer, block.task);
    this.#begun.push(block);
    return async (firstLine) => {
      this.#begun.splice(this.#begun.indexOf(block), 1);
      return (this.#rows[buffer] as KernelRows).take(await this.#tallyOf(block), 0, firstLine);
    };
  }

  next(buffer: number, start: number, length: number, last: boolean, firstLine: number): ScreenedRows {
    const tally = this.#screen(this.#task(buffer, start, length - start, last));
    return (this.#rows[buffer] as KernelRows).take(tally, start, firstLine);
  }

  async close(): Promise<void> {
    await this.#threads?.close();
  }

  /** What a block comes to: from its thread, or from here where that has not begun it. */
  async #tallyOf(block: Begun): Promise<BlockTally> {
    const threads = this.#threads;
    for (;;) {
      const tally = block.tally ?? threads?.tally(block.buffer);
      if (tally !== undefined) return tally;
      if (threads === undefined || threads.claim(block.buffer)) return this.#screen(block.task);
      // Instead of waiting for it, a later one is done.
      const later = this.#begun.find(({ buffer, tally }) => tally === undefined && threads.claim(buffer));
      if (later === undefined) await threads.settled(block.buffer);
      else later.tally = this.#screen(later.task);
    }
  }

  #task(buffer: number, start: number, length: number, last: boolean): BlockTask {
    const text = (this.#inputs[buffer] as number) + start;
    const out = this.#outs[buffer] as number;
    const { format, delimiter, columns } = this.#shape;
    const end = last ? 1 : 0;
    if (format === 'cells') return ['settleCells', text, length, columns.length, out, MOST_ROWS];
    return format === 'csv'
      ? ['settleCsv', text, length, end, delimiter.charCodeAt(0), columns.length, 0, out, MOST_ROWS]
      : ['settleJsonLines', text, length, end, this.#isRaw ? 1 : 0, 0, out, MOST_ROWS];
  }

  #screen([name, ...args]: BlockTask): BlockTally {
    const kernel = this.#kernel;
    const settle: (...args: number[]) => void = kernel[name];
    settle(...args);
    return {
      count: kernel.rowCount(),
      consumed: kernel.rowsConsumed(),
      stopped: kernel.rowsStopped() !== 0,
      lines: kernel.nextLine(),
    };
  }
}

const LF = 0x0a;
