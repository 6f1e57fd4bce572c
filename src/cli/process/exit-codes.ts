import { GuardError, OptionsError } from '../../core/errors.js';
import { isResumable } from '../../core/resumable.js';

/** The exit codes of `rollcall`. */
export const EXIT = Object.freeze({
  /** The command is done. */
  DONE: 0,
  /** The command failed, and somebody has to fix something before it can work. */
  FAILED: 1,
  /** The command line, the environment, the config file or the mapping is invalid. */
  USAGE: 2,
  /** The guard stopped the plan; nothing was sent. */
  GUARD: 3,
  /** The command did not finish, and nothing needs fixing: run it again. */
  INCOMPLETE: 4,
  /** The command is done, but not all of it: records were rejected or refused, or deletions are held back. */
  PARTIAL: 5,
  /** `verify`, or `sync` with `--verify-sample`, found differences. */
  DIFFERS: 6,
});
/** The meaning of each exit code, for the docs and the manual page. */
export const EXIT_MEANINGS: readonly (readonly [code: ExitCode, meaning: string])[] = Object.freeze([
  [EXIT.DONE, 'The command is done.'],
  [
    EXIT.FAILED,
    'The command failed, `check` found a fault, or `explain` did not find the id. Somebody must fix the problem that the message describes.',
  ],
  [EXIT.USAGE, 'The command line, an environment variable, the config file or the mapping is invalid.'],
  [EXIT.GUARD, 'The guard stopped the plan, or would stop it (`plan`). Nothing was sent.'],
  [
    EXIT.INCOMPLETE,
    'The run is incomplete, or another process uses the state. Run it again; changes that Okta confirmed are not sent again.',
  ],
  [
    EXIT.PARTIAL,
    'The run is done, but not all of it: records were rejected or refused, deletions are held back, or `--only` or `--first` left changes out. The next run tries again.',
  ],
  [EXIT.DIFFERS, '`verify`, or the sample of `sync --verify-sample`, found differences.'],
]);

/** One of the values of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit code for an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof GuardError) return EXIT.GUARD;
  if (error instanceof OptionsError) return EXIT.USAGE;
  return isResumable(error) ? EXIT.INCOMPLETE : EXIT.FAILED;
}
