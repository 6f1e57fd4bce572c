import { CHUNK_SIZE, withPlaces } from '../chunk.js';
import { OptionsError, SourceError } from '../errors.js';
import { flowOf, type Flow } from '../flow.js';
import { refuseUnknown, requireNumber } from '../options.js';
import { RunContext } from '../run-context.js';
import { checkColumns, rowBuilder, type CsvColumns, type CsvRow } from './csv-columns.js';
import { CsvScanner } from './csv-scanner.js';
import { INPUT_OPTIONS, toInput, type Input, type InputOptions, type OpenableInput } from './input.js';
import { decodeText } from './text.js';

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
  refuseUnknown('fromCsv', options, [...INPUT_OPTIONS, 'columns', 'delimiter', 'maxRecordLength']);
  const { columns, delimiter = DEFAULTS.delimiter, maxRecordLength = DEFAULTS.maxRecordLength } = options;
  checkColumns(columns);
  requireNumber('maxRecordLength', maxRecordLength, { min: 1, integer: true });
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new OptionsError('delimiter', `expected one character, got ${JSON.stringify(delimiter)}`);
  }
  const source = toInput(input, options);
  return flowOf(() => rowsOf(source, columns, delimiter, maxRecordLength), new RunContext());
}

async function* rowsOf(
  source: OpenableInput,
  columns: CsvColumns | undefined,
  delimiter: string,
  maxRecordLength: number,
): AsyncGenerator<readonly CsvRow[], void, undefined> {
  const file = source.name;
  const scanner = new CsvScanner({ delimiter, file, maxRecordLength });
  let build: ((fields: readonly string[]) => CsvRow) | undefined;
  let rows: CsvRow[] = [];
  let lines: number[] = [];
  const onRecord = (fields: readonly string[], line: number) => {
    if (build === undefined) {
      build = rowBuilder(fields, columns, { file, line });
      return;
    }
    rows.push(build(fields));
    lines.push(line);
  };
  /** Reads a block; what came before a fault is handed on before it. */
  const read = function* (text: string, last: boolean): Generator<readonly CsvRow[], void, undefined> {
    let failure: { readonly error: unknown } | undefined;
    try {
      scanner.read(text, last, onRecord);
    } catch (error) {
      failure = { error };
    }
    for (let start = 0; start < rows.length; start += CHUNK_SIZE) {
      const end = start + CHUNK_SIZE;
      yield withPlaces(rows.slice(start, end), { file, lines: Uint32Array.from(lines.slice(start, end)) });
    }
    rows = [];
    lines = [];
    if (failure !== undefined) throw failure.error;
  };
  for await (const text of decodeText(source.open(), { file, line: () => scanner.nextLine }))
    yield* read(text, false);
  yield* read('', true);
  if (build === undefined) throw new SourceError('is empty; the first line must be the header', { file });
}
