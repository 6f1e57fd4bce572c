import { CellWriter, type CellsOf } from './cell-writer.js';
import { placesOf, withPlaces } from '../flow/chunk.js';
import type { Flow } from '../flow/flow.js';
import type { RecordFields } from './declared-mapping.js';
import type { OpenScreened, RowScreen, ScreenRequest } from './screen.js';
import { SettledBlock, type BlockInput } from './screened-block.js';

/** Rows in a row of which less than this part was known before the screen is given up. */
const ROWS_IN_VAIN = 16_384;
const LEAST_KNOWN = 0.25;

/** What objects look like. */
export interface ObjectShape {
  readonly fields: RecordFields;
  /** Of the cells, in their order: that of the id first. */
  readonly columns: readonly string[];
  readonly cellsOf: CellsOf;
}

/** Says of the first object what all look like; undefined where it cannot be told what they become. */
export type ShapeOf = (first: unknown, request: ScreenRequest) => ObjectShape | undefined;

/** Writes rows and screens them. */
interface ObjectScreen {
  readonly screen: RowScreen;
  readonly writer: CellWriter;
}

/**
 * Opens objects (rows of a database cursor, records that a function made) with those left out that are settled. Their cells are
 * written as text for the screen: a fraction of what it costs to make records of rows, to hold these to their limits, and to
 * fingerprint them. They have no bytes of their own to be compared as they stand.
 */
export function openObjects<T>(source: Flow<T>, shapeOf: ShapeOf): OpenScreened<T> {
  return (request) => (request.raw === undefined ? unsettled(source, request, shapeOf) : undefined);
}

async function* unsettled<T>(
  source: Flow<T>,
  request: ScreenRequest,
  shapeOf: ShapeOf,
): AsyncGenerator<readonly T[], void, undefined> {
  let opened: ObjectScreen | undefined;
  let isOpen = false;
  let position = 0;
  let inVain = 0;
  try {
    for await (const chunk of source.chunks()) {
      if (!isOpen) opened = openScreen(request, shapeOf(chunk[0], request));
      isOpen = true;
      if (opened === undefined) {
        yield chunk;
        continue;
      }
      // What has positions of its own was picked by its stages: where it stands cannot be counted here.
      if (inVain >= ROWS_IN_VAIN || placesOf(chunk)?.positions !== undefined) {
        yield placed(chunk, position);
        position += chunk.length;
        continue;
      }
      const { screen, writer } = opened;
      for (let start = 0; start < chunk.length;) {
        const { end, length } = writer.write(chunk, start, screen.buffers[0] as Buffer);
        const block = blockOf(chunk, start, screenedRows(screen, end - start, length), request, position);
        yield* block.records();
        position = block.nextPosition;
        inVain = block.known < (end - start) * LEAST_KNOWN ? inVain + end - start : 0;
        start = end;
      }
    }
  } finally {
    await opened?.screen.close();
  }
}

function openScreen(request: ScreenRequest, shape: ObjectShape | undefined): ObjectScreen | undefined {
  if (shape === undefined) return undefined;
  const { fields, columns, cellsOf } = shape;
  const { rules } = request;
  const screen = request.open({ format: 'cells', columns, delimiter: '', fields, rules, header: '' }, 0);
  return screen && { screen, writer: new CellWriter(columns.length, cellsOf) };
}

function blockOf<T>(
  chunk: readonly T[],
  start: number,
  rows: BlockInput<T>['rows'],
  request: ScreenRequest,
  position: number,
): SettledBlock<T> {
  const { file, lines } = placesOf(chunk) ?? { file: undefined, lines: undefined };
  return new SettledBlock({
    rows,
    request,
    file,
    position,
    line: lines && ((row) => lines[start + row] as number),
    read(first, end, take) {
      for (let row = first; row < end; row++) take(chunk[start + row]);
    },
  });
}

/**
 * What the screen says of the rows that were written; that none is known, where it did not find as many as there are. Since
 * separators inside cells make it more rows, or rows of more cells, these cannot be taken for other rows.
 */
function screenedRows(
  screen: RowScreen,
  count: number,
  length: number | undefined,
): BlockInput<unknown>['rows'] {
  if (length !== undefined) {
    const rows = screen.next(0, 0, length, true, 1);
    if (!rows.stopped && rows.count === count && rows.consumed === length) return rows;
  }
  return { count, isKnown: () => false, settle: () => false, print: () => '' };
}

/** A chunk with the positions of its records, which the stages behind cannot count where others were settled. */
function placed<T>(chunk: readonly T[], before: number): readonly T[] {
  const places = placesOf(chunk);
  if (places?.positions !== undefined) return chunk;
  const positions = Array.from(chunk.keys(), (i) => before + i + 1);
  return withPlaces([...chunk], { file: undefined, lines: undefined, ...places, positions });
}
