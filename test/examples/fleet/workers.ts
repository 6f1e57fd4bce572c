import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A line of the log of a worker. */
export interface Line {
  readonly event: string;
  readonly source?: string;
  readonly outcome?: string;
  readonly [field: string]: unknown;
}

/** A worker process, and the lines that it has written. */
export interface Worker {
  readonly child: ChildProcess;
  readonly lines: Line[];
}

/** Worker processes of the fleet, with what all of them have written in the order in which it was read. */
export class Workers implements AsyncDisposable {
  readonly all: Worker[] = [];
  readonly lines: Line[] = [];
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  #waiting: (() => void)[] = [];

  constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#env = env;
  }

  /** Starts a worker, and waits until it takes jobs. */
  async start(): Promise<Worker> {
    const child = spawn(process.execPath, [join(this.#folder, 'worker.js')], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const worker: Worker = { child, lines: [] };
    this.all.push(worker);
    let complaint = '';
    child.stderr?.on('data', (data) => (complaint += String(data)));
    child.once('close', () => {
      if (complaint !== '') this.#add(worker, { event: 'complaint', complaint });
    });
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.#add(worker, JSON.parse(line) as Line),
    );
    await Promise.race([
      this.until(() => worker.lines.some(({ event }) => event === 'worker ready')),
      once(child, 'exit').then(() => Promise.reject(new Error(`the worker ended: ${complaint}`))),
    ]);
    return worker;
  }

  /** Resolves when the condition holds, which is looked at after each line. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The first line of a source with an outcome, from a position on. */
  async ended(source: string, outcome: string, from = 0): Promise<Line> {
    const find = () =>
      this.lines
        .slice(from)
        .find((line) => line.event === 'run ended' && line.source === source && line.outcome === outcome);
    await this.until(() => find() !== undefined);
    return find() as Line;
  }

  /** The worker that runs a source now. */
  async runnerOf(source: string): Promise<Worker> {
    const find = () =>
      this.all.find(({ lines, child }) => {
        const last = lines.findLast((line) => line.source === source && line.event.startsWith('run '));
        return last?.event === 'run begins' && child.exitCode === null && child.signalCode === null;
      });
    await this.until(() => find() !== undefined);
    return find() as Worker;
  }

  async end({ child }: Worker, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const closed = once(child, 'close');
    child.kill(signal);
    const [code] = (await closed) as [number | null];
    return code;
  }

  /** Runs a command of the fleet, and gives what it printed. */
  command(...args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(
        process.execPath,
        [join(this.#folder, 'fleet.js'), ...args],
        { env: this.#env },
        (error, stdout, stderr) =>
          error ? reject(new Error(`${error.message}\n${stderr}`)) : resolve(stdout),
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.all)
      if (worker.child.exitCode === null && worker.child.signalCode === null)
        await this.end(worker, 'SIGKILL');
  }

  #add(worker: Worker, line: Line): void {
    worker.lines.push(line);
    this.lines.push(line);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
