import { AbortedError, RollcallError, SourceError } from '../../core/errors.js';
import type { Display } from '../display/display.js';
import type { ExitCode } from '../process/exit-codes.js';
import type { CliContext } from '../process/io.js';
import type { CommandLine } from '../shell/command-line.js';
import type { Flags, Resolved } from '../settings/resolve-settings.js';
import type { Stopping } from '../process/stopping.js';

/** The input of a command. */
export interface CommandInput {
  readonly resolved: Resolved;
  /** The flags as they were written, for flags that are not settings. */
  readonly flags: Flags;
  readonly context: CliContext;
  readonly display: Display;
  readonly stopping: Stopping;
  /** Describes all commands and flags. */
  readonly commandLine: () => CommandLine;
}

/** A command: does its work, shows its outcome, and returns the exit code. The caller shows its error. */
export type Command = (input: CommandInput) => Promise<ExitCode>;

/** Turns the error of a source that broke off because of a signal into an {@link AbortedError}. */
export function asAborted(error: unknown, { signal }: Stopping): unknown {
  if (!signal.aborted || !(error instanceof SourceError)) return error;
  const aborted = new AbortedError();
  const { report } = error as RollcallError;
  if (report !== undefined) aborted.report = report;
  return aborted;
}
