import { inChunks, type Chunk } from '../flow/chunk.js';
import type { ScreenedRows, ScreenRequest } from './screen.js';

/** The rows of a block, and how they are read. */
export interface BlockInput<T> {
  readonly rows: Pick<ScreenedRows, 'count' | 'isUnchanged' | 'markSeen' | 'digestWord' | 'line'>;
  readonly onUnchanged: ScreenRequest['onUnchanged'];
  readonly onSeen: ScreenRequest['onSeen'];
  readonly file: string | undefined;
  /** The number of records of the source before the block. */
  readonly position: number;
  /** Calls `pass` with the record of each row from `first` to before `end`; with undefined for a row without a record. */
  read(first: number, end: number, pass: (record: T | undefined) => void): void;
}

interface Failure {
  readonly error: unknown;
  readonly row: number;
}

/** A block of rows: it marks the unchanged rows as seen, in the order of the file, and emits records of the others. */
export class ScreenedBlock<T> {
  /** The number of unchanged rows. */
  unchanged = 0;
  /** The position of the last record; after all records, the number of records up to the end of the block. */
  nextPosition: number;
  readonly #input: BlockInput<T>;
  #records: T[] = [];
  #lines: number[] = [];
  #positions: number[] = [];
  /** The row of each emitted record, by the position of the record. */
  readonly #rowAt = new Map<number, number>();
  /** The first row that is not marked yet. */
  #next = 0;
  /** Unchanged rows whose content was seen before in the same read. */
  readonly #duplicates: number[] = [];
  /** Rows without a record. They have no position. */
  readonly #blank: number[] = [];

  constructor(input: BlockInput<T>) {
    this.#input = input;
    this.nextPosition = input.position;
  }

  /**
   * The records of all other rows. `diff` has the unchanged rows before each record marked (`markSeenBefore`), so that of two
   * rows for one entity the second is the duplicate.
   */
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
    // The rows before a failure are emitted and marked before it is thrown.
    this.#markTo(failure?.row ?? count);
    for (const listener of onUnchanged) listener(this.unchanged - this.#duplicates.length);
    yield* this.#duplicateRecords();
    if (failure !== undefined) throw failure.error;
  }

  /** The records of the duplicates, which `diff` rejects. */
  *#duplicateRecords(): Generator<Chunk<T>, void, undefined> {
    if (this.#duplicates.length === 0) return;
    const next = this.nextPosition;
    let blank = 0;
    for (const row of this.#duplicates) {
      while (blank < this.#blank.length && (this.#blank[blank] as number) < row) blank++;
      this.nextPosition = this.#input.position + row - blank;
      this.#read(row, row + 1);
    }
    this.nextPosition = next;
    yield* this.#chunks();
  }

  /** Reads the rows from `first` to before `end`. */
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

  /** Marks the unchanged rows before `end` as seen. A hot loop: it runs for every row of the source. */
  #markTo(end: number): void {
    const { rows, onSeen, file } = this.#input;
    for (; this.#next < end; this.#next++) {
      const row = this.#next;
      if (!rows.isUnchanged(row)) continue;
      if (!rows.markSeen(row)) this.#duplicates.push(row);
      else onSeen?.(rows.digestWord(row, 0), rows.digestWord(row, 1), file, rows.line(row));
    }
  }
}
