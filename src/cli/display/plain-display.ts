import type { Clock } from '../../core/clock.js';
import type { Output } from '../process/io.js';
import { widthOf, wrapped } from '../text/width.js';
import { NO_COLOURS, type StreamColours } from './colours.js';
import type { Display, ErrorEvent, OutcomeEvent, ProgressEvent } from './display.js';
import { eventText } from './event-text.js';

/** Writes one line with a time for each event to standard error, and the outcome to standard output: for pipes, logs and CI. */
export class PlainDisplay implements Display {
  readonly #out: Output;
  readonly #err: Output;
  readonly #clock: Clock;
  readonly #colours: StreamColours;
  readonly #last: string[] = [];

  constructor(out: Output, err: Output, clock: Clock, colours = NO_COLOURS) {
    this.#out = out;
    this.#err = err;
    this.#clock = clock;
    this.#colours = colours;
  }

  progress(event: ProgressEvent): void {
    const now = this.#clock.now();
    const text = eventText(event, now);
    if (text !== undefined) this.#err.write(`${new Date(now).toISOString()} ${text}\n`);
  }

  end(): void {
    for (const line of this.#last.splice(0)) this.#err.write(`${line}\n`);
  }

  atEnd(line: string): void {
    this.#last.push(line);
  }

  outcome(_event: OutcomeEvent, text: string): void {
    this.#out.write(`${this.#colours.out.lines(wrapped(text, widthOf(this.#out)))}\n`);
  }

  error(_event: ErrorEvent, text: string): void {
    this.#err.write(`${this.#colours.err.lines(wrapped(text, widthOf(this.#err)))}\n`);
  }
}
