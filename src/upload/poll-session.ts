import { PollTimeoutError } from '../core/errors.js';
import type { OktaClient, Session, SessionStatus } from '../okta/wire.js';
import { getSession } from './get-session.js';
import type { ResolvedUploadOptions } from './upload-options.js';
import { emitWait } from './upload-context.js';
import { isUnanswered } from './error-kinds.js';

/** States that a session does not leave. */
export const FINAL: ReadonlySet<string> = new Set<SessionStatus>(['COMPLETED', 'ERROR', 'CLOSED', 'EXPIRED']);
/** States in which a session takes loads. */
export const LOADABLE: ReadonlySet<string> = new Set<SessionStatus>(['CREATED', 'IN_PROGRESS']);

/** True for a status that Okta has added since this was written. */
export function isUnknownStatus(status: string): boolean {
  return !FINAL.has(status) && !LOADABLE.has(status) && status !== 'TRIGGERED';
}

/**
 * Asks for a triggered session until it is final. `undefined` when Okta does not know it any more.
 *
 * The limits count time slept, not the clock, so that a clock set forward does not end the wait.
 * @throws {@link PollTimeoutError} when it is not final within `pollTimeoutMs`: its outcome is unknown; and what the
 * looks failed with, when none was answered for `patienceMs`.
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

/** One look. A look without an answer is made up for by the next. */
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
