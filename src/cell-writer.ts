import { sameNames } from './same-names.js';

/** A column of the objects that are written. */
export interface CellColumn {
  readonly name: string;
  /** Whether null comes to the same as an empty cell. */
  readonly nullIsEmpty: boolean;
}

/** What was written. */
export interface WrittenCells {
  /** The row before which it ended. */
  readonly end: number;
  /** Bytes; undefined when they are not what the text was. */
  readonly length: number | undefined;
}

/** As the kernel expects them, see `kernel/assembly/cells.ts`. */
const UNIT_SEPARATOR = '\x1f';
const RECORD_SEPARATOR = '\x1e';
/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const BYTES_PER_UNIT = 3;
/** Fewer than a screen tells at once. */
const MOST_ROWS = 8192;

/**
 * Writes the cells of objects as text, for their rows to be screened. A row that is not plain (a cell that is no string, or is
 * missing) is written as one of empty cells, which is never known: its id is empty.
 */
export class CellWriter {
  readonly #columns: readonly CellColumn[];
  readonly #names: readonly string[] | undefined;
  readonly #unfit: string;

  /** @param names - of all that a row may and must have, in their order; without them what else it has is of no matter */
  constructor(columns: readonly CellColumn[], names: readonly string[] | undefined) {
    this.#columns = columns;
    this.#names = names;
    this.#unfit = UNIT_SEPARATOR.repeat(columns.length - 1) + RECORD_SEPARATOR;
  }

  /** Writes rows from one on, as many as surely have room: at least one. */
  write(rows: readonly unknown[], start: number, into: Buffer): WrittenCells {
    const room = Math.floor(into.length / BYTES_PER_UNIT);
    const last = Math.min(rows.length, start + MOST_ROWS);
    let text = '';
    let end = start;
    for (; end < last; end++) {
      const cells = this.#cells(rows[end]) ?? this.#unfit;
      if (text.length + cells.length <= room) text += cells;
      else if (end === start) text += this.#unfit;
      else break;
    }
    // What is no text becomes U+FFFD, and its fingerprint that of another.
    return { end, length: text.isWellFormed() ? into.write(text, 'utf8') : undefined };
  }

  /** A hot loop: it runs for every row of the source. */
  #cells(row: unknown): string | undefined {
    if (typeof row !== 'object' || row === null) return undefined;
    if (this.#names !== undefined && !sameNames(Object.keys(row), this.#names)) return undefined;
    let text = '';
    for (const [i, { name, nullIsEmpty }] of this.#columns.entries()) {
      const cell = (row as Readonly<Record<string, unknown>>)[name];
      if (i > 0) text += UNIT_SEPARATOR;
      if (typeof cell === 'string') text += cell;
      else if (cell !== null || !nullIsEmpty) return undefined;
    }
    return text + RECORD_SEPARATOR;
  }
}
