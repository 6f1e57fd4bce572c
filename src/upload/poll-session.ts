import { PollTimeoutError } from '../core/errors.js';
import type { OktaClient, Session, SessionStatus } from '../okta/wire.js';
import { lookAt } from './get-session.js';
import type { ResolvedUploadOptions } from './upload-options.js';
import { isTransient } from './error-kinds.js';

/** States that a session does not leave. */
export const FINAL: ReadonlySet<SessionStatus> = new Set(['COMPLETED', 'ERROR', 'CLOSED', 'EXPIRED']);

/**
 * Asks for a triggered session until it is final. `undefined` when Okta does not know it any more.
 *
 * The limit counts time slept, not the clock, so that a clock set forward does not end the wait.
 * @throws {@link PollTimeoutError} when it is not final within `pollTimeoutMs`: its outcome is unknown.
 */
export async function pollToEnd(
  okta: OktaClient,
  sessionId: string,
  options: ResolvedUploadOptions,
): Promise<Session | undefined> {
  const { clock, events, signal, pollIntervalMs, pollTimeoutMs } = options;
  let waited = 0;
  let status: SessionStatus | undefined;
  events.emit({
    type: 'wait:start',
    reason: 'import',
    until: new Date(clock.now() + pollTimeoutMs),
    sessionId,
  });
  for (;;) {
    const seen = await look(okta, sessionId, options);
    if (seen !== 'no answer') {
      status = seen.session?.status;
      if (status === undefined || FINAL.has(status)) return seen.session;
    }
    if (waited >= pollTimeoutMs) throw new PollTimeoutError(sessionId, status, waited);
    const ms = Math.min(pollIntervalMs, pollTimeoutMs - waited);
    await clock.sleep(ms, signal);
    waited += ms;
  }
}

/** One look. A look without an answer is made up for by the next. */
async function look(
  okta: OktaClient,
  sessionId: string,
  options: ResolvedUploadOptions,
): Promise<{ session: Session | undefined } | 'no answer'> {
  try {
    return { session: await lookAt({ okta, options }, sessionId) };
  } catch (error) {
    if (isTransient(error)) return 'no answer';
    throw error;
  }
}
