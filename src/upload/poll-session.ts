import { PollTimeoutError } from '../core/errors.js';
import type { OktaClient, Session, SessionStatus } from '../okta/wire.js';
import { getSession } from './get-session.js';
import type { ResolvedUploadOptions } from './upload-options.js';
import { emitWait } from './upload-context.js';
import { isUnanswered } from './error-kinds.js';

/** The final statuses of a session. */
export const FINAL: ReadonlySet<string> = new Set<SessionStatus>(['COMPLETED', 'ERROR', 'CLOSED', 'EXPIRED']);
/** The statuses in which a session accepts loads. */
export const LOADABLE: ReadonlySet<string> = new Set<SessionStatus>(['CREATED', 'IN_PROGRESS']);

/** True for a status that this version does not know. */
export function isUnknownStatus(status: string): boolean {
  return !FINAL.has(status) && !LOADABLE.has(status) && status !== 'TRIGGERED';
}

/**
 * Gets a triggered session from Okta until its status is final. Returns undefined if Okta does not know it any more.
 *
 * The limits count the time slept and not the clock, so that a clock that is set forward does not end the wait.
 * @throws {@link PollTimeoutError} if the status is not final within `pollTimeoutMs`: its outcome is unknown. Throws the last
 * error if there was no usable response for `patienceMs`.
 */
export async function pollToEnd(
  okta: OktaClient,
  sessionId: string,
  options: ResolvedUploadOptions,
): Promise<Session | undefined> {
  const { clock, events, signal, pollIntervalMs, pollTimeoutMs, patienceMs } = options;
  let waited = 0;
  let unansweredFor = 0;
  let status: string | undefined;
  emitWait(options, 'import', pollTimeoutMs, sessionId);
  for (;;) {
    const seen = await tryGetSession(okta, sessionId, options);
    if ('session' in seen) {
      unansweredFor = 0;
      if (seen.session === undefined || FINAL.has(seen.session.status)) return seen.session;
      const { status: now } = seen.session;
      if (now !== status && isUnknownStatus(now))
        events.emit({ type: 'session:status', sessionId, status: now });
      status = now;
    } else if (unansweredFor >= patienceMs) {
      throw seen.error;
    }
    if (waited >= pollTimeoutMs) throw new PollTimeoutError(sessionId, status, waited);
    const ms = Math.min(pollIntervalMs, pollTimeoutMs - waited);
    await clock.sleep(ms, signal);
    waited += ms;
    if (!('session' in seen)) unansweredFor += ms;
  }
}

/**
 * {@link pollToEnd} until the status is final: returns the status, `gone` if Okta does not know the session any more, or, if it
 * may be left, `left` if it was not final within `pollTimeoutMs`.
 */
export async function endStatus(
  okta: OktaClient,
  sessionId: string,
  options: ResolvedUploadOptions,
  mayLeave: boolean,
): Promise<string> {
  try {
    return (await pollToEnd(okta, sessionId, options))?.status ?? 'gone';
  } catch (error) {
    if (!mayLeave || !(error instanceof PollTimeoutError)) throw error;
    return 'left';
  }
}

/** Gets the session once. An error that may pass is returned and not thrown. */
async function tryGetSession(
  okta: OktaClient,
  sessionId: string,
  options: ResolvedUploadOptions,
): Promise<{ readonly session: Session | undefined } | { readonly error: unknown }> {
  try {
    return { session: await getSession({ okta, options }, sessionId) };
  } catch (error) {
    if (isUnanswered(error)) return { error };
    throw error;
  }
}
