import type { DigestTable } from '../../fingerprints/digest-table.js';
import type { RowShape, ScreenedRows } from '../screen.js';
import { DigestThreads, type BlockTask } from './digest-threads.js';
import { MOST_ROWS } from './digested-rows.js';
import { planOf, ScreenProgram, type ScreenPlan, type ProgramOptions } from './screen-program.js';
import { giveBack, takeWorkspace, type BlockPlace, type Workspace } from './workspace.js';

/** Blocks for each thread: one that it digests, others that wait for it or for their turn. */
const BLOCKS_PER_THREAD = 4;

/** What a screen is made for. */
export interface ScreenOptions extends ProgramOptions {
  /** Loads the digests of unchanged rows. */
  readonly digests: () => DigestTable;
}

/**
 * Makes a screen for blocks of rows of a shape; undefined when it cannot be said which records they become.
 * @param threads - worker threads that digest
 */
export function createBlockScreen(
  options: ScreenOptions,
  shape: RowShape,
  threads: number,
): BlockScreen | undefined {
  const plan = planOf(options, shape);
  return plan && new BlockScreen(plan, options, shape, threads);
}

/** Digests blocks of rows, several at a time, and looks their digests up. */
export class BlockScreen {
  /** Where the bytes of blocks are put. */
  readonly buffers: readonly Buffer[];
  readonly #shape: RowShape;
  readonly #threads: DigestThreads | undefined;
  readonly #workspace: Workspace;
  readonly #loadTable: () => DigestTable;
  #table: DigestTable | undefined;

  constructor(plan: ScreenPlan, options: ScreenOptions, shape: RowShape, threads: number) {
    this.#shape = shape;
    this.#loadTable = options.digests;
    this.#workspace = takeWorkspace(Math.max(1, threads * BLOCKS_PER_THREAD));
    const { memory, kernel, places } = this.#workspace;
    this.buffers = places.map(({ bytes }) => bytes);
    const program = new ScreenProgram(memory, kernel, options, shape, plan);
    for (const [name, ...args] of program.calls()) (kernel[name] as (...args: unknown[]) => void)(...args);
    // They start while the first blocks are read, and the table is loaded.
    this.#threads = threads > 0 ? new DigestThreads(threads, memory, () => program.calls()) : undefined;
  }

  /** Where the last row that seems whole ends among the first bytes of a buffer; 0 when there is none. */
  wholeRows(buffer: number, length: number): number {
    const { input, bytes } = this.#place(buffer);
    if (this.#shape.format === 'csv') return this.#workspace.kernel.lastRowEnd(input, length);
    return bytes.subarray(0, length).lastIndexOf(LF) + 1;
  }

  /** Begins to screen a buffer's first bytes. The answer waits for it; its rows hold until the buffer is used again. */
  begin(buffer: number, length: number, last: boolean): (firstLine: number) => Promise<ScreenedRows> {
    const task = this.#task(buffer, 0, length, last);
    const digested = this.#threads?.digest(task);
    return async (firstLine) => {
      if ((await digested) !== true) this.#digest(task);
      return this.#read(buffer, 0, firstLine);
    };
  }

  /** Goes on behind the rows of a buffer that were screened, where there were more than are screened at once. */
  next(buffer: number, start: number, length: number, last: boolean, firstLine: number): ScreenedRows {
    this.#digest(this.#task(buffer, start, length - start, last));
    return this.#read(buffer, start, firstLine);
  }

  async close(): Promise<void> {
    await this.#threads?.close();
    giveBack(this.#workspace);
  }

  #place(buffer: number): BlockPlace {
    return this.#workspace.places[buffer] as BlockPlace;
  }

  #task(buffer: number, start: number, length: number, last: boolean): BlockTask {
    const { input, out } = this.#place(buffer);
    const text = input + start;
    const end = last ? 1 : 0;
    const { format, delimiter, columns } = this.#shape;
    return format === 'csv'
      ? ['digestCsv', text, length, end, delimiter.charCodeAt(0), columns.length, out, MOST_ROWS]
      : ['digestJsonLines', text, length, end, out, MOST_ROWS];
  }

  #digest([name, ...args]: BlockTask): void {
    const digest: (...args: number[]) => void = this.#workspace.kernel[name];
    digest(...args);
  }

  #read(buffer: number, offset: number, firstLine: number): ScreenedRows {
    this.#table ??= this.#loadTable();
    return this.#place(buffer).rows.read(this.#table, offset, firstLine);
  }
}

const LF = 0x0a;
