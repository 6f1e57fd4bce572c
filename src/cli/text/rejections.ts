import { basename } from 'node:path';
import { quoted } from '../../core/visible.js';
import type { Rejection } from '../../core/rejection.js';
import { count, printable } from './words.js';

/** The most rejections that are listed; the others are only counted. */
const SHOWN = 5;

/** The first rejections, one line each. `total` counts all of them; a report keeps only the first thousand. */
export function rejectionLines(title: string, rejections: readonly Rejection[], total: number): string[] {
  if (total === 0) return [];
  const lines = rejections.slice(0, SHOWN).map((rejection) => `  ${rejectionText(rejection)}`);
  const rest = total - lines.length;
  return [`${title} (${count(total)}):`, ...lines, ...(rest > 0 ? [`  ... and ${count(rest)} more`] : [])];
}

/** An id; in quotes if it contains blanks, which could not be seen at its ends. */
export function shownId(id: string): string {
  return /\s/.test(id) ? quoted(id) : printable(id);
}

/** One rejection as text: the record, its place, the reason and the code. */
export function rejectionText({
  entity,
  externalId,
  file,
  line,
  position,
  field,
  code,
  reason,
}: Rejection): string {
  const who = externalId === undefined ? `record ${position}` : shownId(externalId);
  const name = file === undefined ? undefined : basename(file);
  const where = [name, line].filter((part) => part !== undefined).join(':');
  const what = [field, reason].filter((part) => part !== undefined).join(' ');
  return `${entity} ${who}${where === '' ? '' : ` (${printable(where)})`}: ${printable(what)} [${code}]`;
}
