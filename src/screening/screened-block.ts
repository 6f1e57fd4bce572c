import { CHUNK_SIZE, withPlaces } from '../flow/chunk.js';
import type { ScreenedRows, ScreenRequest } from './screen.js';

/** Rows that were screened together. */
export interface BlockInput<T> {
  readonly rows: Pick<ScreenedRows, 'count' | 'isKnown' | 'settle' | 'print'>;
  readonly request: ScreenRequest;
  readonly file: string | undefined;
  /** Records of the source before the block. */
  readonly position: number;
  /** Takes the records of the rows from one to before another, in order; undefined for a row that holds none. */
  read(first: number, end: number, take: (record: T | undefined) => void): void;
  /** The line on which a row begins, where rows have lines. */
  readonly line: ((row: number) => number) | undefined;
}

interface Failure {
  readonly error: unknown;
  readonly row: number;
}

/** A block of rows: those that are known are settled in their turn, the others become records. */
export class SettledBlock<T> {
  /** Rows whose fingerprint is known. */
  known = 0;
  nextPosition: number;
  readonly #input: BlockInput<T>;
  #records: T[] = [];
  #lines: number[] = [];
  #positions: number[] = [];
  #prints: string[] = [];
  /** The row of each record that is handed on, by its position. */
  readonly #rowAt = new Map<number, number>();
  /** The next row to be marked. */
  #next = 0;
  /** Rows that are known and were seen before. */
  readonly #again: number[] = [];
  /** Rows without a record, which have no position. */
  readonly #blank: number[] = [];

  constructor(input: BlockInput<T>) {
    this.#input = input;
    this.nextPosition = input.position;
  }

  /** What is not settled. Known rows are marked before whatever comes after them is handed on. */
  *records(): Generator<readonly T[], void, undefined> {
    const { rows, request } = this.#input;
    const { count } = rows;
    let failure: Failure | undefined;
    for (let row = 0; row < count && failure === undefined;) {
      if (rows.isKnown(row)) {
        this.known++;
        this.nextPosition++;
        row++;
        continue;
      }
      let end = row + 1;
      while (end < count && !rows.isKnown(end)) end++;
      failure = this.#take(row, end);
      row = end;
    }
    yield* this.#chunks();
    // What came before a failure is handed on first.
    this.#settleTo(failure?.row ?? count);
    for (const listener of request.onSettled) listener(this.known - this.#again.length);
    yield* this.#repeated();
    if (failure !== undefined) throw failure.error;
  }

  /** Known rows that came before in the same read: they are records again, for `diff` to refuse. */
  *#repeated(): Generator<readonly T[], void, undefined> {
    if (this.#again.length === 0) return;
    const next = this.nextPosition;
    let blank = 0;
    for (const row of this.#again) {
      while (blank < this.#blank.length && (this.#blank[blank] as number) < row) blank++;
      this.nextPosition = this.#input.position + row - blank;
      this.#take(row, row + 1);
    }
    this.nextPosition = next;
    yield* this.#chunks();
  }

  /** Reads the rows from one to before another. */
  #take(first: number, end: number): Failure | undefined {
    const { rows, request, line } = this.#input;
    let row = first;
    try {
      this.#input.read(first, end, (record) => {
        if (record === undefined) this.#blank.push(row);
        else {
          this.#rowAt.set(++this.nextPosition, row);
          this.#records.push(record);
          if (line !== undefined) this.#lines.push(line(row));
          this.#positions.push(this.nextPosition);
          if (request.raw !== undefined) this.#prints.push(rows.print(row));
        }
        row++;
      });
    } catch (error) {
      return { error, row };
    }
    return undefined;
  }

  *#chunks(): Generator<readonly T[], void, undefined> {
    const { file, line } = this.#input;
    for (let start = 0; start < this.#records.length; start += CHUNK_SIZE) {
      const end = start + CHUNK_SIZE;
      yield withPlaces(this.#records.slice(start, end), {
        file,
        lines: line && this.#lines.slice(start, end),
        positions: this.#positions.slice(start, end),
        prints: this.#prints.length > 0 ? this.#prints.slice(start, end) : undefined,
        settleBefore: (position) => this.#settleTo(this.#rowAt.get(position) ?? 0),
      });
    }
    this.#records = [];
    this.#lines = [];
    this.#positions = [];
    this.#prints = [];
  }

  /** Marks the rows before one. A hot loop: it runs for every row of the source. */
  #settleTo(end: number): void {
    const { rows } = this.#input;
    for (; this.#next < end; this.#next++)
      if (rows.isKnown(this.#next) && !rows.settle(this.#next)) this.#again.push(this.#next);
  }
}
