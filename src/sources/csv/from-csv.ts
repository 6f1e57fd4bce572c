import { isUtf8 } from 'node:buffer';
import type { Chunk } from '../../flow/chunk.js';
import { flowOf, type Flow } from '../../flow/flow.js';
import { rowsOfFile } from '../../flow/stage-order.js';
import { refuseUnknown, requireNumber } from '../../core/check-options.js';
import type { OpenScreened, RowReader, RowScreen, ScreenRequest } from '../../screening/screening.js';
import { RunContext } from '../../flow/run-context.js';
import { expectRows, requireExpected } from '../expect-rows.js';
import { checkColumns, nameOf, type CsvColumns, type CsvRow } from './columns.js';
import { requireDelimiter } from './delimiter.js';
import { isSeparatorLine } from './file-start.js';
import { CsvReader, type CsvSettings } from './csv-reader.js';
import { requireTrailer } from './trailer.js';
import { joined, openBytes, type ByteReader } from '../input/byte-reader.js';
import { INPUT_OPTIONS, toInput, type Input, type InputOptions } from '../input/input.js';
import { decode } from '../input/decode-text.js';
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
 * whose cells are all empty are blank lines: they are skipped, and counted in the report. Map rows to records with {@link toUser}, {@link toGroup}, {@link toMembership},
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
  const expected = requireExpected(options.expectRows);
  const source = toInput(input, options);
  const context = new RunContext();
  const settings: CsvSettings = {
    source,
    columns,
    delimiter: requireDelimiter(options.delimiter),
    skipLines,
    trailer: requireTrailer(options.trailer),
    maxRecordLength,
    threads: requireThreads(options.threads),
    onHeader,
    onBlank: () => void context.blankRows++,
  };
  const openScreened: OpenScreened<CsvRow> = (request) => request.open && screened(settings, request);
  const rows = flowOf(() => new CsvReader(settings).rows(source.open()), context, openScreened);
  return rowsOfFile(expectRows(rows, expected, source.name));
}

/** The rows without those that are certainly unchanged; all rows if the header shows that they cannot be screened. */
async function* screened(
  settings: CsvSettings,
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
  { columns, skipLines, trailer, maxRecordLength }: CsvSettings,
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
  return request.open?.(
    { format: 'csv', columns: names, delimiter, maxRecordLength, mapping, rules },
    threads,
  );
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
