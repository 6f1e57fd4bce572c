import { AbortedError, RollcallError, SourceError } from '../../core/errors.js';
import type { Display } from '../display/display.js';
import type { ExitCode } from '../process/exit-codes.js';
import type { CliContext } from '../process/io.js';
import type { Flags, Resolved } from '../settings/resolve-settings.js';
import type { Stopping } from '../process/stopping.js';

/** What a command is given. */
export interface CommandInput {
  readonly resolved: Resolved;
  /** The flags as they were written, for those that are no settings. */
  readonly flags: Flags;
  readonly context: CliContext;
  readonly display: Display;
  readonly stopping: Stopping;
}

/** A command: does its work, tells its outcome, and answers the exit code. What it throws is told by its caller. */
export type Command = (input: CommandInput) => Promise<ExitCode>;

/** A source that broke off because the run was being ended did not fail. */
export function asAborted(error: unknown, { signal }: Stopping): unknown {
  if (!signal.aborted || !(error instanceof SourceError)) return error;
  const aborted = new AbortedError();
  const { report } = error as RollcallError;
  if (report !== undefined) aborted.report = report;
  return aborted;
}
