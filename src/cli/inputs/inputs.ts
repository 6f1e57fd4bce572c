import type { Flow } from '../../flow/flow.js';
import { OptionsError } from '../../core/errors.js';
import { fromCheckedCsv } from '../../sources/csv/from-csv.js';
import { fromCheckedExcel } from '../../sources/excel/from-excel.js';
import { fromJsonLines } from '../../sources/json/from-json-lines.js';
import { expectRows } from '../../sources/expect-rows.js';
import { whenComplete } from '../../sources/input/complete-marker.js';
import { inTurn } from '../../sources/in-turn.js';
import { fromJson } from '../../sources/json/from-json.js';
import type { FlatRow } from '../../transform/to-records.js';
import { isPackedName } from '../../sources/input/read-file.js';
import { threadsForSize } from '../../sources/input/threads.js';
import { fileBytes, fileSize, stdinBytes } from './bytes.js';
import { HeaderCheck, type NeededColumns } from './header-check.js';
import { findFiles } from './paths.js';
import { requireProperties } from './required-properties.js';
import { formatOf, type InputFormat } from './format.js';
import type { Rereads } from './rereads.js';

/** The input of one entity: files, or rows of another source. */
export type InputSpec = (FileInput | RowInput) & {
  /** The number of rows of all files together; another number fails the read. @defaultValue any number is right */
  readonly expectRows?: number | undefined;
  /** Changes the rows, after they were counted for `expectRows`. @defaultValue they stay as they are */
  readonly watched?: ((rows: Flow<FlatRow>) => Flow<FlatRow>) | undefined;
  /** A column that is read even if the mapping does not use it. @defaultValue none */
  readonly also?: string | undefined;
};

/** Rows of a source that is not a file. */
export interface RowInput {
  /** The name of the source in errors. */
  readonly name: string;
  /** Creates the rows of one read. It may leave out columns that are not needed. */
  readonly rows: (needed?: NeededColumns) => Flow<FlatRow>;
  /** Closes its connection, also while the source is silent. @defaultValue it has none, or closes it when its rows end */
  readonly close?: () => PromiseLike<void>;
}

/** The files of one entity, or standard input. */
export interface FileInput {
  /** Paths, globs, or `-` for standard input; read one after another. */
  readonly paths: readonly string[];
  /** How their bytes are read. */
  readonly reading?: InputReading;
}

/** How the bytes of an input are read. */
export interface InputReading {
  /** @defaultValue by the extension (`.csv`, `.tsv`, `.json`, `.jsonl`, `.ndjson`, each also with `.gz` or `.zip`) */
  readonly format?: InputFormat | undefined;
  /** True if `format` has priority over the extension. @defaultValue `false` */
  readonly formatForAll?: boolean;
  /** See the option of `fromCsv`. */
  readonly delimiter?: string | undefined;
  /** See the option of `fromCsv`. */
  readonly encoding?: string | undefined;
  /** See the option of `fromCsv`. */
  readonly skipLines?: number | undefined;
  /** See the option of `fromCsv`. */
  readonly trailer?: string | undefined;
  /** The path of the array in a JSON document. */
  readonly jsonPath?: string | undefined;
  /** The name or the number of the sheet of a workbook. */
  readonly sheet?: string | undefined;
  /** See the option of `fromCsv`; for each file. */
  readonly completeMarker?: string | undefined;
}

/** Options of {@link openInput}. */
export interface OpenInputOptions {
  /** The stream that is read for `-`. @defaultValue `process.stdin` */
  readonly stdin?: NodeJS.ReadableStream;
  /** The columns that CSV files must have, and whether others are kept. @defaultValue none; all are kept */
  readonly columns?: NeededColumns;
  /** Checks that later reads of the same input have the same bytes. @defaultValue reads are not compared */
  readonly rereads?: Rereads;
}

/**
 * The rows of an input, file after file, as the flow of one source: chunks keep the file and line of their rows.
 *
 * Nothing is opened before the first pull. One bad file fails the whole input: a path or glob that matches no file, a
 * file that changes while it is read, a gzip file that ends early, or CSV files with different columns (their order may
 * differ).
 *
 * @throws {@link OptionsError} at once if the format of a path is unknown, or if there is no path.
 * {@link SourceError} while reading, with file and line, and at the end if no record had a column that the mapping needs.
 */
export function openInput(spec: InputSpec, given: OpenInputOptions = {}): Flow<FlatRow> {
  const options = withColumn(given, spec.also);
  if ('rows' in spec) return checked(spec.rows(options.columns), spec.name, spec, options);
  const { paths, reading = {} } = spec;
  if (paths.length === 0) throw new OptionsError('paths', 'expected a path, a glob or "-"');
  if (paths.filter((path) => path === '-').length > 1)
    throw new OptionsError('-', 'standard input can be read only once');
  if (reading.completeMarker !== undefined && paths.includes('-'))
    throw new OptionsError('--complete-marker', 'needs files; standard input has no age to compare');
  // Check the format of plain paths now; the files of a glob are known only when it is read.
  for (const path of paths) if (!/[*?[\]{}()!+@]/.test(path)) formatOf(path, reading.format, false);
  const rows = inTurn(() => filesOf(spec, options));
  return checked(rows, paths.join(', '), spec, options);
}

function checked(
  rows: Flow<FlatRow>,
  name: string,
  { expectRows: expected, watched }: InputSpec,
  { columns }: OpenInputOptions,
): Flow<FlatRow> {
  const { names = [], optional = [] } = columns ?? {};
  const required = names.filter((column) => !optional.includes(column));
  const all = requireProperties(expectRows(rows, expected, name), required, name);
  return watched?.(all) ?? all;
}

/** The same options, with one more column that is needed. */
function withColumn(options: OpenInputOptions, column: string | undefined): OpenInputOptions {
  const { columns } = options;
  if (column === undefined || columns === undefined || columns.names.includes(column)) return options;
  return { ...options, columns: { ...columns, names: [...columns.names, column] } };
}

async function* filesOf(
  { paths, reading = {} }: FileInput,
  options: OpenInputOptions,
): AsyncGenerator<Flow<FlatRow>, void, undefined> {
  const { rereads } = options;
  const find = () => findFiles(paths);
  const files = await (rereads === undefined ? find() : rereads.files(paths, find));
  const header = new HeaderCheck(options.columns);
  for (const file of files) yield fileRows(file, reading, header, options);
}

function fileRows(
  file: string,
  reading: InputReading,
  header: HeaderCheck,
  { stdin = process.stdin, rereads }: OpenInputOptions,
): Flow<FlatRow> {
  const name = file === '-' ? 'standard input' : file;
  const { completeMarker: marker } = reading;
  const format = formatOf(file, reading.format, reading.formatForAll ?? false);
  if (reading.trailer !== undefined && format !== 'csv')
    throw new OptionsError(
      '--trailer',
      `needs CSV, and ${name} is read as ${format}; it would not be checked`,
    );
  const bytesOf = () => fileBytes(file, { isPacked: isPackedName(file), unzips: format !== 'xlsx' });
  const ofFile = () => (marker === undefined ? bytesOf() : whenComplete(marker, file, bytesOf));
  const raw = file === '-' ? () => stdinBytes(stdin) : ofFile;
  const bytes = rereads === undefined ? raw() : rereads.bytes(name, raw, file === '-');
  const { encoding, delimiter, skipLines, trailer, jsonPath, sheet } = reading;
  const input = { name, ...(encoding !== undefined && { encoding }) };
  if (format === 'json')
    return fromJson<FlatRow>(bytes, {
      ...input,
      numbers: 'text',
      ...(jsonPath !== undefined && { path: jsonPath }),
    });
  if (format === 'xlsx') {
    const excel = {
      name,
      columns: (column: string) => header.nameOf(column),
      ...(sheet !== undefined && { sheet }),
      ...(skipLines !== undefined && { skipLines }),
    };
    return fromCheckedExcel(bytes, excel, (names) => header.check(name, names));
  }
  const threads = threadsForSize(file === '-' ? 0 : fileSize(file));
  if (format === 'jsonl') return fromJsonLines<FlatRow>(bytes, { ...input, numbers: 'text', threads });
  const csv = {
    ...input,
    threads,
    columns: (column: string) => header.nameOf(column),
    ...(delimiter !== undefined && { delimiter }),
    ...(skipLines !== undefined && { skipLines }),
    ...(trailer !== undefined && { trailer }),
  };
  return fromCheckedCsv(bytes, csv, (names) => header.check(name, names));
}
