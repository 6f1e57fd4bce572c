import { requireNumber } from '../core/check-options.js';
import { SourceError } from '../core/errors.js';
import type { Flow } from '../flow/flow.js';
import { watchRows, type RowWatcher } from './watch-rows.js';

/** Checks the option `expectRows`. @throws {@link OptionsError} if it is not a whole number of at least 0 */
export function requireExpected(expected: number | undefined): number | undefined {
  if (expected === undefined) return undefined;
  return requireNumber('expectRows', expected, { min: 0, integer: true });
}

/**
 * The same rows, which fail at their end if there are not as many as the producer announced. Header, blank rows and trailer do not
 * count; rows that are rejected or left out later do.
 *
 * @param expected - undefined if any number is right
 * @param file - the name of the source in the error
 */
export function expectRows<T>(
  rows: Flow<T>,
  expected: number | undefined,
  file: string | undefined,
): Flow<T> {
  return expected === undefined ? rows : watchRows<T>(rows, () => new RowCount(expected, file));
}

class RowCount implements RowWatcher<unknown> {
  readonly #expected: number;
  readonly #file: string | undefined;
  #rows = 0;

  constructor(expected: number, file: string | undefined) {
    this.#expected = expected;
    this.#file = file;
  }

  onRows(rows: readonly unknown[]): void {
    this.#rows += rows.length;
  }

  onUnchanged(rows: number): void {
    this.#rows += rows;
  }

  /** @throws {@link SourceError} if there were more or fewer rows */
  onEnd(): void {
    const rows = this.#rows;
    if (rows === this.#expected) return;
    const why = rows < this.#expected ? 'the export was cut off' : 'it is not the export that was announced';
    throw new SourceError(`the number of rows is ${rows}, but ${this.#expected} are expected; ${why}`, {
      file: this.#file,
    });
  }
}
