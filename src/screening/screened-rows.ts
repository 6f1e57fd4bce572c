import { isUtf8 } from 'node:buffer';
import { withPlaces, type Chunk } from '../flow/chunk.js';
import { BlockCutter } from './block-cutter.js';
import type { BlockScreen } from './kernel/block-screen.js';
import type { ScreenedInput, ScreenedRows } from './screen.js';
import { ScreenedBlock } from './screened-block.js';

/** Screening ends after this many successive blocks with a share of unchanged rows below {@link LEAST_UNCHANGED}. */
const BLOCKS_IN_VAIN = 8;
/** Below this share of unchanged rows, screening takes longer than it saves. */
const LEAST_UNCHANGED = 0.25;

/**
 * The records of a file, without the rows that are certainly unchanged: these are counted and marked as seen.
 *
 * The file is cut into blocks at line ends outside of quotes, so that several blocks can be screened at the same time. A block
 * is used only if the rows of the block before it end exactly where it begins, because quotes may be unbalanced.
 */
export async function* screenedRows<T>(
  input: ScreenedInput<T>,
  screen: BlockScreen,
): AsyncGenerator<Chunk<T>, void, undefined> {
  const cutter = new BlockCutter(input, screen);
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
      // The source reads bytes that are not UTF-8, and reports them with their line.
      while (isUtf8(bytes.subarray(start, rows.consumed))) {
        const block = blockOf(input, bytes, rows, position, last && rows.consumed === length);
        yield* block.records();
        start = rows.consumed;
        position = block.nextPosition;
        line = rows.nextLine;
        inVain = block.unchanged < rows.count * LEAST_UNCHANGED ? inVain + 1 : 0;
        if (rows.stopped || rows.count === 0 || start === length) break;
        rows = screen.next(buffer, start, length, last, line);
      }
      if (start < length || inVain >= BLOCKS_IN_VAIN) {
        yield* rest(input, cutter.remaining(bytes.subarray(start, length)), line, position);
        return;
      }
      cutter.release(buffer);
    }
    // The end of the input, or a row that cannot be screened.
    yield* rest(input, cutter.remaining(new Uint8Array(0)), line, position);
  } finally {
    await screen.close();
  }
}

/** The rows of one block. `last` is true if the input ends with it. */
function blockOf<T>(
  { reader, request, file }: ScreenedInput<T>,
  bytes: Buffer,
  rows: ScreenedRows,
  position: number,
  last: boolean,
): ScreenedBlock<T> {
  return new ScreenedBlock<T>({
    rows,
    onUnchanged: request.onUnchanged,
    onSeen: request.isOneOfSeveral === true ? request.onSeen : undefined,
    file,
    position,
    read(first, end, pass) {
      const text = bytes.subarray(rows.start(first), rows.end(end - 1));
      reader.parse(text, rows.line(first), last && end === rows.count, pass);
    },
  });
}

/** The rest of the file, from a line on, read without a screen. */
async function* rest<T>(
  { reader, file }: ScreenedInput<T>,
  before: readonly Uint8Array[],
  line: number,
  position: number,
): AsyncGenerator<Chunk<T>, void, undefined> {
  let next = position;
  for await (const chunk of reader.rest(before, line)) {
    const first = next + 1;
    next += chunk.length;
    const { file: name, lines } = chunk.places ?? { file, lines: undefined };
    const positions = Array.from(chunk.keys(), (i) => first + i);
    yield withPlaces([...chunk], { file: name, lines, positions });
  }
}
