import type { Output } from '../process/io.js';
import type { Display, ErrorEvent, OutcomeEvent } from './display.js';

/** Writes errors only (`--quiet`): for schedulers such as cron that mail all output. */
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
