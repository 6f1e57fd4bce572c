import { isUtf8 } from 'node:buffer';
import { inChunks, type Chunk } from '../../flow/chunk.js';
import { OptionsError, SourceError } from '../../core/errors.js';
import { flowOf, type Flow } from '../../flow/flow.js';
import { refuseUnknown, requireNumber } from '../../core/check-options.js';
import type { OpenScreened, RowReader, RowScreen, ScreenRequest } from '../../screening/screening.js';
import { RunContext } from '../../flow/run-context.js';
import { checkColumns, nameOf, rowBuilder, type CsvColumns, type CsvRow } from './columns.js';
import { CsvScanner } from './scanner.js';
import {
  INPUT_OPTIONS,
  joined,
  openBytes,
  toInput,
  type ByteReader,
  type Input,
  type InputChunk,
  type InputOptions,
  type OpenableInput,
} from '../input/input.js';
import { decode, decodeText } from '../input/decode-text.js';
import { requireThreads, threadsFor } from '../input/threads.js';

/** Options of {@link fromCsv}. */
export interface FromCsvOptions extends InputOptions {
  /**
   * The names of columns in a row: an object of names by header, or a function of the header that returns `undefined` to
   * leave the column out. The file must have every header that is listed.
   * @defaultValue the headers
   */
  readonly columns?: CsvColumns;
  /**
   * The character between fields.
   * @defaultValue `','`
   */
  readonly delimiter?: string;
  /**
   * The longest row, in characters. A longer row is an error: probably a closing quote is missing.
   * @defaultValue `16_777_216`
   */
  readonly maxRecordLength?: number;
  /**
   * The number of threads that look for unchanged rows in a file, in addition to the one that reads it. It does not change
   * the result.
   * @defaultValue for a file of at least 32 MB, one less than the number of processors, but at most 2; otherwise none
   */
  readonly threads?: number;
}

const DEFAULTS = Object.freeze({ delimiter: ',', maxRecordLength: 16 * 1024 * 1024 });

/**
 * The rows of a CSV file (RFC 4180; CRLF or LF; UTF-8 with or without a byte order mark), as objects with the header's names
 * as keys and unchanged text as values. Map rows to records with {@link toUser}, {@link toGroup}, {@link toMembership},
 * a declared mapping such as {@link userFrom}, or your own function.
 *
 * The input is opened at the first pull and closed on every exit. A path can be read several times, a stream only once.
 *
 * @example
 * pipe(fromCsv('people.csv', { columns: { employee_id: 'externalId', mail: 'email' } }), map(toUser), validate('users'))
 * @throws {@link OptionsError} at once for an invalid option. {@link SourceError} while reading, with file and line, for a row
 * with more or fewer fields than the header, a quote that is not closed or is followed by text, an empty or repeated header,
 * a blank line between rows, bytes that are not UTF-8, an empty file, and any failure to read it.
 */
export function fromCsv(input: Input, options: FromCsvOptions = {}): Flow<CsvRow> {
  return fromCheckedCsv(input, options, () => {});
}

/**
 * Like {@link fromCsv}, with a check of the header.
 * @param onHeader - called before the first row; throws for an invalid header
 */
export function fromCheckedCsv(
  input: Input,
  options: FromCsvOptions,
  onHeader: (header: readonly string[]) => void,
): Flow<CsvRow> {
  refuseUnknown('fromCsv', options, [...INPUT_OPTIONS, 'columns', 'delimiter', 'maxRecordLength', 'threads']);
  const { columns, delimiter = DEFAULTS.delimiter, maxRecordLength = DEFAULTS.maxRecordLength } = options;
  checkColumns(columns);
  requireNumber('maxRecordLength', maxRecordLength, { min: 1, integer: true });
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new OptionsError('delimiter', `expected one character, got ${JSON.stringify(delimiter)}`);
  }
  const source = toInput(input, options);
  const threads = requireThreads(options.threads);
  const settings: Settings = { source, columns, delimiter, maxRecordLength, threads, onHeader };
  const openScreened: OpenScreened<CsvRow> = (request) => screened(settings, request);
  return flowOf(() => new CsvReader(settings).rows(source.open()), new RunContext(), openScreened);
}

interface Settings {
  readonly source: OpenableInput;
  readonly columns: CsvColumns | undefined;
  readonly delimiter: string;
  readonly maxRecordLength: number;
  readonly threads: number | undefined;
  readonly onHeader: (header: readonly string[]) => void;
}

/** Reads rows with the strict scanner. */
class CsvReader {
  readonly #file: string | undefined;
  readonly #columns: CsvColumns | undefined;
  readonly #scanner: CsvScanner;
  readonly #onHeader: Settings['onHeader'];
  #build: ((fields: readonly string[]) => CsvRow) | undefined;
  /** The header, after it was read. */
  header: readonly string[] | undefined;

  constructor({ source, columns, delimiter, maxRecordLength, onHeader }: Settings) {
    this.#file = source.name;
    this.#columns = columns;
    this.#onHeader = onHeader;
    this.#scanner = new CsvScanner({ delimiter, file: source.name, maxRecordLength });
  }

  /** The rows to the end of the input. The rows before an error are yielded first. */
  async *rows(
    bytes: AsyncIterable<InputChunk>,
    atStart = true,
  ): AsyncGenerator<Chunk<CsvRow>, void, undefined> {
    const file = this.#file;
    const place = { file, line: () => this.#scanner.nextLine };
    for await (const text of decodeText(bytes, place, atStart)) yield* this.#read(text, false);
    yield* this.#read('', true);
    if (this.#build === undefined)
      throw new SourceError('the file is empty; its first line must be the header', { file });
  }

  /** Like {@link rows}, starting at a line. */
  rest(bytes: AsyncIterable<InputChunk>, line: number): AsyncIterable<Chunk<CsvRow>> {
    this.#scanner.goTo(line);
    return this.rows(bytes, false);
  }

  /** Parses a text of complete rows that begins at a line. */
  parse(text: string, line: number, last: boolean, pass: (row: CsvRow) => void): void {
    this.#scanner.goTo(line);
    this.#scanner.read(text, last, (fields, at) => this.#onRecord(fields, at, pass));
  }

  #onRecord(fields: readonly string[], line: number, pass: (row: CsvRow, line: number) => void): void {
    if (this.#build === undefined) {
      this.header = [...fields];
      this.#build = rowBuilder(fields, this.#columns, { file: this.#file, line });
      this.#onHeader(this.header);
    } else pass(this.#build(fields), line);
  }

  *#read(text: string, last: boolean): Generator<Chunk<CsvRow>, void, undefined> {
    const file = this.#file;
    const rows: CsvRow[] = [];
    const lines: number[] = [];
    const pass = (row: CsvRow, line: number) => {
      rows.push(row);
      lines.push(line);
    };
    let failure: { readonly error: unknown } | undefined;
    try {
      this.#scanner.read(text, last, (fields, line) => this.#onRecord(fields, line, pass));
    } catch (error) {
      failure = { error };
    }
    yield* inChunks(rows, { file, lines });
    if (failure !== undefined) throw failure.error;
  }
}

/** The rows without those that are certainly unchanged; all rows if the header shows that they cannot be screened. */
async function* screened(
  settings: Settings,
  request: ScreenRequest,
): AsyncGenerator<Chunk<CsvRow>, void, undefined> {
  const { source, threads } = settings;
  const bytes = await openBytes(source);
  try {
    const { header, read } = await readHeader(bytes);
    const rows = new CsvReader(settings);
    const screen = header && openScreen(settings, request, rows, header, threadsFor(bytes, threads));
    if (screen === undefined) {
      const all = joined(header === undefined ? [read] : [header, read], bytes);
      yield* new CsvReader(settings).rows(all);
      return;
    }
    const reader: RowReader<CsvRow> = {
      parse: (text, line, last, pass) => rows.parse(decode(text, false), line, last, pass),
      rest: (before, line) => rows.rest(joined(before, bytes), line),
    };
    const input = { first: read, firstLine: 2, file: source.name, request, reader };
    yield* screen.rows({ ...input, read: (into) => bytes.read(into) });
  } finally {
    await bytes.close();
  }
}

/** The screen for the rows of a header; undefined if they cannot be screened. */
function openScreen(
  { columns, delimiter, maxRecordLength }: Settings,
  request: ScreenRequest,
  reader: CsvReader,
  line: Buffer,
  threads: number,
): RowScreen | undefined {
  // A screen supports only a delimiter of one byte. The text reader reports bytes that are not UTF-8.
  if (delimiter.charCodeAt(0) >= 0x80 || !isUtf8(line)) return undefined;
  reader.parse(decode(line, true), 1, false, () => {});
  const { header } = reader;
  // A header with a quoted line feed continues after its first line. This is rare, so such files are not screened.
  if (header === undefined) return undefined;
  const names = header.map((name, i) => nameOf(name, i, columns));
  const mapping = request.mapping?.(names.filter((name) => name !== undefined));
  const { rules } = request;
  return request.open({ format: 'csv', columns: names, delimiter, maxRecordLength, mapping, rules }, threads);
}

/** Reads the first line with its line feed, if it is not too long, and returns it with the bytes that were read after it. */
async function readHeader(
  bytes: ByteReader,
): Promise<{ readonly header: Buffer | undefined; readonly read: Buffer }> {
  const read = Buffer.allocUnsafe(LONGEST_HEADER);
  let length = 0;
  while (length < read.length) {
    const more = await bytes.read(read.subarray(length));
    if (more <= 0) break;
    length += more;
    const end = read.subarray(0, length).indexOf(LF) + 1;
    if (end > 0) return { header: read.subarray(0, end), read: read.subarray(end, length) };
  }
  return { header: undefined, read: read.subarray(0, length) };
}

const LF = 0x0a;
const LONGEST_HEADER = 64 * 1024;
