import { Worker } from 'node:worker_threads';
import { kernelModule, type KernelMemory } from './kernel.js';
import type { KernelCalls } from './screen-program.js';

/** A block to be digested: the kernel's function and its arguments. */
export type BlockTask = readonly ['digestCsv' | 'digestJsonLines', ...number[]];

/** What a thread is sent first; blocks are sent after it, and each is answered by an empty message. */
export interface ThreadStart {
  readonly module: object;
  readonly memory: object;
  readonly calls: KernelCalls;
}

interface Thread {
  readonly worker: Worker;
  /** Blocks that it has not finished, in order: called with whether it did. */
  readonly waiting: ((done: boolean) => void)[];
}

/**
 * Worker threads that digest blocks, in memory that they share with their caller: sending the bytes, or records, would cost more
 * than a thread saves. A thread that fails, or cannot be had (Node's permission model forbids them), leaves its blocks to the
 * caller.
 */
export class DigestThreads {
  readonly #threads: Thread[] = [];

  /**
   * Starts so many threads, or as many as can be had.
   * @param calls - set a kernel of its own up for each
   */
  constructor(count: number, memory: KernelMemory, calls: () => KernelCalls) {
    try {
      while (this.#threads.length < count) this.#threads.push(this.#start());
    } catch {
      // The caller digests what no thread does.
    }
    for (const { worker } of this.#threads) {
      const start: ThreadStart = { module: kernelModule(), memory: memory.memory, calls: calls() };
      worker.postMessage(start);
    }
  }

  /** Has a block digested by the thread that has least to do. False when none did it. */
  digest(task: BlockTask): Promise<boolean> {
    const [first, ...others] = this.#threads;
    if (first === undefined) return Promise.resolve(false);
    const thread = others.reduce(
      (idle, each) => (each.waiting.length < idle.waiting.length ? each : idle),
      first,
    );
    thread.worker.postMessage(task);
    // A process that waits for a block must not end; one that waits for none is not held by idle threads.
    thread.worker.ref();
    return new Promise((resolve) => thread.waiting.push(resolve));
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }

  #start(): Thread {
    const worker = new Worker(new URL('./digest-thread.mjs', import.meta.url));
    worker.unref();
    const thread: Thread = { worker, waiting: [] };
    worker.on('message', () => {
      thread.waiting.shift()?.(true);
      if (thread.waiting.length === 0) worker.unref();
    });
    worker.on('error', () => this.#drop(thread));
    worker.on('exit', () => this.#drop(thread));
    return thread;
  }

  #drop(thread: Thread): void {
    const at = this.#threads.indexOf(thread);
    if (at >= 0) this.#threads.splice(at, 1);
    for (const resolve of thread.waiting.splice(0)) resolve(false);
  }
}
