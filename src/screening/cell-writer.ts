/** A row's cells as text, the end of the row left out; undefined for one that is not plain: a cell that is no text, or is missing. */
export type CellsOf = (row: unknown) => string | undefined;

export type Fields = Readonly<Record<string, unknown>>;

/** What was written. */
export interface WrittenCells {
  /** The row before which it ended. */
  readonly end: number;
  /** Bytes; undefined when they are not what the text was. */
  readonly length: number | undefined;
}

/** As the kernel expects them, see `kernel/assembly/cells.ts`. */
export const UNIT_SEPARATOR = '\x1f';
const RECORD_SEPARATOR = '\x1e';
const NULL_CELL = '\x1d';
/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const BYTES_PER_UNIT = 3;
/** Fewer than a screen tells at once. */
const MOST_ROWS = 8192;

/** Whether a value has properties that may be cells. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** A property that is a cell. */
export interface Column {
  readonly name: string;
  /** Whether null comes to the same as an empty cell. */
  readonly nullIsEmpty: boolean;
}

/** The cells of an object, one behind the other; undefined when one is no text. A hot loop: it runs for every row of the source. */
export function joinedCells(object: Fields, columns: readonly Column[]): string | undefined {
  let text = '';
  let separator = '';
  for (const { name, nullIsEmpty } of columns) {
    const cell = cellText(object[name], nullIsEmpty);
    if (cell === undefined) return undefined;
    text += separator + cell;
    separator = UNIT_SEPARATOR;
  }
  return text;
}

/** The text of a cell; undefined when it is none. */
function cellText(value: unknown, nullIsEmpty: boolean): string | undefined {
  if (typeof value === 'string') return value === NULL_CELL ? undefined : value;
  if (value === null) return nullIsEmpty ? '' : NULL_CELL;
  return undefined;
}

/**
 * Writes the cells of rows as text, for these to be screened. A row that is not plain is written as one of empty cells, which is
 * never known: its id is empty.
 */
export class CellWriter {
  readonly #cellsOf: CellsOf;
  readonly #unfit: string;

  /** @param columns - how many cells a row has */
  constructor(columns: number, cellsOf: CellsOf) {
    this.#cellsOf = cellsOf;
    this.#unfit = UNIT_SEPARATOR.repeat(columns - 1);
  }

  /** Writes rows from one on, as many as surely have room: at least one. A hot loop: it runs for every row of the source. */
  write(rows: readonly unknown[], start: number, into: Buffer): WrittenCells {
    const room = Math.floor(into.length / BYTES_PER_UNIT);
    const last = Math.min(rows.length, start + MOST_ROWS);
    let text = '';
    let end = start;
    for (; end < last; end++) {
      const cells = this.#cellsOf(rows[end]) ?? this.#unfit;
      // Every row has its end, whatever its cells are: how many rows there are is what tells that none was taken for another.
      if (text.length + cells.length < room) text += cells + RECORD_SEPARATOR;
      else if (end === start) text += this.#unfit + RECORD_SEPARATOR;
      else break;
    }
    // What is no text becomes U+FFFD, and its fingerprint that of another.
    return { end, length: text.isWellFormed() ? into.write(text, 'utf8') : undefined };
  }
}
