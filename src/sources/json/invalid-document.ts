import { jsonParser } from 'stream-json/core/parser.js';
import { SourceError } from '../../core/errors.js';
import { countLineFeeds } from '../input/decode-text.js';
import { otherFormat } from '../input/other-format.js';

/** The most characters of a document that are searched for its fault. */
export const SEARCHED = 64 * 1024;
const LINES =
  'the file looks like JSON lines, one object a line; read it with fromJsonLines (--format jsonl)';

/**
 * The error of a document that is not JSON: what it is instead, or the line of its fault, if its start shows that.
 *
 * @param start - the text of the document up to {@link SEARCHED} characters or more
 */
export function invalidDocument(start: string, file: string | undefined, cause: unknown): SourceError {
  if (isObjectLine(start)) return new SourceError(LINES, { file }, { cause });
  const other = otherFormat(start);
  if (other !== undefined) return new SourceError(other, { file }, { cause });
  const { line, isAfterEnd } = faultIn(start.slice(0, SEARCHED));
  const why = isAfterEnd ? ': it goes on after its end; were two files joined?' : '';
  return new SourceError(`the document is not valid JSON${why}`, { file, line }, { cause });
}

/** Parses a text character by character, to find its fault. */
function faultIn(text: string): { readonly line: number | undefined; readonly isAfterEnd: boolean } {
  const parse = jsonParser({ packValues: true, streamValues: false });
  let depth = 0;
  let isAfterEnd = false;
  for (const [at, character] of Array.from(text).entries()) {
    try {
      const result: unknown = parse(character);
      if (typeof result !== 'object' || result === null) continue;
      for (const { name } of (result as { readonly values: readonly { readonly name: string }[] }).values) {
        if (name.startsWith('start')) depth++;
        if (name.startsWith('end') && --depth === 0) isAfterEnd = true;
      }
    } catch {
      return { line: 1 + countLineFeeds(Array.from(text).slice(0, at).join('')), isAfterEnd };
    }
  }
  return { line: undefined, isAfterEnd: false };
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
