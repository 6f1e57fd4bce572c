import { isUtf8 } from 'node:buffer';
import { placesOf, withPlaces } from '../flow/chunk.js';
import { SourceError } from '../core/errors.js';
import { SCREENED_BYTES, type RowScreen, type ScreenedRows, type ScreenRequest } from './screen.js';
import { SettledBlock } from './screened-block.js';
import { BlockCutter } from './block-cutter.js';
import type { ByteReader, InputChunk } from '../sources/input/input.js';
import { decode } from '../sources/input/decode-text.js';

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
        const block = blockOf(input, bytes, rows, position, last && rows.consumed === length);
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

/** The rows of one block; `last` when the input ends with it. */
function blockOf<T>(
  { reader, request, file }: ScreenedInput<T>,
  bytes: Buffer,
  rows: ScreenedRows,
  position: number,
  last: boolean,
): SettledBlock<T> {
  return new SettledBlock<T>({
    rows,
    request,
    file,
    position,
    line: (row) => rows.line(row),
    read(first, end, take) {
      const text = decode(bytes.subarray(rows.start(first), rows.end(end - 1)), false);
      reader.parse(text, rows.line(first), last && end === rows.count, take);
    },
  });
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
