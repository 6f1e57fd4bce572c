import { jsonParser } from 'stream-json/core/parser.js';
import { inChunks, type Chunk } from '../../flow/chunk.js';
import { OptionsError, RollcallError, SourceError } from '../../core/errors.js';
import { flowOf, type Flow } from '../../flow/flow.js';
import { rowsOfFile } from '../../flow/stage-order.js';
import { refuseUnknown } from '../../core/check-options.js';
import { RunContext } from '../../flow/run-context.js';
import { expectRows, requireExpected } from '../expect-rows.js';
import { INPUT_OPTIONS, toInput, type Input, type InputOptions, type OpenableInput } from '../input/input.js';
import { JsonLocator, type PathStep } from './array-locator.js';
import { decodeText } from '../input/decode-text.js';

/** Options of {@link fromJson}. */
export interface FromJsonOptions extends InputOptions {
  /**
   * The path of the array in the document: keys and indices joined with dots, or an array of them if a key contains a dot.
   * @defaultValue the document is the array
   */
  readonly path?: string | readonly PathStep[];
}

/**
 * The elements of an array inside a JSON document of any size. Elements are parsed one at a time. JSON lines are several
 * times faster with {@link fromJsonLines}.
 *
 * The input is opened at the first pull and closed on every exit. A path can be read several times, a stream only once.
 *
 * @example
 * pipe(fromJson<UserRecord>('export.json', { path: 'data.people' }), validate('users'))
 * @throws {@link OptionsError} at once for an invalid option. {@link SourceError} while reading, with the file, if there is no
 * array at the path, it appears twice, or it is one page of several; if the document is not JSON, or is truncated (even after the array); if bytes are
 * not UTF-8; and for any failure to read the input.
 */
export function fromJson<T = Record<string, unknown>>(input: Input, options: FromJsonOptions = {}): Flow<T> {
  refuseUnknown('fromJson', options, [...INPUT_OPTIONS, 'path']);
  const path = toSteps(options.path);
  const expected = requireExpected(options.expectRows);
  const source = toInput(input, options);
  const rows = flowOf(() => elementsOf<T>(source, path), new RunContext());
  return rowsOfFile(expectRows(rows, expected, source.name));
}

/** The most characters that are searched for a line. */
const LONGEST_LINE = 64 * 1024;
const LINES =
  'the file looks like JSON lines, one object a line; read it with fromJsonLines (--format jsonl)';

function toSteps(path: unknown): readonly PathStep[] {
  if (path === undefined || path === '') return [];
  if (typeof path === 'string') return path.split('.');
  const isStep = (step: unknown) =>
    typeof step === 'string' || (Number.isInteger(step) && (step as number) >= 0);
  if (!Array.isArray(path) || !path.every(isStep)) {
    throw new OptionsError('path', 'expected keys joined with dots, or an array of keys and indices');
  }
  return [...(path as PathStep[])];
}

async function* elementsOf<T>(
  source: OpenableInput,
  path: readonly PathStep[],
): AsyncGenerator<Chunk<T>, void, undefined> {
  const file = source.name;
  let elements: T[] = [];
  /** The start of the document. */
  let start = '';
  const locator = new JsonLocator(path, file, (element) => elements.push(element as T));
  const parse = jsonParser({ packValues: true, streamValues: false });
  /** Reads a block. The elements before an error are yielded first. */
  const read = function* (text: string): Generator<Chunk<T>, void, undefined> {
    let failure: { readonly error: unknown } | undefined;
    try {
      const result: unknown = parse(text);
      if (typeof result === 'object')
        for (const token of (result as { values: Parameters<JsonLocator['accept']>[0][] }).values)
          locator.accept(token);
    } catch (error) {
      failure = { error };
    }
    yield* inChunks(elements, { file, lines: undefined });
    elements = [];
    if (failure?.error instanceof RollcallError) throw failure.error;
    if (failure !== undefined)
      throw new SourceError(
        isObjectLine(start) ? LINES : 'the document is not valid JSON',
        { file },
        { cause: failure.error },
      );
  };
  for await (const text of decodeText(source.open(), { file })) {
    if (start.length < LONGEST_LINE) start += text;
    yield* read(text);
  }
  // White space completes a number at the end of the document. The locator detects everything else that is missing.
  yield* read('\n');
  locator.end();
}

/** True if the first line of a document is an object. */
function isObjectLine(start: string): boolean {
  const line = start.trimStart().split('\n', 1)[0] as string;
  if (!line.startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
