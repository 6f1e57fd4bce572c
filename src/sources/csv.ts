import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { CHUNK_SIZE, withPlaces } from '../chunk.js';
import { OptionsError, SourceError } from '../errors.js';
import { flowOf, type Flow } from '../flow.js';
import { refuseUnknown, requireFunction } from '../options.js';
import { RunContext } from '../run-context.js';
import { textInput, type ByteInput, type TextInput } from './input.js';

/** A row of a CSV file by its header; an empty cell is `''`. A column that is not in the file is `undefined`. */
export type CsvRow = Readonly<Record<string, string>>;

/** Options of {@link fromCsv}. */
export interface FromCsvOptions {
  /** @defaultValue `','` */
  readonly delimiter?: string;
  /** Other names for columns: by header, or from it. @defaultValue the header's own */
  readonly columns?: Readonly<Record<string, string>> | ((header: string) => string);
}

/**
 * The rows of a CSV file (RFC 4180, with or without a byte order mark, CRLF or LF), keyed by its header. Quoted cells
 * may hold delimiters, quotes (doubled) and line breaks.
 *
 * @throws {@link OptionsError} at once for bad options. {@link SourceError} while reading, with file and line: a row with
 * more or fewer cells than the header, an open quote, text behind a closing quote, a header that is empty or
 * stands twice, text that is not UTF-8, a file that cannot be read.
 */
export function fromCsv(input: ByteInput, options: FromCsvOptions = {}): Flow<CsvRow> {
  refuseUnknown('fromCsv', options, ['delimiter', 'columns']);
  const { delimiter = ',', columns } = options;
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || delimiter === '"') throw new OptionsError('delimiter', 'expected one character');
  if (columns !== undefined && typeof columns !== 'object') requireFunction('columns', columns);
  const rename = typeof columns === 'function' ? columns : (header: string) => (columns !== undefined && Object.hasOwn(columns, header) ? (columns[header] as string) : header);
  const text = textInput(input);
  return flowOf(() => rows(text, delimiter, rename), new RunContext());
}

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

async function* rows(input: TextInput, delimiter: string, rename: (header: string) => string): AsyncGenerator<readonly CsvRow[], void, undefined> {
  const { file } = input;
  const parser = parse({ delimiter, bom: true, info: true, relax_column_count: true, record_delimiter: ['\r\n', '\n'] });
  const source = Readable.from(input.open());
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let header: readonly string[] | undefined;
  let chunk: CsvRow[] = [];
  let lines: number[] = [];
  let nextLine = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      // The parser tells the line at which a row ends; the next begins behind it.
      const line = nextLine;
      nextLine = info.lines + 1;
      if (header === undefined) {
        header = readHeader(record, rename, file);
        continue;
      }
      // A line without anything on it is no row of one empty cell.
      if (record.length === 1 && record[0] === '' && header.length !== 1) continue;
      if (record.length !== header.length) {
        throw new SourceError(`has ${record.length} cells where the header has ${header.length}`, { file, line });
      }
      chunk.push(toRow(header, record));
      lines.push(line);
      if (chunk.length === CHUNK_SIZE) {
        yield withPlaces(chunk, { file, lines });
        chunk = [];
        lines = [];
      }
    }
  } catch (error) {
    if (chunk.length > 0) yield withPlaces(chunk, { file, lines });
    throw error instanceof CsvError ? asSourceError(error, file, nextLine) : error;
  } finally {
    source.destroy();
    parser.destroy();
  }
  if (header === undefined) throw new SourceError('is empty: it has no header', { file });
  if (chunk.length > 0) yield withPlaces(chunk, { file, lines });
}

function readHeader(record: readonly string[], rename: (header: string) => string, file: string | undefined): readonly string[] {
  const header = record.map(rename);
  header.forEach((name, i) => {
    if (name === '') throw new SourceError(`column ${i + 1} has no name`, { file, line: 1 });
    if (header.indexOf(name) !== i) throw new SourceError(`the header has ${JSON.stringify(name)} twice`, { file, line: 1 });
  });
  return header;
}

function toRow(header: readonly string[], record: readonly string[]): CsvRow {
  const row: Record<string, string> = {};
  for (let i = 0; i < header.length; i++) {
    const name = header[i] as string;
    // Assigned, `__proto__` would set the prototype; defined, it is a column like any other, for validate to refuse.
    if (name === '__proto__') Object.defineProperty(row, name, { value: record[i], enumerable: true, configurable: true, writable: true });
    else row[name] = record[i] as string;
  }
  return row;
}

/** The parser's message holds cells; its code says what is wrong. */
function asSourceError(error: CsvError, file: string | undefined, line: number): SourceError {
  const reasons: Readonly<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
    CSV_INVALID_CLOSING_QUOTE: 'text stands behind a closing quote',
    INVALID_OPENING_QUOTE: 'a quote stands in the middle of a cell',
  };
  return new SourceError(reasons[error.code] ?? `is not CSV (${error.code})`, { file, line });
}
