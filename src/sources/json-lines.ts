import { CHUNK_SIZE, withPlaces } from '../chunk.js';
import { SourceError } from '../errors.js';
import { flowOf, type Flow } from '../flow.js';
import { RunContext } from '../run-context.js';
import { textInput, type ByteInput, type TextInput } from './input.js';

/**
 * The values of a file of JSON lines: one JSON value a line, empty lines left out.
 *
 * @throws {@link SourceError} while reading, with file and line: a line that is not JSON, text that is not UTF-8, a file
 * that cannot be read.
 */
export function fromJsonLines<T = unknown>(input: ByteInput): Flow<T> {
  const text = textInput(input);
  return flowOf(() => values<T>(text), new RunContext());
}

async function* values<T>(input: TextInput): AsyncGenerator<readonly T[], void, undefined> {
  const { file } = input;
  let rest = '';
  let line = 0;
  let chunk: T[] = [];
  let lines: number[] = [];
  const take = (text: string) => {
    line++;
    if (text.trim() === '') return;
    chunk.push(parseLine(text, file, line) as T);
    lines.push(line);
  };
  try {
    for await (const piece of input.open()) {
      const text = rest + piece;
      let start = 0;
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
        take(text.slice(start, end));
        start = end + 1;
        if (chunk.length >= CHUNK_SIZE) {
          yield withPlaces(chunk, { file, lines });
          chunk = [];
          lines = [];
        }
      }
      rest = text.slice(start);
    }
    if (rest !== '') take(rest);
  } catch (error) {
    if (chunk.length > 0) yield withPlaces(chunk, { file, lines });
    throw error;
  }
  if (chunk.length > 0) yield withPlaces(chunk, { file, lines });
}

function parseLine(text: string, file: string | undefined, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's message quotes the line, which holds people's data.
    throw new SourceError('is not JSON', { file, line });
  }
}
