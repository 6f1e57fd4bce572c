import { isUtf8 } from 'node:buffer';
import { CHUNK_SIZE, withPlaces } from '../chunk.js';
import { SourceError } from '../errors.js';
import type { RowScreen, ScreenedRows, ScreenRequest } from '../row-screen.js';
import { BlockCutter } from './block-cutter.js';
import type { ByteReader, InputChunk } from './input.js';
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
      let giveUp = false;
      for (;;) {
        // The source's own reading says on which line.
        giveUp = !isUtf8(bytes.subarray(start, rows.consumed));
        if (giveUp) break;
        const block = new Block(input, bytes, rows, position, last && rows.consumed === length);
        yield* block.records();
        start = rows.consumed;
        position = block.nextPosition;
        line = rows.nextLine;
        inVain = block.known < rows.count * LEAST_KNOWN ? inVain + 1 : 0;
        if (rows.stopped || rows.count === 0 || start === length) break;
        rows = screen.next(buffer, start, length, last, line);
      }
      giveUp ||= start < length || (inVain >= BLOCKS_IN_VAIN && request.raw === undefined);
      if (giveUp) {
        yield* rest(input, cutter.remaining(bytes.subarray(start, length)), line);
        return;
      }
      cutter.release(buffer);
    }
    // What is longer than a buffer.
    yield* rest(input, cutter.remaining(new Uint8Array(0)), line);
  } finally {
    await screen.close();
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
  /** Rows that are known and were seen before: they are records again, for `diff` to refuse. */
  readonly #again: number[] = [];

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
    const { reader, request } = this.#input;
    const rows = this.#rows;
    const text = decode(this.#bytes.subarray(rows.start(first), rows.end(end - 1)), false);
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
