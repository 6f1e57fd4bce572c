import type { Output } from '../process/io.js';
import type { Display, ErrorEvent, OutcomeEvent } from './display.js';

/** Tells failures, and nothing else: what a schedule wants, which mails whatever is written. */
export class QuietDisplay implements Display {
  readonly #err: Output;

  constructor(err: Output) {
    this.#err = err;
  }

  progress(): void {}

  end(): void {}

  outcome(_event: OutcomeEvent): void {}

  error(_event: ErrorEvent, text: string): void {
    this.#err.write(`${text}\n`);
  }
}
