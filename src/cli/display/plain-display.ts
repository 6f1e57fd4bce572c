import type { Clock } from '../../core/clock.js';
import type { Output } from '../process/io.js';
import type { Display, ErrorEvent, OutcomeEvent, ProgressEvent } from './display.js';
import { eventText } from './event-text.js';

/** Writes one line with a time for each event to standard error, and the outcome to standard output: for pipes, logs and CI. */
export class PlainDisplay implements Display {
  readonly #out: Output;
  readonly #err: Output;
  readonly #clock: Clock;

  constructor(out: Output, err: Output, clock: Clock) {
    this.#out = out;
    this.#err = err;
    this.#clock = clock;
  }

  progress(event: ProgressEvent): void {
    const now = this.#clock.now();
    const text = eventText(event, now);
    if (text !== undefined) this.#err.write(`${new Date(now).toISOString()} ${text}\n`);
  }

  end(): void {}

  outcome(_event: OutcomeEvent, text: string): void {
    this.#out.write(`${text}\n`);
  }

  error(_event: ErrorEvent, text: string): void {
    this.#err.write(`${text}\n`);
  }
}
