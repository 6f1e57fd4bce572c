import { BLOCK_BYTES } from '../block-bytes.js';
import { DigestedRows, ROWS_BYTES } from './digested-rows.js';
import { createKernel, KernelMemory, type KernelExports } from './kernel.js';

/** The memory for one block: the address and the buffer of its bytes, and the address and a reader of the kernel's result. */
export interface BlockPlace {
  readonly input: number;
  readonly out: number;
  readonly bytes: Buffer;
  readonly rows: DigestedRows;
}

/** The kernel and the memory of one screen: places for blocks, followed by the program. */
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

  /** Frees the program, and the table of digests. */
  reset(): void {
    this.memory.reset(this.#end);
    for (const { rows } of this.places) rows.releaseTable();
  }
}

/** At most one unused workspace for each number of blocks, which the next file uses. */
const idle = new Map<number, Workspace>();

/**
 * Returns a workspace for this number of blocks. Files that are read one after another use the same workspace, because the
 * memory of WebAssembly is freed only by a garbage collection, and its size does not make V8 start one.
 */
export function acquireWorkspace(blocks: number): Workspace {
  const workspace = idle.get(blocks) ?? new Workspace(blocks);
  idle.delete(blocks);
  return workspace;
}

/** Makes a workspace available for the next file. No thread may use it any more. */
export function releaseWorkspace(workspace: Workspace): void {
  workspace.reset();
  idle.set(workspace.places.length, workspace);
}
