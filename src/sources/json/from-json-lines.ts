import { inChunks, type Chunk } from '../../flow/chunk.js';
import { SourceError } from '../../core/errors.js';
import { flowOf, type Flow } from '../../flow/flow.js';
import { rowsOfFile } from '../../flow/stage-order.js';
import { refuseUnknown, requireNumber } from '../../core/check-options.js';
import type { OpenScreened, RowReader, ScreenRequest } from '../../screening/screening.js';
import { RunContext } from '../../flow/run-context.js';
import { expectRows, requireExpected } from '../expect-rows.js';
import { joined, openBytes } from '../input/byte-reader.js';
import { INPUT_OPTIONS, toInput, type Input, type InputOptions, type OpenableInput } from '../input/input.js';
import type { InputChunk } from '../input/input-chunk.js';
import { decode, decodeText } from '../input/decode-text.js';
import { requireThreads, threadsFor } from '../input/threads.js';
import { parseJson, requireNumbers, type JsonNumbers } from './numbers.js';

/** Options of {@link fromJsonLines}. */
export interface FromJsonLinesOptions extends InputOptions {
  /**
   * The longest line, in characters.
   * @defaultValue `16_777_216`
   */
  readonly maxRecordLength?: number;
  /**
   * What a number becomes: a number (`value`), or the text as it is written (`text`), such as `1.0`, `1e3` or an id of twenty digits.
   * @defaultValue `'value'`
   */
  readonly numbers?: JsonNumbers;
  /**
   * The number of threads that look for unchanged rows in a file, in addition to the one that reads it. It does not change
   * the result.
   * @defaultValue for a file of at least 32 MB, one less than the number of processors, but at most 2; otherwise none
   */
  readonly threads?: number;
}

const DEFAULTS = Object.freeze({ maxRecordLength: 16 * 1024 * 1024 });

/**
 * The objects of a file with one JSON object per line (LF or CRLF; blank lines are skipped). The content of the objects is
 * checked by {@link validate}, not here.
 *
 * The input is opened at the first pull and closed on every exit. A path can be read several times, a stream only once.
 *
 * @example
 * pipe(fromJsonLines<UserRecord>('people.jsonl.gz'), validate('users'))
 * @throws {@link OptionsError} at once for an invalid option. {@link SourceError} while reading, with file and line, for a
 * line that is not a JSON object, bytes that are not UTF-8, and any failure to read the input.
 */
export function fromJsonLines<T = Record<string, unknown>>(
  input: Input,
  options: FromJsonLinesOptions = {},
): Flow<T> {
  refuseUnknown('fromJsonLines', options, [...INPUT_OPTIONS, 'maxRecordLength', 'numbers', 'threads']);
  const threads = requireThreads(options.threads);
  const { maxRecordLength = DEFAULTS.maxRecordLength } = options;
  requireNumber('maxRecordLength', maxRecordLength, { min: 1, integer: true });
  const expected = requireExpected(options.expectRows);
  const source = toInput(input, options);
  const settings: LinesSettings = {
    source,
    maxRecordLength,
    numbers: requireNumbers(options.numbers),
    threads,
  };
  const openScreened: OpenScreened<T> = (request) => request.open && screened(settings, request);
  const open = () => new LinesReader<T>(settings).rest(source.open(), 1);
  return rowsOfFile(expectRows(flowOf(open, new RunContext(), openScreened), expected, source.name));
}

/** The checked options of a file of JSON lines. */
interface LinesSettings {
  readonly source: OpenableInput;
  readonly maxRecordLength: number;
  readonly numbers: JsonNumbers;
  readonly threads: number | undefined;
}

/** Parses lines. */
class LinesReader<T> {
  readonly #file: string | undefined;
  readonly #maxLength: number;
  readonly #numbers: JsonNumbers;
  #rest = '';
  #line = 1;
  #objects: T[] = [];
  #lines: number[] = [];

  constructor({ source, maxRecordLength, numbers }: LinesSettings) {
    this.#file = source.name;
    this.#maxLength = maxRecordLength;
    this.#numbers = numbers;
  }

  /** The objects to the end of the input, starting at a line. */
  async *rest(bytes: AsyncIterable<InputChunk>, line: number): AsyncGenerator<Chunk<T>, void, undefined> {
    this.#line = line;
    const place = { file: this.#file, line: () => this.#line };
    for await (const text of decodeText(bytes, place)) yield* this.#read(text, false);
    yield* this.#read('', true);
  }

  /** Parses a text of complete lines; a blank line is undefined. */
  parse(text: string, line: number, pass: (object: T | undefined) => void): void {
    const lines = text.split('\n');
    if (text.endsWith('\n')) lines.pop();
    for (const [i, each] of lines.entries()) pass(this.#parseLine(each, line + i));
  }

  /** Reads a block. The objects before an error are yielded first. */
  *#read(block: string, last: boolean): Generator<Chunk<T>, void, undefined> {
    const file = this.#file;
    const text = this.#rest === '' ? block : this.#rest + block;
    let failure: { readonly error: unknown } | undefined;
    try {
      let start = 0;
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
        this.#addLine(text.slice(start, end));
        start = end + 1;
      }
      this.#rest = text.slice(start);
      if (this.#rest.length > this.#maxLength)
        throw new SourceError(`the line is longer than ${this.#maxLength} characters (maxRecordLength)`, {
          file,
          line: this.#line,
        });
      if (last) this.#addLine(this.#rest);
    } catch (error) {
      failure = { error };
    }
    yield* inChunks(this.#objects, { file, lines: this.#lines });
    this.#objects = [];
    this.#lines = [];
    if (failure !== undefined) throw failure.error;
  }

  #addLine(text: string): void {
    const object = this.#parseLine(text, this.#line);
    if (object !== undefined) {
      this.#objects.push(object);
      this.#lines.push(this.#line);
    }
    this.#line++;
  }

  /** The object on a line; undefined for a blank line. */
  #parseLine(text: string, line: number): T | undefined {
    const file = this.#file;
    let value: unknown;
    try {
      value = parseJson(text, this.#numbers);
    } catch {
      if (text.trim() === '') return undefined;
      // The error of the parser contains the line, which is personal data, so it is not passed on.
      throw new SourceError('the line is not valid JSON', { file, line });
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new SourceError('the line is not a JSON object', { file, line });
    }
    return value as T;
  }
}

/** The objects without those of lines that are certainly unchanged; all objects if the lines cannot be screened. */
async function* screened<T>(
  settings: LinesSettings,
  request: ScreenRequest,
): AsyncGenerator<Chunk<T>, void, undefined> {
  const { source, maxRecordLength, threads } = settings;
  const file = source.name;
  const lines = new LinesReader<T>(settings);
  const bytes = await openBytes(source);
  try {
    const mapping = request.mapping?.(undefined);
    const shape = { format: 'json-lines', columns: [], delimiter: ',', maxRecordLength } as const;
    const { rules } = request;
    const screen = request.open?.({ ...shape, mapping, rules }, threadsFor(bytes, threads));
    if (screen === undefined) {
      yield* lines.rest(bytes.remaining(), 1);
      return;
    }
    const reader: RowReader<T> = {
      parse: (text, line, _last, pass) => lines.parse(decode(text), line, pass),
      rest: (before, line) => lines.rest(joined(before, bytes), line),
    };
    const input = { first: new Uint8Array(0), firstLine: 1, file, request, reader };
    yield* screen.rows({ ...input, read: (into) => bytes.read(into) });
  } finally {
    await bytes.close();
  }
}
