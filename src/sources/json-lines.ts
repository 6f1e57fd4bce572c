import { CHUNK_SIZE, withPlaces } from '../chunk.js';
import { SourceError } from '../errors.js';
import { flowOf, type Flow } from '../flow.js';
import { refuseUnknown, requireNumber } from '../options.js';
import { RunContext } from '../run-context.js';
import { INPUT_OPTIONS, toInput, type Input, type InputOptions, type OpenableInput } from './input.js';
import { decodeText } from './text.js';

/** Options of {@link fromJsonLines}. */
export interface FromJsonLinesOptions extends InputOptions {
  /**
   * The longest line, in characters.
   * @defaultValue `16_777_216`
   */
  readonly maxRecordLength?: number;
}

const DEFAULTS = Object.freeze({ maxRecordLength: 16 * 1024 * 1024 });

/**
 * The objects of a file with one JSON object a line (LF or CRLF; blank lines are skipped). What the objects hold is
 * not checked here; that is the work of {@link validate}.
 *
 * The input is opened at the first pull and closed on every exit. A path can be read again, a stream only once.
 *
 * @example
 * pipe(fromJsonLines<UserRecord>('people.jsonl.gz'), validate('users'))
 * @throws {@link OptionsError} at once for an option of no use. {@link SourceError} while reading, with file and line:
 * for a line that is no JSON object, bytes that are not UTF-8, and any failure to read the input.
 */
export function fromJsonLines<T = Record<string, unknown>>(
  input: Input,
  options: FromJsonLinesOptions = {},
): Flow<T> {
  refuseUnknown('fromJsonLines', options, [...INPUT_OPTIONS, 'maxRecordLength']);
  const { maxRecordLength = DEFAULTS.maxRecordLength } = options;
  requireNumber('maxRecordLength', maxRecordLength, { min: 1, integer: true });
  const source = toInput(input, options);
  return flowOf(() => objectsOf<T>(source, maxRecordLength), new RunContext());
}

async function* objectsOf<T>(
  source: OpenableInput,
  maxLength: number,
): AsyncGenerator<readonly T[], void, undefined> {
  const file = source.name;
  let rest = '';
  let line = 1;
  let objects: T[] = [];
  let lines: number[] = [];
  const take = (text: string) => {
    const object = parseLine(text, file, line);
    if (object !== undefined) {
      objects.push(object as T);
      lines.push(line);
    }
    line++;
  };
  /** Reads a block; what came before a fault is handed on before it. */
  const read = function* (block: string, last: boolean): Generator<readonly T[], void, undefined> {
    const text = rest === '' ? block : rest + block;
    let failure: { readonly error: unknown } | undefined;
    try {
      let start = 0;
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
        take(text.slice(start, end));
        start = end + 1;
      }
      rest = text.slice(start);
      if (rest.length > maxLength)
        throw new SourceError(`the line is longer than ${maxLength} characters (maxRecordLength)`, {
          file,
          line,
        });
      if (last) take(rest);
    } catch (error) {
      failure = { error };
    }
    for (let start = 0; start < objects.length; start += CHUNK_SIZE) {
      const end = start + CHUNK_SIZE;
      yield withPlaces(objects.slice(start, end), { file, lines: Uint32Array.from(lines.slice(start, end)) });
    }
    objects = [];
    lines = [];
    if (failure !== undefined) throw failure.error;
  };
  for await (const text of decodeText(source.open(), { file, line: () => line })) yield* read(text, false);
  yield* read('', true);
}

/** The object on a line; undefined for a blank line. */
function parseLine(text: string, file: string | undefined, line: number): object | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    if (text.trim() === '') return undefined;
    // The parser's own error quotes the line, which is somebody's profile: it is not passed on.
    throw new SourceError('is not valid JSON', { file, line });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SourceError('is no JSON object; every line must be one', { file, line });
  }
  return value;
}
