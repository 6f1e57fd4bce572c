import { isUtf8 } from 'node:buffer';
import { CHUNK_SIZE, withPlaces, type Chunk } from '../../flow/chunk.js';
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
   * Names of the columns in a row: by header, or a function of the header that answers `undefined` to leave a column
   * out. A header that is listed must be in the file.
   * @defaultValue the headers as they are
   */
  readonly columns?: CsvColumns;
  /**
   * The character between fields.
   * @defaultValue `','`
   */
  readonly delimiter?: string;
  /**
   * The longest row, in characters; a longer one is taken for a quote that was not closed.
   * @defaultValue `16_777_216`
   */
  readonly maxRecordLength?: number;
  /**
   * Threads that look for unchanged rows in a file, besides the one that reads it. What comes out does not depend on it.
   * @defaultValue for a file of 32 MB and more one less than there are processors, at most 2; otherwise none
   */
  readonly threads?: number;
}

const DEFAULTS = Object.freeze({ delimiter: ',', maxRecordLength: 16 * 1024 * 1024 });

/**
 * The rows of a CSV file (RFC 4180; CRLF or LF; UTF-8 with or without a byte order mark), keyed by its header, every
 * cell as the text it is. Turn rows into records with {@link toUser}, {@link toGroup}, {@link toMembership} or a
 * function of your own.
 *
 * The input is opened at the first pull and closed on every exit. A path can be read again, a stream only once.
 *
 * @example
 * pipe(fromCsv('people.csv', { columns: { employee_id: 'externalId', mail: 'email' } }), map(toUser), validate('users'))
 * @throws {@link OptionsError} at once for an option of no use. {@link SourceError} while reading, with file and line:
 * for a row with more or fewer fields than the header, a quote that is not closed or is followed by text, an empty or
 * repeated header, a blank line between rows, bytes that are not UTF-8, an empty file, and any failure to read it.
 */
export function fromCsv(input: Input, options: FromCsvOptions = {}): Flow<CsvRow> {
  return fromCheckedCsv(input, options, () => {});
}

/**
 * {@link fromCsv} with a check of the header.
 * @param onHeader - called before the first row; throws for a header that is not good
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

/** Reads rows by the strict scanner. */
class CsvReader {
  readonly #file: string | undefined;
  readonly #columns: CsvColumns | undefined;
  readonly #scanner: CsvScanner;
  readonly #onHeader: Settings['onHeader'];
  #build: ((fields: readonly string[]) => CsvRow) | undefined;
  /** The header, once it was read. */
  header: readonly string[] | undefined;

  constructor({ source, columns, delimiter, maxRecordLength, onHeader }: Settings) {
    this.#file = source.name;
    this.#columns = columns;
    this.#onHeader = onHeader;
    this.#scanner = new CsvScanner({ delimiter, file: source.name, maxRecordLength });
  }

  /** Rows to the end of the input; all that came before a fault are passed on before it. */
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

  /** The same from a line on. */
  rest(bytes: AsyncIterable<InputChunk>, line: number): AsyncIterable<Chunk<CsvRow>> {
    this.#scanner.goTo(line);
    return this.rows(bytes, false);
  }

  /** Whole rows of a text that begins on a line. */
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
    for (let start = 0; start < rows.length; start += CHUNK_SIZE) {
      const end = start + CHUNK_SIZE;
      yield withPlaces(rows.slice(start, end), { file, lines: Uint32Array.from(lines.slice(start, end)) });
    }
    if (failure !== undefined) throw failure.error;
  }
}

/** The rows without those that are certainly unchanged; all of them where the header shows that they cannot be screened. */
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

/** The screen for rows under a header; undefined when they cannot be screened. */
function openScreen(
  { columns, delimiter, maxRecordLength }: Settings,
  request: ScreenRequest,
  reader: CsvReader,
  line: Buffer,
  threads: number,
): RowScreen | undefined {
  // A screen looks for a delimiter of one byte; bytes that are not UTF-8 are reported by the reading of text.
  if (delimiter.charCodeAt(0) >= 0x80 || !isUtf8(line)) return undefined;
  reader.parse(decode(line, true), 1, false, () => {});
  const { header } = reader;
  // A header with a quoted line feed goes on behind its first line. It is rare, and not worth a screen.
  if (header === undefined) return undefined;
  const names = header.map((name, i) => nameOf(name, i, columns));
  const mapping = request.mapping?.(names.filter((name) => name !== undefined));
  const { rules } = request;
  return request.open({ format: 'csv', columns: names, delimiter, maxRecordLength, mapping, rules }, threads);
}

/** The first line with its line feed, where it is one of a usual length, and what was read besides. */
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
