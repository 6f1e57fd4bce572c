import { basename } from 'node:path';
import type { Rejection } from '../../core/rejection.js';
import { count, printable } from './words.js';

/** Rejections that a report shows; the rest is counted. */
const SHOWN = 5;

/** The first rejections, a line each. `total` is how many there were; a report keeps the first thousand. */
export function rejectionLines(title: string, rejections: readonly Rejection[], total: number): string[] {
  if (total === 0) return [];
  const lines = rejections.slice(0, SHOWN).map((rejection) => `  ${rejectionText(rejection)}`);
  const rest = total - lines.length;
  return [`${title} (${count(total)}):`, ...lines, ...(rest > 0 ? [`  ... and ${count(rest)} more`] : [])];
}

/** One rejection: whose, where, and why. */
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
  const who = externalId === undefined ? `record ${position}` : printable(externalId);
  const name = file === undefined ? undefined : basename(file);
  const where = [name, line].filter((part) => part !== undefined).join(':');
  const what = [field, reason].filter((part) => part !== undefined).join(' ');
  return `${entity} ${who}${where === '' ? '' : ` (${printable(where)})`}: ${printable(what)} [${code}]`;
}
