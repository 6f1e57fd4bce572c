import { isUtf8 } from 'node:buffer';
import { CHUNK_SIZE, placesOf, withPlaces } from '../chunk.js';
import { SourceError } from '../errors.js';
import type { RowScreen, ScreenedRows, ScreenRequest } from '../row-screen.js';
import { joined, type InputChunk } from './input.js';
import { decode } from './text.js';

/** How a source reads rows that were not settled. */
export interface RowReader<T> {
  /** Takes the records of whole rows, in order; undefined for a row that holds none (a blank line of JSON lines). */
  parse(text: string, firstLine: number, last: boolean, take: (record: T | undefined) => void): void;
  /** The source's own way, from a line on. */
  rest(bytes: AsyncIterable<InputChunk>, firstLine: number): AsyncIterable<readonly T[]>;
}

/** What is read, and from where. */
export interface ScreenedInput<T> {
  /** The bytes behind the header. */
  readonly bytes: AsyncGenerator<InputChunk, void, undefined>;
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
      if (typeof chunk === 'string') {
        yield* rest(input, joined([Buffer.from(buffer.subarray(0, length)), chunk], bytes), line, position);
        return;
      }
      for (let start = 0; start < chunk.length && !giveUp;) {
        const end = Math.min(chunk.length, start + buffer.length - length);
        // A row that is longer than the buffer.
        giveUp = end === start;
        buffer.set(chunk.subarray(start, end), length);
        length += end - start;
        start = end;
        if (!giveUp) giveUp = yield* screenBuffer(false);
        if (!giveUp) continue;
        const left = [Buffer.from(buffer.subarray(0, length)), chunk.subarray(start)];
        yield* rest(input, joined(left, bytes), line, position);
        return;
      }
    }
    if (length > 0) yield* screenBuffer(true);
    if (length > 0)
      yield* rest(input, joined([Buffer.from(buffer.subarray(0, length))], bytes), line, position);
  } finally {
    await bytes.return();
  }
}

/** What the screen does not take. */
async function* rest<T>(
  { reader, request, file }: ScreenedInput<T>,
  bytes: AsyncIterable<InputChunk>,
  line: number,
  position: number,
): AsyncGenerator<readonly T[], void, undefined> {
  let next = position;
  for await (const chunk of unscreened(reader.rest(bytes, line), request, { file, line })) {
    const first = next + 1;
    next += chunk.length;
    const { file: name, lines } = placesOf(chunk) ?? { file, lines: undefined };
    const positions = Array.from(chunk.keys(), (i) => first + i);
    yield withPlaces([...chunk], { file: name, lines, positions });
  }
}

/** Rows that go their own way. Those that are to be compared as they stand have no other. */
export async function* unscreened<T>(
  rows: AsyncIterable<readonly T[]>,
  request: ScreenRequest,
  place: { readonly file: string | undefined; readonly line: number },
): AsyncGenerator<readonly T[], void, undefined> {
  for await (const chunk of rows) {
    if (request.raw !== undefined)
      throw new SourceError('has a row that cannot be compared as it stands', {
        ...place,
        line: placesOf(chunk)?.lines?.[0] ?? place.line,
      });
    yield chunk;
  }
}

/** Whether rows fit the screen that a source is to call too long. Rows that are compared as they stand are not measured. */
export function isTooLong({ input }: RowScreen, { raw }: ScreenRequest, maxRecordLength: number): boolean {
  return raw === undefined && maxRecordLength < input.length;
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
  /** Rows that are known and were seen before. */
  readonly #again: number[] = [];
  /** Rows without a record, which have no position. */
  readonly #blank: number[] = [];

  constructor(input: ScreenedInput<T>, rows: ScreenedRows, position: number, last: boolean) {
    this.#input = input;
    this.#rows = rows;
    this.#last = last;
    this.#first = this.nextPosition = position;
  }

  *records(): Generator<readonly T[], void, undefined> {
    const rows = this.#rows;
    const { count } = rows;
    let failure: { readonly error: unknown; readonly row: number } | undefined;
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
    const { onSettled } = this.#input.request;
    for (const listener of onSettled) listener(this.known - this.#again.length);
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
      this.nextPosition = this.#first + row - blank;
      this.#take(row, row + 1);
    }
    this.nextPosition = next;
    yield* this.#chunks();
  }

  /** Reads the rows from one to before another. */
  #take(first: number, end: number): { readonly error: unknown; readonly row: number } | undefined {
    const { screen, reader, request } = this.#input;
    const rows = this.#rows;
    const text = decode(screen.input.subarray(rows.start(first), rows.end(end - 1)), false);
    const isLast = this.#last && end === rows.count;
    let row = first;
    try {
      reader.parse(text, rows.line(first), isLast, (record) => {
        if (record === undefined) this.#blank.push(row);
        else {
          this.#rowAt.set(++this.nextPosition, row);
          this.#records.push(record);
          this.#lines.push(rows.line(row));
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
}
