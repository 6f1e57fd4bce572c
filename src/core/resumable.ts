import {
  AbortedError,
  BusyError,
  ForeignSessionError,
  OktaAuthError,
  OktaHttpError,
  OktaNetworkError,
  PollTimeoutError,
  SessionError,
  StateError,
} from './errors.js';

/** What PostgreSQL and the network say of a failure that passes: a lost connection, a restart, a transaction that was in the way. */
const PASSING: ReadonlySet<unknown> = new Set([
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '40001',
  '40P01',
  '53300',
  '57P01',
  '57P02',
  '57P03',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * True for an error after which another run can get further without anybody fixing anything, such as a lost connection, an import that
 * takes long, or a state that another process uses. Use it to decide whether a job is tried again. The command line ends with exit code
 * 4 for these errors. A plan that the guard stopped, a source that cannot be read, refused credentials and the like need a person first.
 * @example
 * await sync(options).catch((error: unknown) => {
 *   if (!isResumable(error)) throw error; // otherwise the next run of the schedule goes on
 * });
 */
export function isResumable(error: unknown): boolean {
  if (error instanceof AbortedError || error instanceof BusyError || error instanceof PollTimeoutError)
    return true;
  if (error instanceof OktaAuthError) return false;
  if (error instanceof OktaHttpError) return [408, 429].includes(error.status) || error.status >= 500;
  // A session that this state did not create stays open until somebody cancels it.
  if (error instanceof ForeignSessionError) return false;
  if (error instanceof OktaNetworkError) return !error.lasting;
  if (error instanceof StateError) return error.code === 'ERR_ROLLCALL_STATE_LOST' || isPassing(error.cause);
  return error instanceof SessionError;
}

function isPassing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && PASSING.has((cause as { code?: unknown }).code);
}
