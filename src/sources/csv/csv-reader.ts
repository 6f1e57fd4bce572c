import { SourceError } from '../../core/errors.js';
import { inChunks, type Chunk } from '../../flow/chunk.js';
import { decodeText } from '../input/decode-text.js';
import type { InputChunk } from '../input/input-chunk.js';
import { otherThanCsv } from '../input/other-format.js';
import type { OpenableInput } from '../input/input.js';
import { rowBuilder, type CsvColumns, type CsvRow } from './columns.js';
import { fileStart } from './file-start.js';
import { CsvScanner, type OnRecord } from './scanner.js';
import { Trailer } from './trailer.js';

/** The checked options of a CSV file. */
export interface CsvSettings {
  readonly source: OpenableInput;
  readonly columns: CsvColumns | undefined;
  readonly delimiter: string | undefined;
  readonly skipLines: number;
  readonly trailer: string | undefined;
  readonly maxRecordLength: number;
  readonly threads: number | undefined;
  readonly onHeader: (header: readonly string[]) => void;
  /** Called for each row whose cells are all empty. */
  readonly onBlank: () => void;
}

/** Reads rows with the strict scanner. */
export class CsvReader {
  readonly #settings: CsvSettings;
  readonly #file: string | undefined;
  readonly #trailer: Trailer | undefined;
  /** The text of the file until its delimiter is known. */
  #start = '';
  #scanner: CsvScanner | undefined;
  #build: ((fields: readonly string[], line: number) => CsvRow) | undefined;
  /** The header, after it was read. */
  header: readonly string[] | undefined;
  #rows = 0;

  constructor(settings: CsvSettings) {
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
      this.#settings.onBlank();
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
      const other = otherThanCsv(text.trimStart().split('\n', 1)[0] as string);
      if (other !== undefined) throw new SourceError(other, { file: this.#file });
    }
    this.#scanner.read(text, last, onRecord);
  }
}

const BYTE_ORDER_MARK = 0xfeff;

function isBlank(fields: readonly string[]): boolean {
  return fields.every((field) => field === '');
}
