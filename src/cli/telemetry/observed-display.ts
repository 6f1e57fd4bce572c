import type { Display, ErrorEvent, OutcomeEvent, ProgressEvent } from '../display/display.js';

/** Receives what a display shows. */
export interface DisplayObserver {
  progress(event: ProgressEvent): void;
  outcome(event: OutcomeEvent): void;
  error(event: ErrorEvent): void;
}

/** A display that also passes everything to an observer. */
export class ObservedDisplay implements Display {
  readonly #display: Display;
  readonly #observer: DisplayObserver;

  constructor(display: Display, observer: DisplayObserver) {
    this.#display = display;
    this.#observer = observer;
  }

  progress(event: ProgressEvent): void {
    this.#observer.progress(event);
    this.#display.progress(event);
  }

  outcome(event: OutcomeEvent, text: string, undone?: string): void {
    this.#observer.outcome(event);
    this.#display.outcome(event, text, undone);
  }

  error(event: ErrorEvent, text: string): void {
    this.#observer.error(event);
    this.#display.error(event, text);
  }

  end(): void {
    this.#display.end();
  }

  atEnd(line: string): void {
    this.#display.atEnd(line);
  }
}
