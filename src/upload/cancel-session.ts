import { AbortedError, SessionError } from '../core/errors.js';
import { FINAL, LOADABLE } from './poll-session.js';
import { callOptions, type SessionContext } from './upload-context.js';
import { getSession } from './get-session.js';
import { isRefused, isTransient, isUnanswered } from './error-kinds.js';

/** The most attempts to cancel a session, and the first pause between them. */
const ATTEMPTS = 6;
const PAUSE_MS = 500;
/** The time limit for cancelling after an abort, which must end the run within five seconds. */
const ABORT_CANCEL_MS = 4000;

/** The result of cancelling a session. */
export type CancelOutcome =
  /** Okta reports CLOSED or EXPIRED: nothing of it was or will be imported. */
  | 'closed'
  /** Okta does not know it any more. It may have been imported. */
  | 'gone'
  /** It was triggered before, so it cannot be cancelled. */
  | 'ran';

/**
 * Cancels a session, and gets it from Okta until the result is certain. Lost responses are repeated.
 * @throws {@link SessionError} if the result stays uncertain; the session stays in the journal, and the next run settles it
 */
export async function cancelAndConfirm(
  context: SessionContext,
  sessionId: string,
  signal = context.options.signal,
): Promise<CancelOutcome> {
  const { options } = context;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await options.clock.sleep(PAUSE_MS * 2 ** (attempt - 1), signal);
    const outcome = await tryCancel(context, sessionId, signal);
    if (outcome !== undefined) return outcome;
  }
  throw new SessionError(
    `rollcall could not confirm that session ${sessionId} was cancelled; the next run settles it`,
    sessionId,
  );
}

async function tryCancel(
  context: SessionContext,
  sessionId: string,
  signal: AbortSignal | undefined,
): Promise<CancelOutcome | undefined> {
  const call = callOptions({ ...context.options, signal });
  try {
    await context.okta.deleteSession(sessionId, call);
  } catch (error) {
    if (!isTransient(error) && !isRefused(error)) throw error;
  }
  try {
    const session = await getSession(context, sessionId, call);
    if (session === undefined) return 'gone';
    if (session.status === 'CLOSED' || session.status === 'EXPIRED') return 'closed';
    return FINAL.has(session.status) || !LOADABLE.has(session.status) ? 'ran' : undefined;
  } catch (error) {
    if (isUnanswered(error)) return undefined;
    throw error;
  }
}

/** Cancels a session after an abort, within {@link ABORT_CANCEL_MS}. Returns true if Okta confirmed that it is closed. */
export async function cancelOnAbort(context: SessionContext, sessionId: string): Promise<boolean> {
  const timer = new AbortController();
  const limit = context.options.clock
    .sleep(ABORT_CANCEL_MS, timer.signal)
    .then(() => timer.abort())
    .catch(() => undefined);
  try {
    return (await cancelAndConfirm(context, sessionId, timer.signal)) === 'closed';
  } catch (error) {
    if (error instanceof AbortedError || error instanceof SessionError || isTransient(error)) return false;
    throw error;
  } finally {
    timer.abort();
    await limit;
  }
}
