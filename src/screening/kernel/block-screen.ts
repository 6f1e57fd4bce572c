import type { DigestTable } from '../../fingerprints/digest-table.js';
import type { RowShape, ScreenedRows } from '../screen.js';
import { DigestThreads, type DigestName } from './digest-threads.js';
import { MOST_ROWS } from './digested-rows.js';
import { planOf, ScreenProgram, type ScreenPlan, type ProgramOptions } from './screen-program.js';
import { releaseWorkspace, acquireWorkspace, type BlockPlace, type Workspace } from './workspace.js';

/** Blocks for each thread: one that it digests, and others that are queued or already digested. */
const BLOCKS_PER_THREAD = 4;

/** The records that a screen compares with a baseline. */
export interface ScreenOptions extends ProgramOptions {
  /** Loads the digests of the baseline. */
  readonly digests: () => DigestTable;
}

/**
 * Creates a screen for blocks of rows; undefined if the kernel cannot make records of rows of this shape.
 * @param threads - the number of worker threads
 */
export function createBlockScreen(
  options: ScreenOptions,
  shape: RowShape,
  threads: number,
): BlockScreen | undefined {
  const plan = planOf(options, shape);
  return plan && new BlockScreen(plan, options, shape, threads);
}

/** A block, and the arguments of the kernel's function for it. */
interface Block {
  readonly buffer: number;
  readonly args: readonly number[];
  isDigested: boolean;
}

/** Digests blocks of rows, several at the same time, and looks the digests up in the table of the baseline. */
export class BlockScreen {
  /** The buffers for the bytes of blocks. */
  readonly buffers: readonly Buffer[];
  readonly #shape: RowShape;
  readonly #name: DigestName;
  readonly #threads: DigestThreads | undefined;
  readonly #workspace: Workspace;
  readonly #loadTable: () => DigestTable;
  #table: DigestTable | undefined;
  /** Blocks that {@link begin} received and whose rows are not read yet, in order. */
  readonly #begun: Block[] = [];

  constructor(plan: ScreenPlan, options: ScreenOptions, shape: RowShape, threads: number) {
    this.#shape = shape;
    this.#name = shape.format === 'csv' ? 'digestCsv' : 'digestJsonLines';
    this.#loadTable = options.digests;
    this.#workspace = acquireWorkspace(Math.max(1, threads * BLOCKS_PER_THREAD));
    const { memory, kernel, places } = this.#workspace;
    this.buffers = places.map(({ bytes }) => bytes);
    const program = new ScreenProgram(memory, kernel, options, shape, plan);
    for (const [name, ...args] of program.calls()) (kernel[name] as (...args: unknown[]) => void)(...args);
    if (threads === 0) return;
    // The threads start while the first blocks are read and the table is loaded.
    this.#threads = new DigestThreads(threads, {
      memory,
      blocks: places.length,
      name: this.#name,
      argumentCount: this.#args(0, 0, 0, true).length,
      calls: () => program.calls(),
    });
  }

  /** Where the last whole row ends in the first bytes of a buffer, as far as balanced quotes show; 0 if there is none. */
  wholeRows(buffer: number, length: number): number {
    const { input, bytes } = this.#place(buffer);
    if (this.#shape.format === 'csv') return this.#workspace.kernel.lastRowEnd(input, length);
    return bytes.subarray(0, length).lastIndexOf(LF) + 1;
  }

  /**
   * Starts to screen the first bytes of a buffer. Returns a function that waits for the result, which is valid until the buffer
   * is used again.
   */
  begin(buffer: number, length: number, last: boolean): (firstLine: number) => Promise<ScreenedRows> {
    const block: Block = { buffer, args: this.#args(buffer, 0, length, last), isDigested: false };
    this.#threads?.offer(buffer, block.args);
    this.#begun.push(block);
    return async (firstLine) => {
      await this.#finish(block);
      this.#begun.splice(this.#begun.indexOf(block), 1);
      return this.#read(buffer, 0, firstLine);
    };
  }

  /** Screens the rows of a buffer from `start` on, after the first {@link MOST_ROWS}. */
  next(buffer: number, start: number, length: number, last: boolean, firstLine: number): ScreenedRows {
    this.#digest(this.#args(buffer, start, length - start, last));
    return this.#read(buffer, start, firstLine);
  }

  async close(): Promise<void> {
    await this.#threads?.close();
    releaseWorkspace(this.#workspace);
  }

  #place(buffer: number): BlockPlace {
    return this.#workspace.places[buffer] as BlockPlace;
  }

  /** Resolves when a block is digested: by its thread, or here if the thread has not begun with it. */
  async #finish(block: Block): Promise<void> {
    const threads = this.#threads;
    while (!block.isDigested) {
      if (threads?.isDone(block.buffer)) return;
      // While the thread works on this block, digest another one that no thread has begun.
      const free = this.#begun.find(
        ({ buffer, isDigested }) => !isDigested && (threads === undefined || threads.claim(buffer)),
      );
      if (free === undefined) await threads?.finished(block.buffer);
      else {
        this.#digest(free.args);
        free.isDigested = true;
      }
    }
  }

  #args(buffer: number, start: number, length: number, last: boolean): readonly number[] {
    const { input, out } = this.#place(buffer);
    const text = [input + start, length, last ? 1 : 0] as const;
    const { format, delimiter, columns } = this.#shape;
    return format === 'csv'
      ? [...text, delimiter.charCodeAt(0), columns.length, out, MOST_ROWS]
      : [...text, out, MOST_ROWS];
  }

  #digest(args: readonly number[]): void {
    const digest: (...args: readonly number[]) => void = this.#workspace.kernel[this.#name];
    digest(...args);
  }

  #read(buffer: number, offset: number, firstLine: number): ScreenedRows {
    this.#table ??= this.#loadTable();
    return this.#place(buffer).rows.read(this.#table, offset, firstLine);
  }
}

const LF = 0x0a;
