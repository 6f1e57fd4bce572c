import { refuseUnknown, requireNumber } from '../../core/check-options.js';
import { OptionsError, SourceError } from '../../core/errors.js';
import { inChunks, type Chunk } from '../../flow/chunk.js';
import { flowOf, type Flow } from '../../flow/flow.js';
import { RunContext } from '../../flow/run-context.js';
import { rowsOfFile } from '../../flow/stage-order.js';
import { checkColumns, nameOf, rowBuilder, type CsvColumns, type CsvRow } from '../csv/columns.js';
import { expectRows, requireExpected } from '../expect-rows.js';
import { toInput, type Input, type InputOptions, type OpenableInput } from '../input/input.js';
import { collected } from '../input/unzip.js';
import { readSheet, type Sheet } from './workbook.js';

/** Options of {@link fromExcel}. */
export interface FromExcelOptions extends Pick<InputOptions, 'name' | 'expectRows' | 'completeMarker'> {
  /**
   * The sheet: its name, or its number among the visible sheets, from 1.
   * @defaultValue the first visible sheet
   */
  readonly sheet?: string | number;
  /** As for {@link fromCsv}. @defaultValue the headers */
  readonly columns?: CsvColumns;
  /**
   * The number of rows before the header. Empty rows before it are always skipped.
   * @defaultValue `0`
   */
  readonly skipLines?: number;
}

const OPTIONS = ['name', 'expectRows', 'completeMarker', 'sheet', 'columns', 'skipLines'];

/**
 * The rows of a sheet of an Excel workbook (.xlsx), as objects with the header's names as keys and the text that Excel shows in each
 * cell: leading zeros of a number format stay, and a date is written in the format of its cell. Three differences: Excel's own short date,
 * which looks different on every machine, is written as `2026-12-31`; a whole number without a format has all of its 15 digits; and the
 * text does not depend on the width of the column. Rows that a filter hides are read. Empty rows are skipped, and counted in the report.
 *
 * The workbook is read into memory, at most 64 MiB of it. It needs the packages `@e965/xlsx` and `numfmt`, which rollcall does not install.
 *
 * @example
 * const users = pipe(fromExcel('people.xlsx', { sheet: 'Staff' }), map(toUser), validate('users'));
 * @throws {@link OptionsError} at once for an invalid option. {@link SourceError} while reading, with file, row and cell: for bytes that
 * are not a whole workbook, a password, a sheet that does not exist, and, in a column that is used, for an error such as `#N/A`, a
 * formula without a value, a value that its number format hides, and merged cells.
 */
export function fromExcel(input: Input, options: FromExcelOptions = {}): Flow<CsvRow> {
  return fromCheckedExcel(input, options, () => {});
}

/**
 * Like {@link fromExcel}, with a check of the header.
 * @param onHeader - called before the first row; throws for an invalid header
 */
export function fromCheckedExcel(
  input: Input,
  options: FromExcelOptions,
  onHeader: (header: readonly string[]) => void,
): Flow<CsvRow> {
  refuseUnknown('fromExcel', options, OPTIONS);
  const { columns, skipLines = 0, sheet = 1 } = options;
  checkColumns(columns);
  requireNumber('skipLines', skipLines, { min: 0, max: 1000, integer: true });
  const isNumber = typeof sheet === 'number' && Number.isInteger(sheet) && sheet >= 1;
  if (!isNumber && (typeof sheet !== 'string' || sheet === ''))
    throw new OptionsError('sheet', 'expected the name of a sheet, or its number from 1');
  const expected = requireExpected(options.expectRows);
  const { name, completeMarker } = options;
  const source = toInput(input, {
    ...(name !== undefined && { name }),
    ...(completeMarker !== undefined && { completeMarker }),
  });
  const context = new RunContext();
  const onBlank = (count: number) => void (context.blankRows += count);
  const rows = flowOf(() => rowsOf(source, sheet, { columns, skipLines, onHeader, onBlank }), context);
  return rowsOfFile(expectRows(rows, expected, source.name));
}

const TOO_LARGE =
  'a workbook is read into memory, and this one is larger than 64 MiB; save the sheet as CSV, which may be of any size';

interface Reading {
  readonly columns: CsvColumns | undefined;
  readonly skipLines: number;
  readonly onHeader: (header: readonly string[]) => void;
  /** Called with the number of empty rows after the header. */
  readonly onBlank: (count: number) => void;
}

async function* rowsOf(
  source: OpenableInput,
  wanted: string | number,
  { columns, skipLines, onHeader, onBlank }: Reading,
): AsyncGenerator<Chunk<CsvRow>, void, undefined> {
  const file = source.name;
  const sheet = await readSheet(await collected(source.openBytes(), file, TOO_LARGE), wanted, file);
  const cells = new SheetCells(sheet, file);
  const headerRow = cells.nextRow(skipLines);
  if (headerRow === undefined)
    throw new SourceError(
      `the sheet ${JSON.stringify(sheet.name)} is empty; its first row must be the header`,
      {
        file,
      },
    );
  const header = cells.texts(headerRow, () => true);
  const build = rowBuilder(header, columns, { file, line: headerRow + 1 });
  onHeader(header);
  const isUsed = header.map((name, i) => nameOf(name, i, columns) !== undefined);
  cells.refuseMerged(headerRow, (column) => isUsed[column] === true);
  const rows: CsvRow[] = [];
  const lines: number[] = [];
  let failure: { readonly error: unknown } | undefined;
  try {
    for (let row = cells.nextRow(headerRow + 1); row !== undefined; row = cells.nextRow(row + 1)) {
      rows.push(
        build(
          cells.texts(row, (column) => isUsed[column] === true),
          row + 1,
        ),
      );
      lines.push(row + 1);
    }
    onBlank(cells.storedRowsAfter(headerRow) - rows.length);
  } catch (error) {
    failure = { error };
  }
  yield* inChunks(rows, { file, lines });
  if (failure !== undefined) throw failure.error;
}

/** The cells of a sheet, with the places of their faults. */
class SheetCells {
  readonly #sheet: Sheet;
  readonly #file: string | undefined;
  readonly #width: number;

  constructor(sheet: Sheet, file: string | undefined) {
    this.#sheet = sheet;
    this.#file = file;
    this.#width = sheet.rows.reduce((width, row) => Math.max(width, lastCell(row ?? []) + 1), 0);
  }

  /** The first row from this one on that is not empty. */
  nextRow(from: number): number | undefined {
    const { rows } = this.#sheet;
    for (let row = from; row < rows.length; row++) if (lastCell(rows[row] ?? []) !== -1) return row;
    return undefined;
  }

  /** The number of rows after this one that the workbook stores. One without values has formats: a person emptied it. */
  storedRowsAfter(header: number): number {
    return this.#sheet.rows.filter((row, i) => i > header && row !== undefined && row.length > 0).length;
  }

  /** The texts of a row, empty in columns that are not used. */
  texts(row: number, isUsed: (column: number) => boolean): string[] {
    const { rows, shown } = this.#sheet;
    return Array.from({ length: this.#width }, (_, column) => {
      if (!isUsed(column)) return '';
      const result = shown(rows[row]?.[column]);
      if ('fault' in result) throw this.#error(row, `the cell ${this.#address(row, column)} ${result.fault}`);
      return result.text;
    });
  }

  /** Of merged cells only the first has a value. @throws {@link SourceError} if one of the others is in a column that is used */
  refuseMerged(header: number, isUsed: (column: number) => boolean): void {
    for (const { s, e } of this.#sheet.merged) {
      const columns = Array.from({ length: e.c - s.c + 1 }, (_, i) => s.c + i);
      if (e.r <= header || !columns.some(isUsed)) continue;
      const cells = `${this.#address(s.r, s.c)}:${this.#address(e.r, e.c)}`;
      throw this.#error(s.r, `the cells ${cells} are merged; unmerge them, and give each its value`);
    }
  }

  #address(row: number, column: number): string {
    return this.#sheet.address(row, column);
  }

  #error(row: number, reason: string): SourceError {
    return new SourceError(`${reason} (sheet ${JSON.stringify(this.#sheet.name)})`, {
      file: this.#file,
      line: row + 1,
    });
  }
}

/** The position of the last cell with a value; -1 if there is none. */
function lastCell(row: Sheet['rows'][number] & object): number {
  return row.findLastIndex((cell) => {
    if (cell === undefined || cell === null || (cell.t === 'z' && cell.f === undefined)) return false;
    return typeof cell.v === 'string' ? cell.v.trim() !== '' : true;
  });
}
