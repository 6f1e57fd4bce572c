import type { CancelReport } from '../commands/command-reports.js';
import { printable } from './words.js';

/** What `cancel` did, for a person. */
export function cancelText({ cancelled, ran, foreign }: CancelReport): string {
  const lines = [
    ...cancelled.map((id) => `Session ${printable(id)} is cancelled; nothing of it is imported.`),
    ...ran.map(
      (id) =>
        `Session ${printable(id)} is being imported, and cannot be cancelled; the next sync settles it.`,
    ),
    ...foreign.map(
      (id) =>
        `Session ${printable(id)} is open and not of this state; to cancel it: rollcall cancel --force ${printable(id)}`,
    ),
  ];
  if (cancelled.length === 0 && ran.length === 0) lines.unshift('No session of this state is open.');
  return lines.join('\n');
}
