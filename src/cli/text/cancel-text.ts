import type { CancelReport } from '../commands/command-reports.js';
import { printable } from './words.js';

/** The outcome of `cancel`, as text. */
export function cancelText({ cancelled, ran, foreign, forgotten }: CancelReport): string {
  const lines = [
    ...cancelled.map((id) => `Session ${printable(id)} was cancelled; Okta imports nothing of it.`),
    ...ran.map(
      (id) =>
        `Session ${printable(id)} cannot be cancelled any more: Okta is importing it. The next sync settles it. If Okta does not finish it: rollcall cancel --forget ${printable(id)}`,
    ),
    ...forgotten.map(
      (id) =>
        `Session ${printable(id)} was given up, although Okta may still import it. The next sync sends its changes again, in a new session.`,
    ),
    ...foreign.map(
      (id) =>
        `Session ${printable(id)} is open, but this state did not create it. To cancel it: rollcall cancel --force ${printable(id)}`,
    ),
  ];
  if (cancelled.length + ran.length + forgotten.length === 0)
    lines.unshift('This state has no open session.');
  return lines.join('\n');
}
