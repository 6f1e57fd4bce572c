import { BLOCK_BYTES } from '../block-bytes.js';
import { DigestedRows, ROWS_BYTES } from './digested-rows.js';
import { createKernel, KernelMemory, type KernelExports } from './kernel.js';

/** A block of a file, and what the kernel says of its rows. */
export interface BlockPlace {
  readonly input: number;
  readonly out: number;
  readonly bytes: Buffer;
  readonly rows: DigestedRows;
}

/** A kernel with the memory that one screen needs: places for blocks, and room behind them for its program. */
export class Workspace {
  readonly memory = new KernelMemory();
  readonly kernel: KernelExports = createKernel(this.memory);
  readonly places: readonly BlockPlace[];
  readonly #end: number;

  constructor(blocks: number) {
    this.places = Array.from({ length: blocks }, () => {
      const input = this.memory.allocate(BLOCK_BYTES);
      const out = this.memory.allocate(ROWS_BYTES);
      const rows = new DigestedRows(this.memory, out);
      return { input, out, bytes: this.memory.bytes(input, BLOCK_BYTES), rows };
    });
    this.#end = this.memory.end;
  }

  /** Forgets the program, and the table in which rows were looked up. */
  reset(): void {
    this.memory.reset(this.#end);
    for (const { rows } of this.places) rows.forget();
  }
}

/** Workspaces that no screen uses, by how many blocks they take: one of each waits for the next file. */
const idle = new Map<number, Workspace>();

/**
 * A workspace for so many blocks. WebAssembly's memory is given back by a garbage collection only, and nothing tells V8 that it is
 * time for one: files that are read one after another use the same.
 */
export function acquireWorkspace(blocks: number): Workspace {
  const workspace = idle.get(blocks) ?? new Workspace(blocks);
  idle.delete(blocks);
  return workspace;
}

/** Gives a workspace back: nothing may work in it any more. */
export function releaseWorkspace(workspace: Workspace): void {
  workspace.reset();
  idle.set(workspace.places.length, workspace);
}
