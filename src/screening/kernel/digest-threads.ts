import { Worker } from 'node:worker_threads';
import { kernelModule, type KernelMemory } from './kernel.js';
import type { KernelCalls } from './screen-program.js';

/** The kernel's functions that digest a block. */
export type DigestName = 'digestCsv' | 'digestJsonLines';

/** The first message to a thread. All later messages are numbers of blocks, which the thread sends back when they are digested. */
export interface ThreadStart {
  readonly module: object;
  readonly memory: object;
  readonly calls: KernelCalls;
  readonly name: DigestName;
  readonly argumentCount: number;
  /** The address of the words of all blocks. */
  readonly at: number;
  readonly words: number;
  readonly layout: typeof LAYOUT;
}

/** The words of a block in shared memory: its state, then the arguments of the kernel's function. */
const LAYOUT = Object.freeze({
  WORDS: 8,
  OFFERED: 0,
  /** A thread or the caller digests the block: the one that changed the state from OFFERED to CLAIMED. */
  CLAIMED: 1,
  DONE: 2,
});
const { WORDS, OFFERED, CLAIMED, DONE } = LAYOUT;

/** The memory and the kernel's function with which threads digest blocks. */
export interface ThreadWork {
  readonly memory: KernelMemory;
  /** The number of buffers for blocks. */
  readonly blocks: number;
  readonly name: DigestName;
  readonly argumentCount: number;
  /** Returns the calls that set up one more kernel, for one thread. */
  readonly calls: () => KernelCalls;
}

interface Thread {
  readonly worker: Worker;
  isLost: boolean;
}

/**
 * Worker threads that digest blocks in memory that they share with the caller. To send the bytes or records in messages would
 * take longer than a thread saves. A block is offered to a thread; until the thread begins, the caller can claim it.
 *
 * The arguments are in the shared memory and not in the message. So a message that arrives after the buffer has been used
 * again refers to the new block.
 *
 * If a thread fails or cannot be started (Node's permission model forbids threads), the caller digests its blocks.
 */
export class DigestThreads {
  readonly #threads: Thread[] = [];
  readonly #words: Int32Array;
  /** For each block that is waited for: called when its thread has digested it, or has ended. */
  readonly #waiting = new Map<number, () => void>();

  /** Starts `count` threads, or as many as can be started. */
  constructor(count: number, { memory, blocks, name, argumentCount, calls }: ThreadWork) {
    const words = blocks * WORDS;
    const { buffer, byteOffset: at } = memory.words(memory.allocate(words * 4), words);
    this.#words = new Int32Array(buffer, at, words);
    try {
      while (this.#threads.length < count) this.#threads.push(this.#start());
    } catch {
      // The caller digests the blocks for which there is no thread.
    }
    const common = { module: kernelModule(), memory: memory.memory, name, argumentCount, at, words };
    for (const { worker } of this.#threads) {
      const start: ThreadStart = { ...common, layout: LAYOUT, calls: calls() };
      worker.postMessage(start);
    }
  }

  /** Offers a block to its thread. The number of the block determines the thread, so no other thread can begin with it. */
  offer(block: number, args: readonly number[]): void {
    this.#words.set(args, block * WORDS + 1);
    Atomics.store(this.#words, block * WORDS, OFFERED);
    this.#threadOf(block)?.worker.postMessage(block);
  }

  /** Returns true if the caller must digest the block: its thread has not begun with it, or has ended before it was done. */
  claim(block: number): boolean {
    const state = Atomics.compareExchange(this.#words, block * WORDS, OFFERED, CLAIMED);
    return state === OFFERED || (state === CLAIMED && this.#threadOf(block) === undefined);
  }

  isDone(block: number): boolean {
    return Atomics.load(this.#words, block * WORDS) === DONE;
  }

  /** Waits until the thread of a block has digested it, or has ended. */
  async finished(block: number): Promise<void> {
    const worker = this.#threadOf(block)?.worker;
    if (worker === undefined || this.isDone(block)) return;
    // Keeps the process alive until the message of the thread arrives.
    worker.ref();
    await new Promise<void>((resolve) => this.#waiting.set(block, resolve));
    worker.unref();
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #threadOf(block: number): Thread | undefined {
    const thread = this.#threads[block % Math.max(1, this.#threads.length)];
    return thread?.isLost === false ? thread : undefined;
  }

  #start(): Thread {
    const worker = new Worker(new URL('./digest-thread.mjs', import.meta.url));
    // An idle thread must not keep the process alive; `finished` refs it while it waits.
    worker.unref();
    const thread: Thread = { worker, isLost: false };
    const lose = () => {
      thread.isLost = true;
      for (const block of this.#waiting.keys()) this.#wake(block);
    };
    worker.on('message', (block: number) => this.#wake(block));
    worker.on('error', lose);
    worker.on('exit', lose);
    return thread;
  }

  #wake(block: number): void {
    const resolve = this.#waiting.get(block);
    this.#waiting.delete(block);
    resolve?.();
  }
}
