import { isUtf8 } from 'node:buffer';
import { CHUNK_SIZE, placesOf, withPlaces } from '../chunk.js';
import { SourceError } from '../errors.js';
import { SCREENED_BYTES, type RowScreen, type ScreenedRows, type ScreenRequest } from '../row-screen.js';
import { BlockCutter } from './block-cutter.js';
import type { ByteReader, InputChunk } from './input.js';
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
  readonly bytes: ByteReader;
  /** What was read behind the header. */
  readonly first: Uint8Array;
  readonly firstLine: number;
  readonly file: string | undefined;
  readonly screen: RowScreen;
  readonly request: ScreenRequest;
  readonly reader: RowReader<T>;
}

/** Blocks in a row of which less than this part was settled before the screen is given up. */
const BLOCKS_IN_VAIN = 8;
const LEAST_KNOWN = 0.25;

/**
 * The rows of a source that are not settled; the others are counted and left out.
 *
 * The file is cut into blocks where a row seems to end, so that several can be screened at a time; they are looked at in
 * the order of the file, and each is believed only if the rows of the one before it end exactly where it begins.
 */
export async function* screenedRows<T>(
  input: ScreenedInput<T>,
): AsyncGenerator<readonly T[], void, undefined> {
  const { screen, request } = input;
  const cutter = new BlockCutter(input.bytes, input.first, screen);
  let line = input.firstLine;
  let position = 0;
  let inVain = 0;
  try {
    for (;;) {
      const cut = await cutter.next();
      if (cut === undefined) break;
      const { buffer, length, last } = cut;
      const bytes = screen.buffers[buffer] as Buffer;
      let rows = await cut.rows(line);
      let start = 0;
      // The source's own reading says which bytes are no UTF-8, and on which line.
      while (isUtf8(bytes.subarray(start, rows.consumed))) {
        const block = new Block(input, bytes, rows, position, last && rows.consumed === length);
        yield* block.records();
        start = rows.consumed;
        position = block.nextPosition;
        line = rows.nextLine;
        inVain = block.known < rows.count * LEAST_KNOWN ? inVain + 1 : 0;
        if (rows.stopped || rows.count === 0 || start === length) break;
        rows = screen.next(buffer, start, length, last, line);
      }
      if (start < length || (inVain >= BLOCKS_IN_VAIN && request.raw === undefined)) {
        yield* rest(input, cutter.remaining(bytes.subarray(start, length)), line, position);
        return;
      }
      cutter.release(buffer);
    }
    // What is longer than a buffer.
    yield* rest(input, cutter.remaining(new Uint8Array(0)), line, position);
  } finally {
    await screen.close();
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
export function isTooLong({ raw }: ScreenRequest, maxRecordLength: number): boolean {
  return raw === undefined && maxRecordLength < SCREENED_BYTES;
}

/** The rows of one block. */
class Block<T> {
  /** Rows whose fingerprint is known. */
  known = 0;
  nextPosition: number;
  readonly #input: ScreenedInput<T>;
  readonly #bytes: Buffer;
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

  constructor(input: ScreenedInput<T>, bytes: Buffer, rows: ScreenedRows, position: number, last: boolean) {
    this.#input = input;
    this.#bytes = bytes;
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
    const { reader, request } = this.#input;
    const rows = this.#rows;
    const text = decode(this.#bytes.subarray(rows.start(first), rows.end(end - 1)), false);
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
