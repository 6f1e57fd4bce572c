import { SCREENED_BYTES, type RowScreen, type RowShape, type ScreenedRows } from '../row-screen.js';
import { createKernel, KernelMemory, type KernelExports } from './kernel.js';
import { KernelRows, ROW_BYTES, type BlockTally } from './kernel-rows.js';
import { ScreenProgram, type ScreenOptions } from './screen-program.js';
import { ScreenThreads, type BlockTask } from './screen-threads.js';

/** Rows of a block at most; what is behind them is screened after them. */
const MOST_ROWS = 32_768;
/** Buffers for each thread, so that none waits while another's block is looked at. */
const BUFFERS_PER_THREAD = 3;

/**
 * Makes a screen for rows of a shape; undefined when what they are made into cannot be told from their bytes.
 * @param threads - worker threads that screen; with 0 the caller's own does
 */
export function createRowScreen(
  options: ScreenOptions,
  shape: RowShape,
  threads: number,
): RowScreen | undefined {
  const memory = options.table?.memory ?? new KernelMemory();
  const program = ScreenProgram.of(memory, options, shape);
  return program && new KernelScreen(memory, program, options, shape, threads);
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

  constructor(
    memory: KernelMemory,
    program: ScreenProgram,
    { key, table }: ScreenOptions,
    shape: RowShape,
    threads: number,
  ) {
    this.#shape = shape;
    this.#isRaw = program.isRaw;
    this.#kernel = createKernel(memory, key);
    for (const [name, ...args] of program.calls())
      (this.#kernel[name] as (...args: unknown[]) => void)(...args);
    const count = threads === 0 ? 2 : threads * BUFFERS_PER_THREAD;
    this.#inputs = Array.from({ length: count }, () => memory.allocate(SCREENED_BYTES));
    this.#outs = Array.from({ length: count }, () => memory.allocate(MOST_ROWS * ROW_BYTES));
    this.buffers = this.#inputs.map((at) => memory.bytes(at, SCREENED_BYTES));
    this.#rows = this.#outs.map((at) => new KernelRows(memory, at, MOST_ROWS, table));
    if (threads > 0)
      this.#threads = new ScreenThreads(
        memory,
        Array.from({ length: threads }, () => program.calls()),
      );
  }

  wholeRows(buffer: number, length: number): number {
    if (this.#shape.format === 'csv') return this.#kernel.lastRowEnd(this.#inputs[buffer] as number, length);
    return (this.buffers[buffer] as Buffer).subarray(0, length).lastIndexOf(LF) + 1;
  }

  begin(buffer: number, length: number, last: boolean): (firstLine: number) => Promise<ScreenedRows> {
    const task = this.#task(buffer, 0, length, last);
    const told = this.#threads?.run(task);
    return async (firstLine) => {
      // What no thread did is done here.
      const tally = (await told) ?? this.#screen(task);
      return (this.#rows[buffer] as KernelRows).take(tally, 0, firstLine);
    };
  }

  next(buffer: number, start: number, length: number, last: boolean, firstLine: number): ScreenedRows {
    const tally = this.#screen(this.#task(buffer, start, length - start, last));
    return (this.#rows[buffer] as KernelRows).take(tally, start, firstLine);
  }

  async close(): Promise<void> {
    await this.#threads?.close();
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
