import { AbortedError } from '../../core/errors.js';
import type { CliContext, EndSignal } from './io.js';

/** A run settles within this after it was asked to end, or is left as it is: the journal knows what is in flight. */
const SETTLE_MS = 5000;

/** Watches for the signals of one command: the first ends it in order, the second at once. */
export class Stopping implements Disposable {
  readonly #context: CliContext;
  readonly #controller = new AbortController();
  readonly #done = new AbortController();
  readonly #unwatch: () => void;
  readonly #listeners: ((signal: EndSignal) => void)[] = [];
  #late = false;

  constructor(context: CliContext) {
    this.#context = context;
    this.#unwatch = context.onSignal((signal) => this.#take(signal));
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True once the five seconds were over: what hangs is not to be waited for again. */
  get late(): boolean {
    return this.#late;
  }

  /** Calls the listener at the first signal. */
  onStop(listener: (signal: EndSignal) => void): void {
    this.#listeners.push(listener);
  }

  #take(signal: EndSignal): void {
    if (this.#controller.signal.aborted) {
      this.#context.endNow(signal);
      return;
    }
    this.#controller.abort();
    for (const listener of this.#listeners) listener(signal);
  }

  /** The result of some work; once a signal came, not longer than five seconds for it. @throws AbortedError */
  async settled<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#deadline()]);
  }

  async #deadline(): Promise<never> {
    const { signal } = this.#controller;
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    }
    try {
      await this.#context.clock.sleep(SETTLE_MS, this.#done.signal);
    } catch {
      // The work settled, and nobody waits for this any more.
      return new Promise<never>(() => undefined);
    }
    this.#late = true;
    throw new AbortedError('it did not end within five seconds; the next run settles what is in flight');
  }

  [Symbol.dispose](): void {
    this.#unwatch();
    this.#done.abort();
  }
}
