import type { Output } from '../process/io.js';
import { PLAIN, type Colours } from './colours.js';
import type { Display, ErrorEvent, OutcomeEvent } from './display.js';

/** Writes errors, and what a run left undone (`--quiet`): for schedulers such as cron that mail all output. */
export class QuietDisplay implements Display {
  readonly #err: Output;
  readonly #colours: Colours;
  readonly #last: string[] = [];
  #hasWritten = false;

  constructor(err: Output, colours: Colours = PLAIN) {
    this.#err = err;
    this.#colours = colours;
  }

  progress(): void {}

  /** The last lines are written only below others: a run of which there is nothing to say writes nothing. */
  end(): void {
    const last = this.#last.splice(0);
    if (this.#hasWritten) for (const line of last) this.#err.write(`${line}\n`);
  }

  atEnd(line: string): void {
    this.#last.push(line);
  }

  outcome(_event: OutcomeEvent, _text: string, undone?: string): void {
    if (undone !== undefined) this.#write(undone);
  }

  error(_event: ErrorEvent, text: string): void {
    this.#write(text);
  }

  #write(text: string): void {
    this.#hasWritten = true;
    this.#err.write(`${this.#colours.lines(text)}\n`);
  }
}
