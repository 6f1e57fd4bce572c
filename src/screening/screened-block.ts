import { inChunks, type Chunk } from '../flow/chunk.js';
import type { ScreenedRows, ScreenRequest } from './screen.js';

/** Rows that were screened together. */
export interface BlockInput<T> {
  readonly rows: Pick<ScreenedRows, 'count' | 'isUnchanged' | 'markSeen' | 'line'>;
  readonly onUnchanged: ScreenRequest['onUnchanged'];
  readonly file: string | undefined;
  /** Records of the source before the block. */
  readonly position: number;
  /** Passes on the records of the rows from one to before another, in order; undefined for a row that holds none. */
  read(first: number, end: number, pass: (record: T | undefined) => void): void;
}

interface Failure {
  readonly error: unknown;
  readonly row: number;
}

/** A block of rows: unchanged ones are marked as seen in their turn, the others become records. */
export class ScreenedBlock<T> {
  /** Unchanged rows. */
  unchanged = 0;
  nextPosition: number;
  readonly #input: BlockInput<T>;
  #records: T[] = [];
  #lines: number[] = [];
  #positions: number[] = [];
  /** The row of each record, by its position. */
  readonly #rowAt = new Map<number, number>();
  /** The next row to be marked. */
  #next = 0;
  /** Unchanged rows that were seen before. */
  readonly #again: number[] = [];
  /** Rows without a record, which have no position. */
  readonly #blank: number[] = [];

  constructor(input: BlockInput<T>) {
    this.#input = input;
    this.nextPosition = input.position;
  }

  /** The records of all other rows. Unchanged rows are marked before a record that comes after them is passed on. */
  *records(): Generator<Chunk<T>, void, undefined> {
    const { rows, onUnchanged } = this.#input;
    const { count } = rows;
    let failure: Failure | undefined;
    for (let row = 0; row < count && failure === undefined;) {
      if (rows.isUnchanged(row)) {
        this.unchanged++;
        this.nextPosition++;
        row++;
        continue;
      }
      let end = row + 1;
      while (end < count && !rows.isUnchanged(end)) end++;
      failure = this.#read(row, end);
      row = end;
    }
    yield* this.#chunks();
    // All that came before a failure is passed on first.
    this.#markTo(failure?.row ?? count);
    for (const listener of onUnchanged) listener(this.unchanged - this.#again.length);
    yield* this.#repeated();
    if (failure !== undefined) throw failure.error;
  }

  /** Unchanged rows that came before in the same read become records, which `diff` rejects as duplicates. */
  *#repeated(): Generator<Chunk<T>, void, undefined> {
    if (this.#again.length === 0) return;
    const next = this.nextPosition;
    let blank = 0;
    for (const row of this.#again) {
      while (blank < this.#blank.length && (this.#blank[blank] as number) < row) blank++;
      this.nextPosition = this.#input.position + row - blank;
      this.#read(row, row + 1);
    }
    this.nextPosition = next;
    yield* this.#chunks();
  }

  /** Reads the rows from one to before another. */
  #read(first: number, end: number): Failure | undefined {
    let row = first;
    try {
      this.#input.read(first, end, (record) => {
        if (record === undefined) this.#blank.push(row);
        else {
          this.#rowAt.set(++this.nextPosition, row);
          this.#records.push(record);
          this.#lines.push(this.#input.rows.line(row));
          this.#positions.push(this.nextPosition);
        }
        row++;
      });
    } catch (error) {
      return { error, row };
    }
    return undefined;
  }

  *#chunks(): Generator<Chunk<T>, void, undefined> {
    yield* inChunks(this.#records, {
      file: this.#input.file,
      lines: this.#lines,
      positions: this.#positions,
      markSeenBefore: (position) => this.#markTo(this.#rowAt.get(position) ?? 0),
    });
    this.#records = [];
    this.#lines = [];
    this.#positions = [];
  }

  /** Marks the rows before one. A hot loop: it runs for every row of the source. */
  #markTo(end: number): void {
    const { rows } = this.#input;
    for (; this.#next < end; this.#next++)
      if (rows.isUnchanged(this.#next) && !rows.markSeen(this.#next)) this.#again.push(this.#next);
  }
}
