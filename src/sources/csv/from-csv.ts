import { isUtf8 } from 'node:buffer';
import { inChunks, type Chunk } from '../../flow/chunk.js';
import { SourceError } from '../../core/errors.js';
import { flowOf, type Flow } from '../../flow/flow.js';
import { refuseUnknown, requireNumber } from '../../core/check-options.js';
import type { OpenScreened, RowReader, RowScreen, ScreenRequest } from '../../screening/screening.js';
import { RunContext } from '../../flow/run-context.js';
import { checkColumns, nameOf, rowBuilder, type CsvColumns, type CsvRow } from './columns.js';
import { requireDelimiter } from './delimiter.js';
import { fileStart, isSeparatorLine } from './file-start.js';
import { CsvScanner, type OnRecord } from './scanner.js';
import { requireTrailer, Trailer } from './trailer.js';
import { joined, openBytes, type ByteReader } from '../input/byte-reader.js';
import { INPUT_OPTIONS, toInput, type Input, type InputOptions, type OpenableInput } from '../input/input.js';
import type { InputChunk } from '../input/input-chunk.js';
import { decode, decodeText } from '../input/decode-text.js';
import { requireThreads, threadsFor } from '../input/threads.js';

/** The names of {@link FromCsvOptions}. */
const CSV_OPTIONS = [
  ...INPUT_OPTIONS,
  'columns',
  'delimiter',
  'skipLines',
  'trailer',
  'maxRecordLength',
  'threads',
];

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
   * @defaultValue recognised from the header: comma, semicolon, tab or `|`; or from a first line `sep=;`
   */
  readonly delimiter?: string;
  /**
   * The number of lines before the header, such as a title.
   * @defaultValue `0`
   */
  readonly skipLines?: number;
  /**
   * The last line of the file, with `{count}` in the place of the number of rows, such as `TRAILER,{count}`. A file without this
   * line, or with another number of rows, was cut off, and fails.
   */
  readonly trailer?: string;
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

const DEFAULTS = Object.freeze({ skipLines: 0, maxRecordLength: 16 * 1024 * 1024 });
/** The most lines before a header. */
const MOST_SKIPPED = 1000;

/**
 * The rows of a CSV file (RFC 4180; CRLF or LF), as objects with the header's names as keys and unchanged text as values. Rows
 * whose cells are all empty are blank lines, and are skipped. Map rows to records with {@link toUser}, {@link toGroup}, {@link toMembership},
 * a declared mapping such as {@link userFrom}, or your own function.
 *
 * The input is opened at the first pull and closed on every exit. A path can be read several times, a stream only once.
 *
 * @example
 * pipe(fromCsv('people.csv', { columns: { employee_id: 'externalId', mail: 'email' } }), map(toUser), validate('users'))
 * @throws {@link OptionsError} at once for an invalid option. {@link SourceError} while reading, with file and line, for a row
 * with more or fewer fields than the header, a quote that is not closed, is followed by text or follows a blank, a repeated header,
 * a value in a column without one, a byte order mark or the header between rows, bytes that are not in the encoding, an empty
 * file, and any failure to read it.
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
  refuseUnknown('fromCsv', options, CSV_OPTIONS);
  const { columns, skipLines = DEFAULTS.skipLines, maxRecordLength = DEFAULTS.maxRecordLength } = options;
  checkColumns(columns);
  requireNumber('maxRecordLength', maxRecordLength, { min: 1, integer: true });
  requireNumber('skipLines', skipLines, { min: 0, max: MOST_SKIPPED, integer: true });
  const source = toInput(input, options);
  const settings: Settings = {
    source,
    columns,
    delimiter: requireDelimiter(options.delimiter),
    skipLines,
    trailer: requireTrailer(options.trailer),
    maxRecordLength,
    threads: requireThreads(options.threads),
    onHeader,
  };
  const openScreened: OpenScreened<CsvRow> = (request) => screened(settings, request);
  return flowOf(() => new CsvReader(settings).rows(source.open()), new RunContext(), openScreened);
}

interface Settings {
  readonly source: OpenableInput;
  readonly columns: CsvColumns | undefined;
  readonly delimiter: string | undefined;
  readonly skipLines: number;
  readonly trailer: string | undefined;
  readonly maxRecordLength: number;
  readonly threads: number | undefined;
  readonly onHeader: (header: readonly string[]) => void;
}

/** Reads rows with the strict scanner. */
class CsvReader {
  readonly #settings: Settings;
  readonly #file: string | undefined;
  readonly #trailer: Trailer | undefined;
  /** The text of the file until its delimiter is known. */
  #start = '';
  #scanner: CsvScanner | undefined;
  #build: ((fields: readonly string[], line: number) => CsvRow) | undefined;
  /** The header, after it was read. */
  header: readonly string[] | undefined;
  #rows = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#file = settings.source.name;
    this.#trailer = settings.trailer === undefined ? undefined : new Trailer(settings.trailer);
  }

  /** The rows to the end of the input. The rows before an error are yielded first. */
  async *rows(bytes: AsyncIterable<InputChunk>): AsyncGenerator<Chunk<CsvRow>, void, undefined> {
    const file = this.#file;
    const place = { file, line: () => this.#scanner?.nextLine ?? 1 };
    for await (const text of decodeText(bytes, place)) yield* this.#read(text, false);
    yield* this.#read('', true);
    if (this.#build === undefined)
      throw new SourceError('the file is empty; its first line must be the header', { file });
    this.#trailer?.end(file, this.#rows);
  }

  /** Like {@link rows}, starting at a line. */
  rest(bytes: AsyncIterable<InputChunk>, line: number): AsyncIterable<Chunk<CsvRow>> {
    this.#scanner?.goTo(line);
    return this.rows(bytes);
  }

  /** Reads a header that is a line of its own. */
  readHeader(text: string): readonly string[] | undefined {
    const { delimiter, maxRecordLength } = this.#settings;
    const start = fileStart(text, delimiter, 0, true);
    this.#scanner = this.#scannerFor(start?.delimiter ?? ',', maxRecordLength);
    this.parse(text, 1, false, () => {});
    return this.header;
  }

  /** The delimiter, after the header was read. */
  get delimiter(): string | undefined {
    return this.#scanner?.delimiter;
  }

  /** Parses a text of complete rows that begins at a line. Passes undefined for a blank row. */
  parse(text: string, line: number, last: boolean, pass: (row: CsvRow | undefined) => void): void {
    this.#scanner?.goTo(line);
    this.#scanner?.read(text, last, (fields, at) => this.#onRecord(fields, at, pass));
  }

  #onRecord(
    fields: readonly string[],
    line: number,
    pass: (row: CsvRow | undefined, line: number) => void,
  ): void {
    const { header } = this;
    if (header === undefined) {
      const names = [...fields];
      this.header = names;
      this.#build = rowBuilder(names, this.#settings.columns, { file: this.#file, line });
      this.#settings.onHeader(names);
      return;
    }
    if (fields[0] === '' && isBlank(fields)) {
      pass(undefined, line);
      return;
    }
    this.#refuseSecondFile(fields, header, line);
    this.#trailer?.refuseAfter(this.#file, line);
    this.#rows++;
    pass(this.#build?.(fields, line), line);
  }

  /** Two files that were joined have a byte order mark or a header between rows, and may be of different days. */
  #refuseSecondFile(fields: readonly string[], header: readonly string[], line: number): void {
    const first = fields[0] as string;
    if (first.charCodeAt(0) === BYTE_ORDER_MARK)
      throw new SourceError('a byte order mark between rows; were two files joined?', {
        file: this.#file,
        line,
      });
    if (first === header[0] && fields.every((field, i) => field === header[i]))
      throw new SourceError('the header appears again between rows; were two files joined?', {
        file: this.#file,
        line,
      });
  }

  #scannerFor(delimiter: string, maxRecordLength: number): CsvScanner {
    const trailer = this.#trailer;
    const isSkipped = trailer && ((line: string, number: number) => trailer.accept(line, number));
    return new CsvScanner({ delimiter, file: this.#file, maxRecordLength, isSkipped });
  }

  *#read(text: string, last: boolean): Generator<Chunk<CsvRow>, void, undefined> {
    const file = this.#file;
    const rows: CsvRow[] = [];
    const lines: number[] = [];
    const pass = (row: CsvRow | undefined, line: number) => {
      if (row === undefined) return;
      rows.push(row);
      lines.push(line);
    };
    let failure: { readonly error: unknown } | undefined;
    try {
      this.#scan(text, last, (fields, line) => this.#onRecord(fields, line, pass));
    } catch (error) {
      failure = { error };
    }
    yield* inChunks(rows, { file, lines });
    if (failure !== undefined) throw failure.error;
  }

  /** Reads a block with the scanner, which is created when the delimiter is known. */
  #scan(block: string, last: boolean, onRecord: OnRecord): void {
    let text = block;
    if (this.#scanner === undefined) {
      const { delimiter, skipLines, maxRecordLength } = this.#settings;
      this.#start += block;
      const start = fileStart(this.#start, delimiter, skipLines, last);
      // A header that never ends is an error, which the scanner reports.
      if (start === undefined && this.#start.length <= maxRecordLength) return;
      this.#scanner = this.#scannerFor(start?.delimiter ?? ',', maxRecordLength);
      this.#scanner.goTo(1 + (start?.lines ?? 0));
      text = this.#start.slice(start?.skipped);
      this.#start = '';
    }
    this.#scanner.read(text, last, onRecord);
  }
}

const BYTE_ORDER_MARK = 0xfeff;

function isBlank(fields: readonly string[]): boolean {
  return fields.every((field) => field === '');
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
      parse: (text, line, last, pass) => rows.parse(decode(text), line, last, pass),
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
  { columns, skipLines, trailer, maxRecordLength }: Settings,
  request: ScreenRequest,
  reader: CsvReader,
  line: Buffer,
  threads: number,
): RowScreen | undefined {
  // A screen sees only rows. The text reader reports bytes that are not UTF-8.
  if (skipLines > 0 || trailer !== undefined || !isUtf8(line)) return undefined;
  const text = decode(line);
  if (isSeparatorLine(text)) return undefined;
  const header = reader.readHeader(text);
  const { delimiter } = reader;
  // A header with a quoted line feed continues after its first line. This is rare, so such files are not screened.
  if (header === undefined || delimiter === undefined) return undefined;
  // A screen supports only a delimiter of one byte.
  if (delimiter.charCodeAt(0) >= 0x80) return undefined;
  const names = header.map((name, i) => nameOf(name, i, columns));
  // The cells of a column without a name must be empty, which only the text reader checks.
  if (names.includes('')) return undefined;
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
