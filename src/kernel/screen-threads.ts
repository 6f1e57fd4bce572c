import { Worker } from 'node:worker_threads';
import { kernelModule, type KernelMemory } from './kernel.js';
import type { BlockTally } from './kernel-rows.js';
import type { KernelCalls } from './screen-program.js';

/** A block to be screened: the kernel's function and its arguments. */
export type BlockTask = readonly ['settleCsv' | 'settleJsonLines' | 'settleCells', ...number[]];

/** What a thread is started with. */
export interface ThreadStart {
  readonly module: object;
  readonly memory: object;
  readonly calls: KernelCalls;
}

interface Thread {
  readonly worker: Worker;
  /** Those who wait for its blocks, in the order in which it was given them. */
  readonly waiting: ((tally: BlockTally | undefined) => void)[];
}

/**
 * Worker threads that screen blocks. They work in the memory that they share with their caller: what goes to and fro is where a
 * block stands and what it came to, since sending its records would cost more than it saves.
 *
 * A thread that fails is done without: what it was given is answered with undefined, and done by the caller.
 */
export class ScreenThreads {
  readonly #threads: Thread[];

  constructor(memory: KernelMemory, calls: readonly KernelCalls[]) {
    this.#threads = calls.map((own) =>
      this.#start({ module: kernelModule(), memory: memory.memory, calls: own }),
    );
  }

  /** Screens a block; undefined when there is no thread to do it. */
  run(task: BlockTask): Promise<BlockTally | undefined> {
    const [first, ...others] = this.#threads;
    if (first === undefined) return Promise.resolve(undefined);
    const thread = others.reduce(
      (idle, each) => (each.waiting.length < idle.waiting.length ? each : idle),
      first,
    );
    return new Promise((resolve) => {
      thread.waiting.push(resolve);
      thread.worker.postMessage(task);
    });
  }

  async close(): Promise<void> {
    const threads = this.#threads.splice(0);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #start(workerData: ThreadStart): Thread {
    const worker = new Worker(new URL('./screen-thread.mjs', import.meta.url), { workerData });
    // Whoever reads the source waits for it; the threads themselves keep no process alive.
    worker.unref();
    const thread: Thread = { worker, waiting: [] };
    worker.on('message', (tally: BlockTally) => thread.waiting.shift()?.(tally));
    worker.on('error', () => this.#drop(thread));
    worker.on('exit', () => this.#drop(thread));
    return thread;
  }

  #drop(thread: Thread): void {
    const at = this.#threads.indexOf(thread);
    if (at >= 0) this.#threads.splice(at, 1);
    for (const resolve of thread.waiting.splice(0)) resolve(undefined);
  }
}
