import { jsonParser } from 'stream-json/core/parser.js';
import { inChunks, type Chunk } from '../../flow/chunk.js';
import { OptionsError, RollcallError } from '../../core/errors.js';
import { flowOf, type Flow } from '../../flow/flow.js';
import { rowsOfFile } from '../../flow/stage-order.js';
import { refuseUnknown } from '../../core/check-options.js';
import { RunContext } from '../../flow/run-context.js';
import { expectRows, requireExpected } from '../expect-rows.js';
import { INPUT_OPTIONS, toInput, type Input, type InputOptions, type OpenableInput } from '../input/input.js';
import { invalidDocument, SEARCHED } from './invalid-document.js';
import { JsonLocator, type PathStep } from './array-locator.js';
import { decodeText } from '../input/decode-text.js';
import { requireNumbers, type JsonNumbers } from './numbers.js';

/** Options of {@link fromJson}. */
export interface FromJsonOptions extends InputOptions {
  /**
   * The path of the array in the document: keys and indices joined with dots, or an array of them if a key contains a dot.
   * @defaultValue the document is the array, or an object without arrays, which is one element
   */
  readonly path?: string | readonly PathStep[];
  /**
   * What a number becomes: a number (`value`), or the text as it is written (`text`), such as `1.0`, `1e3` or an id of twenty digits.
   * @defaultValue `'value'`
   */
  readonly numbers?: JsonNumbers;
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
  refuseUnknown('fromJson', options, [...INPUT_OPTIONS, 'path', 'numbers']);
  const path = toSteps(options.path);
  const numbers = requireNumbers(options.numbers);
  const expected = requireExpected(options.expectRows);
  const source = toInput(input, options);
  const rows = flowOf(() => elementsOf<T>(source, path, numbers), new RunContext());
  return rowsOfFile(expectRows(rows, expected, source.name));
}

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
  numbers: JsonNumbers,
): AsyncGenerator<Chunk<T>, void, undefined> {
  const file = source.name;
  let elements: T[] = [];
  /** The start of the document. */
  let start = '';
  const locator = new JsonLocator(path, file, numbers, (element) => elements.push(element as T));
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
    if (failure !== undefined) throw invalidDocument(start, file, failure.error);
  };
  for await (const text of decodeText(source.open(), { file })) {
    if (start.length < SEARCHED) start += text;
    yield* read(text);
  }
  // White space completes a number at the end of the document. The locator detects everything else that is missing.
  yield* read('\n');
  locator.end();
  // A document that is one object is passed on at its end.
  yield* inChunks(elements, { file, lines: undefined });
}
