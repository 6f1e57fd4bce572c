import { Worker } from 'node:worker_threads';
import { kernelModule, type KernelMemory } from './kernel.js';
import type { KernelCalls } from './screen-program.js';

/** The kernel's functions that digest a block. */
export type DigestName = 'digestCsv' | 'digestJsonLines';

/** What a thread is sent first; after it come the numbers of blocks, which it sends back once they are digested. */
export interface ThreadStart {
  readonly module: object;
  readonly memory: object;
  readonly calls: KernelCalls;
  readonly name: DigestName;
  readonly argumentCount: number;
  /** Where the words of all blocks are. */
  readonly at: number;
  readonly words: number;
  readonly layout: typeof LAYOUT;
}

/** The words of a block: its state, and behind it the arguments of the kernel's function. */
const LAYOUT = Object.freeze({
  WORDS: 8,
  /** Whoever changes this to TAKEN first digests the block: a thread or the caller. */
  OFFERED: 0,
  TAKEN: 1,
  DONE: 2,
});
const { WORDS, OFFERED, TAKEN, DONE } = LAYOUT;

/** What threads work at. */
export interface ThreadWork {
  readonly memory: KernelMemory;
  /** How many blocks there are places for. */
  readonly blocks: number;
  readonly name: DigestName;
  readonly argumentCount: number;
  /** Sets a kernel of its own up for each thread. */
  readonly calls: () => KernelCalls;
}

interface Thread {
  readonly worker: Worker;
  isLost: boolean;
}

/**
 * Worker threads that digest blocks, in memory that they share with their caller: sending the bytes, or records, would cost more
 * than a thread saves. A block is offered to a thread, and the caller may still take it as long as the thread has not
 * begun. What a thread is to do stands in the shared memory and not in the message, so that a message that comes late, when the
 * caller has used the block's place again, is about the new block.
 *
 * A thread that fails, or cannot be had (Node's permission model forbids them), leaves its blocks to the caller.
 */
export class DigestThreads {
  readonly #threads: Thread[] = [];
  readonly #words: Int32Array;
  /** Called when a thread has digested a block, or is lost. */
  readonly #waiting = new Map<number, () => void>();

  /** Starts so many threads, or as many as can be had. */
  constructor(count: number, { memory, blocks, name, argumentCount, calls }: ThreadWork) {
    const words = blocks * WORDS;
    const { buffer, byteOffset: at } = memory.words(memory.allocate(words * 4), words);
    this.#words = new Int32Array(buffer, at, words);
    try {
      while (this.#threads.length < count) this.#threads.push(this.#start());
    } catch {
      // The caller digests what no thread does.
    }
    const common = { module: kernelModule(), memory: memory.memory, name, argumentCount, at, words };
    for (const { worker } of this.#threads) {
      const start: ThreadStart = { ...common, layout: LAYOUT, calls: calls() };
      worker.postMessage(start);
    }
  }

  /** Offers a block to its thread: always the same for a place, so that only that one can have begun with it. */
  offer(block: number, args: readonly number[]): void {
    this.#words.set(args, block * WORDS + 1);
    Atomics.store(this.#words, block * WORDS, OFFERED);
    this.#threadOf(block)?.worker.postMessage(block);
  }

  /** True when no thread has begun with a block: then it is the caller's. */
  take(block: number): boolean {
    const state = Atomics.compareExchange(this.#words, block * WORDS, OFFERED, TAKEN);
    return state === OFFERED || (state === TAKEN && this.#threadOf(block) === undefined);
  }

  isDone(block: number): boolean {
    return Atomics.load(this.#words, block * WORDS) === DONE;
  }

  /** Waits until the thread that has begun with a block has digested it, or is lost. */
  async finished(block: number): Promise<void> {
    const worker = this.#threadOf(block)?.worker;
    if (worker === undefined || this.isDone(block)) return;
    // Nothing else may keep the process alive meanwhile.
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
    // The caller waits for a block where it has to; idle threads keep no process alive.
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
