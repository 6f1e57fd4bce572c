import {
  AbortedError,
  GuardError,
  OktaAuthError,
  OktaHttpError,
  OktaNetworkError,
  OktaResponseError,
  OptionsError,
  PollTimeoutError,
  ForeignSessionError,
  SessionError,
} from '../../core/errors.js';

/** The exit codes of `rollcall`. */
export const EXIT = Object.freeze({
  /** What was asked for is done. */
  DONE: 0,
  /** It failed, and somebody has to mend something before it can work. */
  FAILED: 1,
  /** The command line, the environment, the config file or the mapping cannot be meant. */
  USAGE: 2,
  /** The guard stopped the plan; nothing was sent. */
  GUARD: 3,
  /** It did not come to its end, and nothing needs mending: run it again. */
  INCOMPLETE: 4,
});
/** One of the values of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Which exit code an error stands for. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof GuardError) return EXIT.GUARD;
  if (error instanceof OptionsError) return EXIT.USAGE;
  return isResumable(error) ? EXIT.INCOMPLETE : EXIT.FAILED;
}

/** Whether running again can get further without anybody mending anything. */
function isResumable(error: unknown): boolean {
  if (error instanceof AbortedError || error instanceof PollTimeoutError) return true;
  if (error instanceof OktaAuthError) return false;
  if (error instanceof OktaHttpError) return error.status === 429 || error.status >= 500;
  // Somebody else's session stays open until somebody closes it.
  if (error instanceof ForeignSessionError) return false;
  return (
    error instanceof OktaNetworkError || error instanceof OktaResponseError || error instanceof SessionError
  );
}
