import { SourceError } from '../../core/errors.js';
import { delimiterOf } from '../../sources/csv/delimiter.js';
import { decodeText } from '../../sources/input/decode-text.js';
import { toInput } from '../../sources/input/input.js';

/** The lines and the characters at the start of a file that are searched. */
const MOST_LINES = 30;
const MOST_CHARACTERS = 64 * 1024;
/** The longest line that is split into cells, in characters. */
const LONGEST_LINE = 4000;

/** How a CSV file is read. */
export interface CsvStart {
  readonly delimiter?: string;
  readonly encoding?: string;
  readonly skipLines?: number;
}

/**
 * The number of lines before the line that looks like the header of a CSV file, where titles come before it: the first line with at least
 * two different names, whose next line has as many cells. Undefined if it is the line at which the file is read, or if none looks like one.
 */
export async function linesBeforeHeader(path: string, how: CsvStart): Promise<number | undefined> {
  const lines = await firstLines(path, how.encoding);
  const cellsOf = (line: string) => cells(line, how.delimiter ?? delimiterOf(line));
  const found = lines.findIndex((line, at) => {
    const names = cellsOf(line);
    const next = lines[at + 1];
    return (
      names.length > 1 &&
      names.every(isName) &&
      new Set(names).size === names.length &&
      (next === undefined || cells(next, how.delimiter ?? delimiterOf(line)).length === names.length)
    );
  });
  return found === -1 || found === (how.skipLines ?? 0) ? undefined : found;
}

/** The lines at the start of a file; those before bytes that are not in its encoding. */
async function firstLines(path: string, encoding: string | undefined): Promise<string[]> {
  const source = toInput(path, encoding === undefined ? {} : { encoding });
  let text = '';
  try {
    for await (const part of decodeText(source.open(), { file: source.name })) {
      text += part;
      if (text.length >= MOST_CHARACTERS) break;
    }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
  }
  return text
    .split(/\r?\n/, MOST_LINES)
    .map((line) => line.slice(0, LONGEST_LINE))
    .filter((line, at, all) => line !== '' || at < all.length - 1);
}

/** The cells of a line, without quotes. */
function cells(line: string, delimiter: string): string[] {
  const found: string[] = [''];
  let isQuoted = false;
  for (const character of line) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === delimiter && !isQuoted) found.push('');
    else found[found.length - 1] += character;
  }
  return found.map((cell) => cell.trim());
}

/** Names of columns begin with a letter, and are no address, no date and no `Title: value`. */
function isName(cell: string): boolean {
  return /^[\p{L}_]/u.test(cell) && !/[@:]|\d{2,}[./-]\d/.test(cell);
}
