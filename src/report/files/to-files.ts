import { stringify } from 'csv-stringify/sync';
import { OptionsError } from '../../core/errors.js';
import type { Flow, Sink } from '../../flow/flow.js';
import { refuseUnknown } from '../../core/check-options.js';
import { flatten, type Cell } from './csv-cells.js';
import { checkOutput, withOutput, type Output } from './output.js';

/** What a file sink wrote. */
export interface WrittenFile {
  readonly records: number;
  /** Bytes of UTF-8. */
  readonly bytes: number;
}

/** Options of {@link toCsv}. */
export interface ToCsvOptions {
  /**
   * The columns, in order; other attributes are left out. Without them, a later record with a column that the first
   * one lacks ends the writing, for nothing may be lost unnoticed.
   * @defaultValue the columns of the first record
   */
  readonly columns?: readonly string[];
  /**
   * Puts an apostrophe before text (the header's too) that a spreadsheet would take for a formula: what begins with
   * `=`, `+`, `-`, `@`, a tab or a carriage return.
   * @defaultValue `true`
   */
  readonly escapeFormulas?: boolean;
}

/**
 * Writes records as CSV (UTF-8, LF) to a file, which has mode 0600 and appears whole or not at all, or to a Writable,
 * which is left open. The attributes of a `profile` are columns by their own names, so that users and groups can be
 * read back with `fromCsv` and `toUser` or `toGroup`; those of another nested object are `name.attribute`; anything
 * deeper, and an array, is JSON. `null` and `undefined` are empty cells, a Date is ISO 8601.
 *
 * @throws {@link OptionsError} at once for an option of no use, and while writing when a record does not fit the
 * columns. {@link OutputError} when the output cannot be written. What the source fails with.
 */
export function toCsv<T extends object>(target: Output, options: ToCsvOptions = {}): Sink<T, WrittenFile> {
  refuseUnknown('toCsv', options, ['columns', 'escapeFormulas']);
  const { columns, escapeFormulas = true } = options;
  checkOutput(target);
  checkColumns(columns);
  if (typeof escapeFormulas !== 'boolean') throw new OptionsError('escapeFormulas', 'expected true or false');
  return (source) => writeChunks(target, source, new CsvEncoder(columns, escapeFormulas));
}

/**
 * Writes records as JSON, one a line, to a file, which has mode 0600 and appears whole or not at all, or to a Writable,
 * which is left open.
 *
 * @throws {@link OptionsError} at once for a target of no use. {@link OutputError} when the output cannot be written.
 * What the source fails with.
 */
export function toJsonLines<T extends object>(target: Output): Sink<T, WrittenFile> {
  checkOutput(target);
  const encode = (records: readonly T[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
  return (source) => writeChunks(target, source, { encode, end: () => '' });
}

interface Encoder<T> {
  encode(records: readonly T[]): string;
  /** What is left to write when there are no more records. */
  end(): string;
}

async function writeChunks<T>(target: Output, source: Flow<T>, encoder: Encoder<T>): Promise<WrittenFile> {
  return withOutput(target, async (write) => {
    let records = 0;
    let bytes = 0;
    const put = async (text: string) => {
      if (text === '') return;
      bytes += Buffer.byteLength(text);
      await write(text);
    };
    for await (const chunk of source.chunks()) {
      await put(encoder.encode(chunk));
      records += chunk.length;
    }
    await put(encoder.end());
    return { records, bytes };
  });
}

class CsvEncoder implements Encoder<object> {
  #columns: readonly string[] | undefined;
  /** True when other attributes may be left out: the caller chose the columns. */
  readonly #chosen: boolean;
  readonly #escapeFormulas: boolean;
  #headed = false;

  constructor(columns: readonly string[] | undefined, escapeFormulas: boolean) {
    this.#columns = columns && [...columns];
    this.#chosen = columns !== undefined;
    this.#escapeFormulas = escapeFormulas;
  }

  encode(records: readonly object[]): string {
    const flat = records.map(flatten);
    const columns = (this.#columns ??= [...(flat[0]?.keys() ?? [])]);
    const rows = flat.map((cells) => this.#row(cells, columns));
    return this.#text(this.#head(columns, rows));
  }

  end(): string {
    return this.#columns === undefined ? '' : this.#text(this.#head(this.#columns, []));
  }

  #row(cells: Map<string, Cell>, columns: readonly string[]): Cell[] {
    const row = columns.map((column) => cells.get(column) ?? '');
    if (!this.#chosen) {
      const unknown = [...cells.keys()].find((name) => !columns.includes(name));
      if (unknown !== undefined) {
        throw new OptionsError(
          'columns',
          `a record has the attribute ${JSON.stringify(unknown)}, which the first record does not have; set the option columns`,
        );
      }
    }
    return row;
  }

  #head(columns: readonly string[], rows: Cell[][]): Cell[][] {
    if (this.#headed) return rows;
    this.#headed = true;
    return [[...columns], ...rows];
  }

  #text(rows: Cell[][]): string {
    if (rows.length === 0) return '';
    // A row of one empty cell would be a blank line.
    return stringify(rows, {
      escape_formulas: this.#escapeFormulas,
      quoted_empty: this.#columns?.length === 1,
    });
  }
}

function checkColumns(columns: readonly string[] | undefined): void {
  if (columns === undefined) return;
  const names: unknown = columns;
  if (
    !Array.isArray(names) ||
    names.length === 0 ||
    !names.every((name) => typeof name === 'string' && name !== '')
  ) {
    throw new OptionsError('columns', 'expected an array of column names');
  }
  if (new Set(names).size !== names.length)
    throw new OptionsError('columns', 'the same column appears twice');
}
