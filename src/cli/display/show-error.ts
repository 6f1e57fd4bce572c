import { GuardError, OptionsError, RollcallError } from '../../core/errors.js';
import type { Display } from './display.js';
import { EXIT, exitCodeOf, type ExitCode } from '../process/exit-codes.js';
import type { FirstDeletions } from '../commands/planned.js';
import type { Findings } from '../mapping/source-findings.js';
import type { PlanSummary } from '../../core/results.js';
import { PostgresFailure } from '../../state/postgres/failure.js';
import type { Flags } from '../settings/resolve-settings.js';
import { deletionLines, type DeletedNames } from '../text/deletions-text.js';
import { approvalLines, tripLines } from '../text/guard-text.js';
import { REMEDIES, remedyForAnswer } from '../text/remedies.js';
import { partText } from '../text/sync-text.js';
import { printable } from '../text/words.js';

/** What is known of the plan that the guard stopped. */
export interface StoppedPlan {
  /** The flags of the command; the approval repeats them. */
  readonly flags: Flags;
  /** Undefined if the plan was not complete. */
  readonly plan: Pick<PlanSummary, 'entities'> | undefined;
  readonly deletions: FirstDeletions;
  readonly names?: DeletedNames | undefined;
  /** The file of the report with all changes; undefined without a report. */
  readonly plannedFile?: string | undefined;
  /** What may be the cause, one line each. */
  readonly hints?: readonly string[];
  /** What was found in the rows of the sources. */
  readonly findings?: Findings;
  /** The columns of the terminal; undefined for lines of any length. */
  readonly width: number | undefined;
}

/**
 * Shows the error that ended a command, and returns the exit code for it.
 *
 * @param stopped - the plan, if the error is that of the guard
 */
export function showError(error: unknown, display: Display, stopped?: StoppedPlan): ExitCode {
  const exitCode = exitCodeOf(error);
  const known = error instanceof RollcallError ? error : undefined;
  const message = messageOf(error);
  display.error(
    {
      type: 'run:error',
      code: known?.code,
      message,
      exitCode,
      ...(error instanceof GuardError && { trips: error.trips, planHash: error.planHash }),
      ...(stopped?.findings !== undefined && { findings: stopped.findings }),
      ...(known?.report !== undefined && { report: known.report }),
    },
    error instanceof GuardError ? guardText(error, stopped) : failureText(error, message, exitCode),
  );
  return exitCode;
}

/** The reasons why the guard stopped the plan, who would have been deleted, and the way to approve it. */
export function guardText({ trips, planHash }: GuardError, stopped?: StoppedPlan): string {
  if (trips.length === 0) {
    return [
      'rollcall: the plan is not the one that was approved; nothing was sent.',
      `Look at the new plan with "rollcall plan". Its hash is ${planHash}`,
    ].join('\n');
  }
  return [
    'rollcall: the guard stopped this plan; nothing was sent.',
    ...tripLines(trips),
    ...(stopped?.hints ?? []),
    ...(stopped?.plan === undefined
      ? []
      : deletionLines(stopped.plan.entities, stopped.deletions, { ...stopped, state: 'stopped' })),
    ...approvalLines(stopped?.flags ?? {}, planHash, stopped?.width),
  ].join('\n');
}

function failureText(error: unknown, message: string, exitCode: ExitCode): string {
  const lines = [`rollcall: ${message}`];
  if (error instanceof RollcallError) {
    if (!(error instanceof OptionsError)) lines[0] += ` [${error.code}]`;
    if (error.report !== undefined) lines.push(partText(error.report));
    // The remedy of a state that cannot be used is for a directory.
    const remedy =
      error instanceof PostgresFailure ? undefined : (remedyForAnswer(error) ?? REMEDIES[error.code]);
    if (remedy !== undefined) lines.push(`What to do: ${remedy}.`);
  }
  if (exitCode === EXIT.INCOMPLETE)
    lines.push('Run it again to continue: changes that Okta confirmed are not sent again.');
  if (exitCode === EXIT.USAGE) lines.push('Run "rollcall help" to see all commands and flags.');
  return lines.join('\n');
}

/** The message, with the system's error code (such as ENOENT) if there is one. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const cause = error.cause;
  const system = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  const isNew = typeof system === 'string' && !error.message.includes(system);
  return printable(isNew ? `${error.message} (${system})` : error.message);
}
