import { CellWriter, type CellColumn } from './cell-writer.js';
import { placesOf, withPlaces } from './chunk.js';
import type { Flow } from './flow.js';
import type { RecordFields } from './record-fields.js';
import type { OpenScreened, RowScreen, ScreenRequest } from './row-screen.js';
import { SettledBlock, type BlockInput } from './settled-block.js';

/** Rows in a row of which less than this part was known before the screen is given up. */
const ROWS_IN_VAIN = 16_384;
const LEAST_KNOWN = 0.25;

/** Writes rows and screens them. */
interface ObjectScreen {
  readonly screen: RowScreen;
  readonly writer: CellWriter;
}

/**
 * Objects that are rows (of a database cursor, of pages of an API) with those left out that are settled. Their cells are written as
 * text for the screen: a fraction of what it costs to make records of them, hold these to their limits and fingerprint them.
 */
export function screenedObjects<T>(source: Flow<T>): OpenScreened<T> {
  return (request) =>
    request.raw === undefined && request.fields !== undefined ? unsettled(source, request) : undefined;
}

async function* unsettled<T>(
  source: Flow<T>,
  request: ScreenRequest,
): AsyncGenerator<readonly T[], void, undefined> {
  let opened: ObjectScreen | undefined;
  let isOpen = false;
  let position = 0;
  let inVain = 0;
  try {
    for await (const chunk of source.chunks()) {
      if (!isOpen) opened = openScreen(request, chunk[0]);
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

/** A screen for rows like the first; undefined when it cannot be told from their cells what they become. */
function openScreen(request: ScreenRequest, first: unknown): ObjectScreen | undefined {
  const { fields, rules } = request;
  const plain = fields?.(undefined);
  // A function that takes all columns there are: each row must have just those of the first.
  const names =
    plain === undefined && typeof first === 'object' && first !== null ? Object.keys(first) : undefined;
  const known = plain ?? (names && fields?.(names));
  if (known === undefined) return undefined;
  const columns = columnsOf(known);
  const screen = request.open(
    {
      format: 'cells',
      columns: columns.map(({ name }) => name),
      delimiter: '',
      fields: known,
      rules,
      header: '',
    },
    0,
  );
  return screen && { screen, writer: new CellWriter(columns, names) };
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

/** The columns that records are made of, the one of the id first. */
function columnsOf(fields: RecordFields): CellColumn[] {
  if (fields.kind === 'membership')
    return [...new Set([fields.group, fields.member])].map((name) => ({ name, nullIsEmpty: true }));
  const columns = new Map([[fields.externalId, true]]);
  for (const { column, empty, nullStays } of fields.attributes) {
    const isSame = empty === 'null' ? nullStays : empty === 'omit' && !nullStays;
    columns.set(column, isSame && columns.get(column) !== false);
  }
  return Array.from(columns, ([name, nullIsEmpty]) => ({ name, nullIsEmpty }));
}
