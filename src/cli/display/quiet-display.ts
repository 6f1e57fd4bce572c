import type { Output } from '../process/io.js';
import type { Display, ErrorEvent, OutcomeEvent } from './display.js';

/** Writes errors, and what a run left undone (`--quiet`): for schedulers such as cron that mail all output. */
export class QuietDisplay implements Display {
  readonly #err: Output;

  constructor(err: Output) {
    this.#err = err;
  }

  progress(): void {}

  end(): void {}

  outcome(_event: OutcomeEvent, _text: string, undone?: string): void {
    if (undone !== undefined) this.#err.write(`${undone}\n`);
  }

  error(_event: ErrorEvent, text: string): void {
    this.#err.write(`${text}\n`);
  }
}
