import { RollcallError } from '../../core/errors.js';

/** One line of `check`. */
export interface Check {
  /** What was checked, such as `settings` or `schema`. */
  readonly name: string;
  /** `fault`: a sync would fail, or send something wrong. `warning`: a sync works, and something needs attention. */
  readonly result: 'ok' | 'warning' | 'fault';
  readonly message: string;
  /** What to do; undefined for `ok`, and where the message says it. */
  readonly advice: string | undefined;
}

/** The outcome of `check`. */
export interface CheckReport {
  readonly checks: readonly Check[];
  readonly faults: number;
  readonly warnings: number;
}

export function ok(name: string, message: string): Check {
  return { name, result: 'ok', message, advice: undefined };
}

export function warning(name: string, message: string, advice?: string): Check {
  return { name, result: 'warning', message, advice };
}

export function fault(name: string, message: string, advice?: string): Check {
  return { name, result: 'fault', message, advice };
}

/** The fault for an error of rollcall, whose message says what to do. @throws any other error, which is a bug */
export function faultOf(name: string, error: unknown, advice?: string): Check {
  if (!(error instanceof RollcallError) || error.code === 'ERR_ROLLCALL_ABORTED') throw error;
  return fault(name, error.message, advice);
}

export function reportOf(checks: readonly Check[]): CheckReport {
  const number = (result: Check['result']) => checks.filter((check) => check.result === result).length;
  return { checks, faults: number('fault'), warnings: number('warning') };
}
