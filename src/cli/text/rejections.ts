import { basename } from 'node:path';
import { quoted } from '../../core/visible.js';
import type { Rejection } from '../../core/rejection.js';
import { count, plural, printable } from './words.js';

/** The most reasons that are listed; the records of the others are only counted. */
const SHOWN_REASONS = 5;
/** The most records that are listed of one reason. */
const SHOWN_RECORDS = 5;

/** Records that were rejected for the same reason. */
interface Group {
  readonly first: Rejection;
  readonly all: Rejection[];
}

/**
 * Rejections by reason, the most frequent first, with the first records of each. `total` counts all of them; a report keeps only the
 * first thousand.
 */
export function rejectionLines(title: string, rejections: readonly Rejection[], total: number): string[] {
  if (total === 0) return [];
  const shown = byReason(rejections).slice(0, SHOWN_REASONS);
  const listed = shown.reduce((sum, { all }) => sum + all.length, 0);
  const rest = total - listed;
  return [
    `${title} (${count(total)}):`,
    ...shown.flatMap(groupLines),
    ...(rest > 0 ? [`  ... and ${count(rest)} more`] : []),
  ];
}

function byReason(rejections: readonly Rejection[]): Group[] {
  const groups = new Map<string, Group>();
  for (const rejection of rejections) {
    const { entity, field = '', code, reason } = rejection;
    const id = [entity, field, code, reason].join('\n');
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { first: rejection, all: [rejection] });
    else group.all.push(rejection);
  }
  return [...groups.values()].sort((a, b) => b.all.length - a.all.length);
}

function groupLines({ first, all }: Group): string[] {
  if (all.length === 1) return [`  ${rejectionText(first)}`];
  const { entity, code } = first;
  const records = all.slice(0, SHOWN_RECORDS).map((one) => `${recordText(one)}${placeText(one)}`);
  const rest = all.length - records.length;
  const more = rest > 0 ? ` and ${count(rest)} more` : '';
  return [
    `  ${plural(all.length, entity.slice(0, -1))}: ${whatText(first)} [${code}]`,
    `    ${records.join(', ')}${more}`,
  ];
}

/** An id; in quotes if it contains blanks, which could not be seen at its ends. */
export function shownId(id: string): string {
  return /\s/.test(id) || id !== id.normalize('NFC') ? quoted(id) : printable(id);
}

/** One rejection as text: the record, its place, the reason and the code. */
export function rejectionText(rejection: Rejection): string {
  const { entity, code } = rejection;
  return `${entity} ${recordText(rejection)}${placeText(rejection)}: ${whatText(rejection)} [${code}]`;
}

function recordText({ externalId, position }: Rejection): string {
  return externalId === undefined ? `record ${position}` : shownId(externalId);
}

function placeText({ file, line }: Rejection): string {
  const name = file === undefined ? undefined : basename(file);
  const where = [name, line].filter((part) => part !== undefined).join(':');
  return where === '' ? '' : ` (${printable(where)})`;
}

function whatText({ field, reason }: Rejection): string {
  return printable([field, reason].filter((part) => part !== undefined).join(' '));
}
