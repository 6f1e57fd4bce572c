import { AbortedError, SessionError } from '../core/errors.js';
import { FINAL, LOADABLE } from './poll-session.js';
import { callOptions, type SessionContext } from './upload-context.js';
import { getSession } from './get-session.js';
import { isRefused, isTransient, isUnanswered } from './error-kinds.js';

/** Looks at a session after cancelling it, before giving up. */
const LOOKS = 6;
const PAUSE_MS = 500;
/** An abort must settle within five seconds; what cannot be cancelled by then is left to the next run's journal. */
const ABORT_CANCEL_MS = 4000;

/** What became of a session that was to be cancelled. */
export type CancelOutcome =
  /** Okta shows it CLOSED or EXPIRED: nothing of it was or will be imported. */
  | 'closed'
  /** Okta does not know it any more, which says nothing of what was imported of it. */
  | 'gone'
  /** It had been triggered: it cannot be cancelled any more. */
  | 'ran';

/**
 * Cancels a session and asks until it is certain what became of it, whatever happened to the answers.
 * @throws {@link SessionError} when that cannot be learned; the journal then settles it at the next run.
 */
export async function cancelAndConfirm(
  context: SessionContext,
  sessionId: string,
  signal = context.options.signal,
): Promise<CancelOutcome> {
  const { options } = context;
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await options.clock.sleep(PAUSE_MS * 2 ** (look - 1), signal);
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
  try {
    await context.okta.deleteSession(sessionId, callOptions({ ...context.options, signal }));
  } catch (error) {
    if (!isTransient(error) && !isRefused(error)) throw error;
  }
  try {
    const session = await getSession(context, sessionId, signal);
    if (session === undefined) return 'gone';
    if (session.status === 'CLOSED' || session.status === 'EXPIRED') return 'closed';
    return FINAL.has(session.status) || !LOADABLE.has(session.status) ? 'ran' : undefined;
  } catch (error) {
    if (isUnanswered(error)) return undefined;
    throw error;
  }
}

/** Cancels while a run is being aborted: within a few seconds, or not at all. True when it is certain. */
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
