import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { rejectionLines } from '../text/rejections.js';
import { plural } from '../text/words.js';
import type { Rejection } from '../../core/rejection.js';
import type { CommandInput } from './command.js';

/** What `sync --adopt` recorded. */
interface Adopted {
  readonly adopted: number;
  /** Rows that only Okta has; of `--adopt verified` only. */
  readonly leavers?: number;
  readonly rejected: number;
  /** The first of the rejected records. */
  readonly rejections: readonly Rejection[];
  /** What is recorded: changes of a plan, or rows. */
  readonly unit: 'change' | 'row';
}

/** Shows the outcome of `sync --adopt`, and returns its exit code. */
export function showAdopted(
  { adopted, leavers, rejected, rejections, unit }: Adopted,
  { resolved, display }: CommandInput,
  before: readonly string[] = [],
): ExitCode {
  const lines = rejectionLines('Rejected', rejections, rejected);
  const isPartial = rejected > 0 && resolved.settings.allowRejects !== true;
  const text = [
    ...before,
    `The state now records ${plural(adopted, unit)} as confirmed by Okta. Nothing was sent.`,
    ...(leavers === undefined || leavers === 0
      ? []
      : [`The next sync deletes ${plural(leavers, 'row')} that only Okta has, if the guard allows it.`]),
    ...lines,
  ];
  display.outcome(
    { type: 'adopt:report', adopted, ...(leavers !== undefined && { leavers }) },
    text.join('\n'),
    isPartial ? lines.join('\n') : undefined,
  );
  return isPartial ? EXIT.PARTIAL : EXIT.DONE;
}
