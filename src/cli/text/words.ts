import { ENTITIES, type Entity } from '../../core/model.js';
import { codePoint, marksShown } from '../../core/visible.js';
import { columnsOf } from './width.js';

/** A number with thousands separators. */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** `1 session`, `2 sessions`. */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** `300 users, 2 groups, 600 memberships`. */
export function rowsText(rows: Readonly<Record<Entity, number>>): string {
  return ENTITIES.map((entity) => `${count(rows[entity])} ${entity}`).join(', ');
}

/** A number of bytes as text, in decimal units (kB = 1,000 bytes). */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB'];
  let value = bytes / 1000;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** Date and time in UTC, to the second. */
export function formatTime(time: Date | number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Text from data. Characters that could control a terminal, or cannot be seen, are shown as escapes such as `\u200b`. */
export function printable(text: string): string {
  return marksShown(text).replace(/[^\S ]|[\p{Cc}\p{Cf}\u2028\u2029]/gu, codePoint);
}

/** A table without those of its `optional` columns, named by the first row, that have only zeros. */
export function withoutEmpty(table: readonly (readonly string[])[], optional: readonly string[]): string[][] {
  const [head = [], ...rows] = table;
  const isShown = head.map((name, i) => !optional.includes(name) || rows.some((row) => row[i] !== '0'));
  return table.map((row) => row.filter((_, i) => isShown[i]));
}

/**
 * Rows as aligned columns: the first column is aligned left, the others right.
 *
 * @param width - the columns of a terminal; in a table that is wider, rows and columns change places
 */
export function columns(rows: readonly (readonly string[])[], width?: number): string[] {
  const lines = aligned(rows);
  if (width === undefined || lines.every((line) => columnsOf(line) <= width)) return lines;
  const [head = []] = rows;
  return aligned(head.map((_, i) => rows.map((row) => row[i] ?? '')));
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
