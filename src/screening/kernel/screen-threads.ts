import { Worker } from 'node:worker_threads';
import { kernelModule, type KernelMemory } from './kernel.js';
import type { BlockTally } from './kernel-rows.js';
import type { KernelCalls } from './screen-program.js';

/** A block to be screened: the kernel's function and its arguments. */
export type BlockTask = readonly ['settleCsv' | 'settleJsonLines' | 'settleCells', ...number[]];

/** What a thread is told first. */
export interface ThreadStart {
  readonly module: object;
  readonly memory: object;
  readonly calls: KernelCalls;
  /** Where the words of all buffers are. */
  readonly at: number;
  readonly buffers: number;
  readonly layout: typeof LAYOUT;
}

/** What a thread is told of a block; it answers with the buffer, if somebody waits for it. */
export interface ThreadTask {
  readonly buffer: number;
  readonly ticket: number;
  readonly task: BlockTask;
}

/** What threads are told of the words of a buffer: how many there are, and the states of its block, on top of its ticket. */
const LAYOUT = Object.freeze({
  /** The state of the block, then its tally, see `screen-thread.mjs`. */
  WORDS: 5,
  TAKEN: 1,
  AWAITED: 2,
  DONE: 3,
});
const { WORDS, TAKEN, AWAITED, DONE } = LAYOUT;
const STATES = 4;

interface Job {
  readonly thread: Thread;
  readonly ticket: number;
  resolve: (() => void) | undefined;
}

interface Thread {
  readonly worker: Worker;
  /** Blocks that it was given and that nobody is known to have finished. */
  jobs: number;
  lost: boolean;
}

/**
 * Worker threads that screen blocks. They work in the memory that they share with their caller: what goes to and fro is where a
 * block stands, since sending its records would cost more than it saves. Who screens a block, a thread or the caller, is
 * settled by one word in that memory, so that the caller can take what no thread has begun, and is woken only where it waits.
 *
 * A thread that fails, or cannot be had (Node's permission model forbids them), is done without: the caller does its part.
 */
export class ScreenThreads {
  /** How many were asked for; fewer may be had. */
  readonly count: number;
  readonly #threads: Thread[] = [];
  #words: Int32Array<ArrayBufferLike> = new Int32Array(0);
  readonly #jobs: (Job | undefined)[] = [];
  #tickets = 0;

  /** Starts so many, which wait for {@link begin}: what their caller does meanwhile does not keep them from starting. */
  constructor(count: number) {
    this.count = count;
    try {
      while (this.#threads.length < count) this.#threads.push(this.#start());
    } catch {
      // So many are all there are.
    }
  }

  /** Says where to work, for so many buffers. */
  begin(memory: KernelMemory, buffers: number, calls: () => KernelCalls): void {
    const { byteOffset: at, buffer } = memory.words(memory.allocate(buffers * WORDS * 4), buffers * WORDS);
    this.#words = new Int32Array(buffer, at, buffers * WORDS);
    for (const { worker } of this.#threads) {
      const start: ThreadStart = {
        module: kernelModule(),
        memory: memory.memory,
        calls: calls(),
        at,
        buffers,
        layout: LAYOUT,
      };
      worker.postMessage(start);
    }
  }

  /** Gives a block to the thread that has the least to do. */
  run(buffer: number, task: BlockTask): void {
    const [first, ...others] = this.#threads;
    this.#jobs[buffer] = undefined;
    if (first === undefined) return;
    const thread = others.reduce((idle, each) => (each.jobs < idle.jobs ? each : idle), first);
    const ticket = (this.#tickets += STATES);
    this.#jobs[buffer] = { thread, ticket, resolve: undefined };
    thread.jobs++;
    Atomics.store(this.#words, buffer * WORDS, ticket);
    const told: ThreadTask = { buffer, ticket, task };
    thread.worker.postMessage(told);
  }

  /** True when no thread is or will be at a block: from now on it is the caller's. */
  claim(buffer: number): boolean {
    const job = this.#jobs[buffer];
    if (job === undefined) return true;
    const { ticket } = job;
    const state = Atomics.compareExchange(this.#words, buffer * WORDS, ticket, ticket + TAKEN);
    const isMine = state === ticket || (job.thread.lost && state !== ticket + DONE);
    if (isMine) this.#finish(buffer, job);
    return isMine;
  }

  /** What a thread said of a block; undefined while it is at it. */
  tally(buffer: number): BlockTally | undefined {
    const job = this.#jobs[buffer];
    const at = buffer * WORDS;
    if (job === undefined || Atomics.load(this.#words, at) !== job.ticket + DONE) return undefined;
    this.#finish(buffer, job);
    const word = (place: number) => this.#words[at + place] as number;
    return { count: word(1), consumed: word(2), stopped: word(3) !== 0, lines: word(4) };
  }

  /** Waits until the thread that is at a block is done, or is lost. */
  async settled(buffer: number): Promise<void> {
    const job = this.#jobs[buffer];
    if (job === undefined || job.thread.lost) return;
    const { ticket, thread } = job;
    const told = new Promise<void>((resolve) => (job.resolve = resolve));
    const state = Atomics.compareExchange(this.#words, buffer * WORDS, ticket + TAKEN, ticket + AWAITED);
    if (state !== ticket + TAKEN) return;
    // Nothing else may keep the process alive just now.
    thread.worker.ref();
    await told;
    thread.worker.unref();
  }

  async close(): Promise<void> {
    const threads = this.#threads.splice(0);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #finish(buffer: number, { thread }: Job): void {
    thread.jobs--;
    this.#jobs[buffer] = undefined;
  }

  #start(): Thread {
    const worker = new Worker(new URL('./screen-thread.mjs', import.meta.url));
    // Whoever reads the source waits for it; the threads themselves keep no process alive.
    worker.unref();
    const thread: Thread = { worker, jobs: 0, lost: false };
    worker.on('message', (buffer: number) => this.#jobs[buffer]?.resolve?.());
    worker.on('error', () => this.#drop(thread));
    worker.on('exit', () => this.#drop(thread));
    return thread;
  }

  #drop(thread: Thread): void {
    thread.lost = true;
    const at = this.#threads.indexOf(thread);
    if (at >= 0) this.#threads.splice(at, 1);
    for (const job of this.#jobs) if (job?.thread === thread) job.resolve?.();
  }
}
