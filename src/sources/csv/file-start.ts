import { delimiterOf } from './delimiter.js';

/** What comes before the header of a CSV file. */
export interface FileStart {
  readonly delimiter: string;
  /** The characters before the header, and their lines. */
  readonly skipped: number;
  readonly lines: number;
}

/** The line with which Excel says the delimiter of a file. */
const SEPARATOR_LINE = /^"?sep=(.)"?\r?(?:\n|$)/i;

/** True for a line `sep=;`. */
export function isSeparatorLine(line: string): boolean {
  return SEPARATOR_LINE.test(line);
}

/**
 * Finds the header and the delimiter of a CSV file; undefined if the text must be longer for it.
 *
 * @param text - the text from the start of the file
 * @param delimiter - the delimiter, if it was given; otherwise it is recognised
 * @param skipLines - the number of lines before the header
 * @param complete - true if the file ends with the text
 */
export function fileStart(
  text: string,
  delimiter: string | undefined,
  skipLines: number,
  complete: boolean,
): FileStart | undefined {
  let skipped = 0;
  for (let line = 0; line < skipLines; line++) {
    const end = text.indexOf('\n', skipped);
    if (end === -1)
      return complete ? { delimiter: delimiter ?? ',', skipped: text.length, lines: line } : undefined;
    skipped = end + 1;
  }
  const end = headerEnd(text, skipped);
  if (end === undefined && !complete) return undefined;
  const header = text.slice(skipped, end);
  const separator = SEPARATOR_LINE.exec(header);
  if (separator !== null)
    return {
      delimiter: delimiter ?? (separator[1] as string),
      skipped: skipped + separator[0].length,
      lines: skipLines + 1,
    };
  return { delimiter: delimiter ?? delimiterOf(header), skipped, lines: skipLines };
}

/** The end of the line on which the header ends: a quoted header may contain line feeds. */
function headerEnd(text: string, start: number): number | undefined {
  let isQuoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (character === '\n' && !isQuoted) return at + 1;
  }
  return undefined;
}
