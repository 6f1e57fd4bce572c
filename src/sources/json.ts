import { Readable } from 'node:stream';
import { pick } from 'stream-json/filters/pick.js';
import { streamArray } from 'stream-json/streamers/stream-array.js';
import { CHUNK_SIZE, withPlaces } from '../chunk.js';
import { OptionsError, RollcallError, SourceError } from '../errors.js';
import { flowOf, type Flow } from '../flow.js';
import { refuseUnknown } from '../options.js';
import { RunContext } from '../run-context.js';
import { textInput, type ByteInput, type TextInput } from './input.js';

/** Options of {@link fromJson}. */
export interface FromJsonOptions {
  /** Where the array is inside the document, names joined by dots: `data.people`. @defaultValue the document itself */
  readonly path?: string;
}

/**
 * The elements of an array inside a JSON document of any size, one by one.
 *
 * @throws {@link OptionsError} at once for bad options. {@link SourceError} while reading, with the file: nothing at
 * the path, something else than an array, text that is not JSON or breaks off, a file that cannot be read.
 */
export function fromJson<T = unknown>(input: ByteInput, options: FromJsonOptions = {}): Flow<T> {
  refuseUnknown('fromJson', options, ['path']);
  const { path } = options;
  if (path !== undefined && (typeof path !== 'string' || path === '')) throw new OptionsError('path', 'expected names joined by dots');
  const text = textInput(input);
  return flowOf(() => elements<T>(text, path), new RunContext());
}

async function* elements<T>(input: TextInput, path: string | undefined): AsyncGenerator<readonly T[], void, undefined> {
  const { file } = input;
  const source = Readable.from(input.open());
  let found = path === undefined;
  const matches = (stack: readonly (string | number | null)[]) => {
    const here = stack.join('.') === path;
    found ||= here;
    return here;
  };
  const picked = path === undefined ? undefined : pick.withParserAsStream({ filter: matches });
  const array = picked === undefined ? streamArray.withParserAsStream() : streamArray.asStream();
  // Errors do not travel along a pipe by themselves.
  source.on('error', (error) => (picked ?? array).destroy(error));
  picked?.on('error', (error) => array.destroy(error));
  if (picked === undefined) source.pipe(array);
  else source.pipe(picked).pipe(array);
  let chunk: T[] = [];
  try {
    for await (const { value } of array as AsyncIterable<{ value: T }>) {
      chunk.push(value);
      if (chunk.length === CHUNK_SIZE) {
        yield withPlaces(chunk, { file, lines: undefined });
        chunk = [];
      }
    }
  } catch (cause) {
    if (chunk.length > 0) yield withPlaces(chunk, { file, lines: undefined });
    // The parser's message may quote the document.
    throw cause instanceof RollcallError ? cause : new SourceError('is not JSON with an array at the path, or breaks off', { file });
  } finally {
    source.destroy();
    picked?.destroy();
    array.destroy();
  }
  if (!found) throw new SourceError(`has nothing at ${path}`, { file });
  if (chunk.length > 0) yield withPlaces(chunk, { file, lines: undefined });
}
