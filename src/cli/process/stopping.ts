import { AbortedError } from '../../core/errors.js';
import type { CliContext, EndSignal } from './io.js';

/** Milliseconds that a run has to end after the first signal. Then it is abandoned; the journal contains what is in flight. */
const STOP_MS = 5000;

/** Handles the signals of one command: the first stops it in an orderly way, the second at once. */
export class Stopping implements Disposable {
  readonly #context: CliContext;
  readonly #controller = new AbortController();
  readonly #done = new AbortController();
  readonly #unwatch: () => void;
  readonly #listeners: ((signal: EndSignal) => void)[] = [];
  #late = false;

  constructor(context: CliContext) {
    this.#context = context;
    this.#unwatch = context.onSignal((signal) => this.#onSignal(signal));
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True once the five seconds are over: the caller must not wait for the work any more. */
  get late(): boolean {
    return this.#late;
  }

  /** Calls the listener at the first signal. */
  onStop(listener: (signal: EndSignal) => void): void {
    this.#listeners.push(listener);
  }

  #onSignal(signal: EndSignal): void {
    if (this.#controller.signal.aborted) {
      this.#context.endNow(signal);
      return;
    }
    this.#controller.abort();
    for (const listener of this.#listeners) listener(signal);
  }

  /** Waits for some work, but at most five seconds after the first signal. @throws AbortedError */
  async finished<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#deadline()]);
  }

  async #deadline(): Promise<never> {
    const { signal } = this.#controller;
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    }
    try {
      await this.#context.clock.sleep(STOP_MS, this.#done.signal);
    } catch {
      // The work is done, and nothing waits for this promise any more.
      return new Promise<never>(() => undefined);
    }
    this.#late = true;
    throw new AbortedError(
      'the run did not stop within five seconds; the next run settles what is in flight',
    );
  }

  [Symbol.dispose](): void {
    this.#unwatch();
    this.#done.abort();
  }
}
