import { isUtf8 } from 'node:buffer';
import { CHUNK_SIZE, withPlaces } from '../chunk.js';
import { SourceError } from '../errors.js';
import type { RowScreen, ScreenedRows, ScreenRequest } from '../row-screen.js';
import { joined, type InputChunk } from './input.js';
import { decode } from './text.js';

/** How a source reads rows that were not settled. */
export interface RowReader<T> {
  /** The records of whole rows, in order; undefined for a row that holds none (a blank line of JSON lines). */
  parse(text: string, firstLine: number, last: boolean): readonly (T | undefined)[];
  /** The source's own way, from a line on. */
  rest(bytes: AsyncIterable<InputChunk>, firstLine: number): AsyncIterable<readonly T[]>;
}

/** What is read, and from where. */
export interface ScreenedInput<T> {
  /** The bytes behind the header. */
  readonly bytes: AsyncGenerator<Uint8Array, void, undefined>;
  readonly firstLine: number;
  readonly file: string | undefined;
  readonly screen: RowScreen;
  readonly request: ScreenRequest;
  readonly reader: RowReader<T>;
}

/** Blocks in a row of which less than this part was settled before the screen is given up. */
const BLOCKS_IN_VAIN = 8;
const LEAST_KNOWN = 0.25;

/** The rows of a source that are not settled; the others are counted and left out. */
export async function* screenedRows<T>(
  input: ScreenedInput<T>,
): AsyncGenerator<readonly T[], void, undefined> {
  const { bytes, screen, request } = input;
  const buffer = screen.input;
  let line = input.firstLine;
  let position = 0;
  let length = 0;
  let inVain = 0;
  /** Screens what is in the buffer. True when the screen is of no more use. */
  const screenBuffer = async function* (last: boolean): AsyncGenerator<readonly T[], boolean, undefined> {
    for (;;) {
      const rows = screen.screen(length, last, line);
      const { consumed, stopped, nextLine, count } = rows;
      // The source's own reading says on which line.
      if (!isUtf8(buffer.subarray(0, consumed))) return true;
      if (consumed > 0) {
        const block = new Block(input, rows, position, last && consumed === length);
        yield* block.records();
        position = block.nextPosition;
        inVain = block.known < count * LEAST_KNOWN ? inVain + 1 : 0;
        line = nextLine;
        buffer.copyWithin(0, consumed, length);
        length -= consumed;
      }
      if (stopped || (inVain >= BLOCKS_IN_VAIN && request.raw === undefined)) return true;
      if (consumed === 0 || length === 0) return false;
    }
  };
  try {
    let giveUp = false;
    for await (const chunk of bytes) {
      for (let start = 0; start < chunk.length && !giveUp;) {
        const end = Math.min(chunk.length, start + buffer.length - length);
        // A row that is longer than the buffer.
        giveUp = end === start;
        buffer.set(chunk.subarray(start, end), length);
        length += end - start;
        start = end;
        if (!giveUp) giveUp = yield* screenBuffer(false);
        if (!giveUp) continue;
        yield* rest(
          input,
          joined(Buffer.from(buffer.subarray(0, length)), chunk.subarray(start), bytes),
          line,
        );
        return;
      }
    }
    if (length > 0) yield* screenBuffer(true);
    if (length > 0)
      yield* rest(input, joined(Buffer.from(buffer.subarray(0, length)), undefined, bytes), line);
  } finally {
    await bytes.return();
  }
}

/** What the screen does not take. Rows that are compared as they stand can be taken by nothing else. */
async function* rest<T>(
  { reader, request, file }: ScreenedInput<T>,
  bytes: AsyncIterable<InputChunk>,
  line: number,
): AsyncGenerator<readonly T[], void, undefined> {
  for await (const chunk of reader.rest(bytes, line)) {
    if (request.raw !== undefined)
      throw new SourceError('has a row that is too long to be compared as it stands', { file, line });
    yield chunk;
  }
}

/** The rows of one block. */
class Block<T> {
  /** Rows whose fingerprint is known. */
  known = 0;
  nextPosition: number;
  readonly #input: ScreenedInput<T>;
  readonly #rows: ScreenedRows;
  readonly #last: boolean;
  /** Records before the block. */
  readonly #first: number;
  #records: T[] = [];
  #lines: number[] = [];
  #positions: number[] = [];
  #prints: string[] = [];
  /** The row of each record that is handed on, by its position. */
  readonly #rowAt = new Map<number, number>();
  /** The next row to be marked. */
  #next = 0;
  /** Rows that are known and were seen before: they are records again, for `diff` to refuse. */
  readonly #again: number[] = [];

  constructor(input: ScreenedInput<T>, rows: ScreenedRows, position: number, last: boolean) {
    this.#input = input;
    this.#rows = rows;
    this.#last = last;
    this.#first = this.nextPosition = position;
  }

  *records(): Generator<readonly T[], void, undefined> {
    const rows = this.#rows;
    const { count } = rows;
    let failure: { readonly error: unknown } | undefined;
    try {
      for (let row = 0; row < count;) {
        if (rows.isKnown(row)) {
          this.known++;
          this.nextPosition++;
          row++;
          continue;
        }
        let end = row + 1;
        while (end < count && !rows.isKnown(end)) end++;
        this.#take(row, end);
        row = end;
      }
    } catch (error) {
      failure = { error };
    }
    yield* this.#chunks();
    if (failure !== undefined) throw failure.error;
    this.#settleTo(count);
    const { onSettled } = this.#input.request;
    for (const listener of onSettled) listener(this.known - this.#again.length);
    if (this.#again.length === 0) return;
    const next = this.nextPosition;
    for (const row of this.#again) {
      this.nextPosition = this.#positionOf(row);
      this.#take(row, row + 1);
    }
    this.nextPosition = next;
    yield* this.#chunks();
  }

  /** Reads the rows from one to before another. */
  #take(first: number, end: number): void {
    const { screen, reader, request } = this.#input;
    const rows = this.#rows;
    const text = decode(screen.input.subarray(rows.start(first), rows.end(end - 1)), false);
    const isLast = this.#last && end === rows.count;
    for (const [i, record] of reader.parse(text, rows.line(first), isLast).entries()) {
      if (record === undefined) continue;
      const row = first + i;
      this.#rowAt.set(++this.nextPosition, row);
      this.#records.push(record);
      this.#lines.push(rows.line(row));
      this.#positions.push(this.nextPosition);
      if (request.raw !== undefined) this.#prints.push(rows.print(row));
    }
  }

  *#chunks(): Generator<readonly T[], void, undefined> {
    const { file } = this.#input;
    for (let start = 0; start < this.#records.length; start += CHUNK_SIZE) {
      const end = start + CHUNK_SIZE;
      yield withPlaces(this.#records.slice(start, end), {
        file,
        lines: this.#lines.slice(start, end),
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
    const rows = this.#rows;
    for (; this.#next < end; this.#next++)
      if (rows.isKnown(this.#next) && !rows.settle(this.#next)) this.#again.push(this.#next);
  }

  /** One less than the position of a known row. */
  #positionOf(row: number): number {
    let blank = 0;
    // Rows without a record have no position; there are hardly any.
    const records = new Set(this.#rowAt.values());
    for (let before = 0; before < row; before++)
      if (!this.#rows.isKnown(before) && !records.has(before)) blank++;
    return this.#first + row - blank;
  }
}
