import { isUtf8 } from 'node:buffer';
import { CHUNK_SIZE, withPlaces } from '../chunk.js';
import { OptionsError, SourceError } from '../errors.js';
import { flowOf, type Flow } from '../flow.js';
import { refuseUnknown, requireNumber } from '../options.js';
import { withScreened, type RowScreen, type ScreenRequest } from '../row-screen.js';
import { RunContext } from '../run-context.js';
import { checkColumns, nameOf, rowBuilder, type CsvColumns, type CsvRow } from './csv-columns.js';
import { CsvScanner } from './csv-scanner.js';
import {
  INPUT_OPTIONS,
  openBytes,
  remaining,
  toInput,
  type Input,
  type InputChunk,
  type InputOptions,
  type OpenableInput,
} from './input.js';
import { screenedRows } from './screened.js';
import { requireThreads, threadsFor } from './threads.js';
import { decode, decodeText } from './text.js';

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
   * Threads that look for unchanged rows in a file. What comes out does not depend on it.
   * @defaultValue for a file of 32 MB and more as many as there are processors, at most 2; otherwise none
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
  refuseUnknown('fromCsv', options, [...INPUT_OPTIONS, 'columns', 'delimiter', 'maxRecordLength', 'threads']);
  const { columns, delimiter = DEFAULTS.delimiter, maxRecordLength = DEFAULTS.maxRecordLength } = options;
  checkColumns(columns);
  requireNumber('maxRecordLength', maxRecordLength, { min: 1, integer: true });
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new OptionsError('delimiter', `expected one character, got ${JSON.stringify(delimiter)}`);
  }
  const source = toInput(input, options);
  const threads = requireThreads(options.threads);
  const settings: Settings = { source, columns, delimiter, maxRecordLength, threads };
  return withScreened(
    flowOf(() => new CsvReader(settings).rows(source.open()), new RunContext()),
    (request) => screened(settings, request),
  );
}

interface Settings {
  readonly source: OpenableInput;
  readonly columns: CsvColumns | undefined;
  readonly delimiter: string;
  readonly maxRecordLength: number;
  readonly threads: number | undefined;
}

/** Reads rows by the strict scanner. */
class CsvReader {
  readonly #file: string | undefined;
  readonly #columns: CsvColumns | undefined;
  readonly #scanner: CsvScanner;
  #build: ((fields: readonly string[]) => CsvRow) | undefined;
  #rows: CsvRow[] = [];
  #lines: number[] = [];
  /** The header, once it was read. */
  header: readonly string[] | undefined;

  constructor({ source, columns, delimiter, maxRecordLength }: Settings) {
    this.#file = source.name;
    this.#columns = columns;
    this.#scanner = new CsvScanner({ delimiter, file: source.name, maxRecordLength });
  }

  /** Rows to the end of the input; what came before a fault is handed on before it. */
  async *rows(bytes: AsyncIterable<InputChunk>): AsyncGenerator<readonly CsvRow[], void, undefined> {
    const file = this.#file;
    for await (const text of decodeText(bytes, { file, line: () => this.#scanner.nextLine }))
      yield* this.#read(text, false);
    yield* this.#read('', true);
    if (this.#build === undefined)
      throw new SourceError('is empty; the first line must be the header', { file });
  }

  /** The same from a line on. */
  rest(bytes: AsyncIterable<InputChunk>, line: number): AsyncIterable<readonly CsvRow[]> {
    this.#scanner.goTo(line);
    return this.rows(bytes);
  }

  /** Whole rows of a text that begins on a line. */
  parse(text: string, line: number, last: boolean): readonly CsvRow[] {
    this.#scanner.goTo(line);
    this.#scanner.read(text, last, this.#onRecord);
    const rows = this.#rows;
    this.#rows = [];
    this.#lines = [];
    return rows;
  }

  readonly #onRecord = (fields: readonly string[], line: number): void => {
    if (this.#build === undefined) {
      this.header = [...fields];
      this.#build = rowBuilder(fields, this.#columns, { file: this.#file, line });
      return;
    }
    this.#rows.push(this.#build(fields));
    this.#lines.push(line);
  };

  *#read(text: string, last: boolean): Generator<readonly CsvRow[], void, undefined> {
    const file = this.#file;
    let failure: { readonly error: unknown } | undefined;
    try {
      this.#scanner.read(text, last, this.#onRecord);
    } catch (error) {
      failure = { error };
    }
    const rows = this.#rows;
    const lines = this.#lines;
    for (let start = 0; start < rows.length; start += CHUNK_SIZE) {
      const end = start + CHUNK_SIZE;
      yield withPlaces(rows.slice(start, end), { file, lines: Uint32Array.from(lines.slice(start, end)) });
    }
    this.#rows = [];
    this.#lines = [];
    if (failure !== undefined) throw failure.error;
  }
}

/** The rows that are not settled; all of them where the header says that none can be. */
async function* screened(
  settings: Settings,
  request: ScreenRequest,
): AsyncGenerator<readonly CsvRow[], void, undefined> {
  const { source, columns, delimiter, threads } = settings;
  const reader = new CsvReader(settings);
  const bytes = await openBytes(source);
  try {
    const start = Buffer.allocUnsafe(HEADER_BYTES);
    const first = start.subarray(0, await bytes.read(start));
    const lineFeed = first.indexOf(LF);
    const line = first.subarray(0, lineFeed + 1);
    let screen: RowScreen | undefined;
    // A header with quotes may go on behind its first line, and is hardly ever met.
    if (line.length > 0 && !line.includes(QUOTE) && isUtf8(line)) {
      const header = decode(line, true);
      reader.parse(header, 1, false);
      const names = (reader.header ?? []).map((name, i) => nameOf(name, i, columns));
      const shape = {
        format: 'csv',
        columns: names,
        delimiter,
        fields: request.fields?.(names.filter((name) => name !== undefined)),
        rules: request.rules,
        header: header.trimEnd(),
      } as const;
      screen = request.open(shape, threadsFor(bytes, threads));
    }
    if (screen === undefined) {
      if (request.raw !== undefined)
        throw new SourceError('rows cannot be compared as they stand: the header is empty or quoted', {
          file: source.name,
          line: 1,
        });
      yield* new CsvReader(settings).rows(remaining([first], bytes));
      return;
    }
    yield* screenedRows({
      bytes,
      first: first.subarray(lineFeed + 1),
      firstLine: 2,
      file: source.name,
      screen,
      request,
      reader,
    });
  } finally {
    await bytes.close();
  }
}

/** Read at first, to see the header. */
const HEADER_BYTES = 64 * 1024;
const LF = 0x0a;
const QUOTE = 0x22;
