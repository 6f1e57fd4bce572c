import { GuardError, OptionsError, RollcallError } from '../../core/errors.js';
import type { Display } from './display.js';
import { EXIT, exitCodeOf, type ExitCode } from '../process/exit-codes.js';
import { tripLines } from '../text/guard-text.js';
import { partText } from '../text/sync-text.js';
import { printable } from '../text/words.js';

/** Tells why a command failed, and answers its exit code. */
export function showError(error: unknown, display: Display): ExitCode {
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
      ...(known?.report !== undefined && { report: known.report }),
    },
    error instanceof GuardError ? guardText(error) : failureText(error, message, exitCode),
  );
  return exitCode;
}

/** Why the guard stopped, and how to let it pass. */
export function guardText({ trips, planHash }: GuardError): string {
  if (trips.length === 0) {
    return [
      'rollcall: this is not the plan that was approved; nothing was sent.',
      `Look at it with "rollcall plan". Its hash is ${planHash}`,
    ].join('\n');
  }
  return [
    'rollcall: the guard stopped this plan; nothing was sent.',
    ...tripLines(trips),
    `If that is meant, let exactly this plan pass: rollcall sync --approve ${planHash}`,
  ].join('\n');
}

function failureText(error: unknown, message: string, exitCode: ExitCode): string {
  const lines = [`rollcall: ${message}`];
  if (error instanceof RollcallError) {
    if (!(error instanceof OptionsError)) lines[0] += ` [${error.code}]`;
    if (error.report !== undefined) lines.push(partText(error.report));
  }
  if (exitCode === EXIT.INCOMPLETE)
    lines.push('Run it again to go on: nothing that Okta confirmed is sent twice.');
  if (exitCode === EXIT.USAGE) lines.push('See "rollcall help".');
  return lines.join('\n');
}

/** The message, and the system's word for why a file or directory cannot be used. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown failure';
  const cause = error.cause;
  const system = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return printable(typeof system === 'string' ? `${error.message} (${system})` : error.message);
}
