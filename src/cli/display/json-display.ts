import type { Clock } from '../../core/clock.js';
import type { Output } from '../process/io.js';
import type { Display, ErrorEvent, OutcomeEvent, ProgressEvent } from './display.js';

/** A line that `--json` writes. */
export type JsonEvent = ProgressEvent | OutcomeEvent | ErrorEvent;

/** Writes one JSON object per line to standard output, as `event-schema.json` describes it. */
export class JsonDisplay implements Display {
  readonly #out: Output;
  readonly #err: Output;
  readonly #clock: Clock;

  constructor(out: Output, err: Output, clock: Clock) {
    this.#out = out;
    this.#err = err;
    this.#clock = clock;
  }

  progress(event: ProgressEvent): void {
    this.#line(event);
  }

  end(): void {}

  atEnd(): void {}

  outcome(event: OutcomeEvent): void {
    this.#line(event);
  }

  error(event: ErrorEvent, text: string): void {
    this.#line(event);
    this.#err.write(`${text}\n`);
  }

  #line(event: JsonEvent): void {
    this.#out.write(`${JSON.stringify({ time: new Date(this.#clock.now()), ...event })}\n`);
  }
}
