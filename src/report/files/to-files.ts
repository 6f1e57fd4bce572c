import { stringify } from 'csv-stringify/sync';
import { OptionsError } from '../../core/errors.js';
import { contextOf, type Flow, type Sink } from '../../flow/flow.js';
import { refuseUnknown } from '../../core/check-options.js';
import { flatten, type Cell } from './csv-cells.js';
import { checkOutput, withOutput, type Output } from './output.js';

/** The result of a file sink. */
export interface WrittenFile {
  readonly records: number;
  /** Bytes of UTF-8. */
  readonly bytes: number;
}

/** Options of {@link toCsv}. */
export interface ToCsvOptions {
  /**
   * The columns, in order; other attributes are left out. Without this option, a record with a column that the first
   * record does not have is an error, so that no attribute is lost silently.
   * @defaultValue the columns of the first record
   */
  readonly columns?: readonly string[];
  /**
   * Writes an apostrophe before text (also in the header) that a spreadsheet would treat as a formula: text that begins
   * with `=`, `+`, `-`, `@`, a tab or a carriage return.
   * @defaultValue `true`
   */
  readonly escapeFormulas?: boolean;
}

/**
 * Writes records as CSV (UTF-8, LF) to a file or to a Writable. A file has mode 0600, and appears only when it is
 * complete; a Writable stays open. The attributes of a `profile` become columns with their own names, so that users and
 * groups can be read back with `fromCsv` and `toUser` or `toGroup`. The attributes of another nested object become
 * `name.attribute`; deeper objects and arrays are written as JSON. `null` and `undefined` are empty cells, a Date is
 * ISO 8601.
 *
 * @throws {@link OptionsError} at once for an invalid option, and while writing if a record does not fit the columns.
 * {@link OutputError} if the output cannot be written. Any error of the source.
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
 * Writes records as JSON, one per line, to a file or to a Writable. A file has mode 0600, and appears only when it is
 * complete; a Writable stays open.
 *
 * @example
 * const { records } = await pipe(people, validate('users'), toJsonLines('valid-people.jsonl'));
 * @throws {@link OptionsError} at once for an invalid target. {@link OutputError} if the output cannot be written. Any
 * error of the source.
 */
export function toJsonLines<T extends object>(target: Output): Sink<T, WrittenFile> {
  checkOutput(target);
  const encode = (records: readonly T[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
  return (source) => writeChunks(target, source, { encode, end: () => '' });
}

interface Encoder<T> {
  encode(records: readonly T[]): string;
  /** The text to write after the last record. */
  end(): string;
}

function writeChunks<T>(target: Output, source: Flow<T>, encoder: Encoder<T>): Promise<WrittenFile> {
  return contextOf(source).holdOpen(() => writeAll(target, source, encoder));
}

async function writeAll<T>(target: Output, source: Flow<T>, encoder: Encoder<T>): Promise<WrittenFile> {
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
  /** True if the caller set the columns; other attributes are then left out. */
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
