import type { Output } from '../process/io.js';

/** Characters that a terminal shows in two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** The columns of a terminal; undefined for a pipe or a file, whose lines have any length. */
export function widthOf({ isTTY, columns }: Output): number | undefined {
  return isTTY === true && columns !== undefined && columns > 0 ? columns : undefined;
}

/** The columns that a text takes. */
export function columnsOf(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : 1;
  return width;
}

/**
 * Text whose lines fit into a width. Lines break between words, or inside a word that is longer than a line; what follows is indented
 * two columns deeper than its line. Without a width the text stays as it is.
 */
export function wrapped(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  return text
    .split('\n')
    .flatMap((line) => wrapLine(line, Math.max(width, 20)))
    .join('\n');
}

function wrapLine(line: string, width: number): string[] {
  if (columnsOf(line) <= width) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  const hanging = `${indent.slice(0, width - 12)}  `;
  const lines: string[] = [];
  let current = indent.slice(0, width - 12);
  let isEmpty = true;
  for (const word of line
    .slice(indent.length)
    .split(' ')
    .flatMap((w) => cut(w, width - hanging.length))) {
    const longer = isEmpty ? current + word : `${current} ${word}`;
    if (columnsOf(longer) <= width) current = longer;
    else {
      if (!isEmpty) lines.push(current);
      current = hanging + word;
    }
    isEmpty = false;
  }
  return [...lines, current];
}

/** The parts of a word, each of which fits into a line. */
function cut(word: string, width: number): string[] {
  if (columnsOf(word) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  for (const character of word) {
    if (columnsOf(part + character) > width) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part];
}

/** One line of text that is not wider than a width, with `…` in place of what does not fit. */
export function clipped(text: string, width: number | undefined): string {
  if (width === undefined || columnsOf(text) <= width) return text;
  let shown = '';
  for (const character of text) {
    if (columnsOf(shown + character) > width - 1) break;
    shown += character;
  }
  return `${shown}…`;
}
