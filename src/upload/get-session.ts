import type { CallOptions, Session } from '../okta/wire.js';
import { callOptions, type SessionContext } from './upload-context.js';
import { isUnanswered } from './error-kinds.js';

/** The pauses between successive 404 responses, in sum about a minute, before a session counts as gone. */
const GONE_PAUSES_MS = [500, 1000, 2000, 4000, 8000, 16_000, 30_000];
/** The most attempts of {@link getSessionWithRetries}, and the first pause between them. */
const ATTEMPTS = 6;
const PAUSE_MS = 1000;

/**
 * Gets a session; undefined if it is gone. A 404 may come from a gateway, or from a replica that is behind, so a session counts as
 * gone only after a minute of them. If we gave up a session that is still open, it would prevent every later one.
 *
 * @throws the errors of `getSession` of the client
 */
export async function getSession(
  { okta, options }: Pick<SessionContext, 'okta' | 'options'>,
  sessionId: string,
  call: CallOptions = callOptions(options),
): Promise<Session | undefined> {
  for (let missing = 0; ; missing++) {
    const session = await okta.getSession(sessionId, call);
    const pause = GONE_PAUSES_MS[missing];
    if (session !== undefined || pause === undefined) return session;
    await options.clock.sleep(pause, call.signal);
  }
}

/** {@link getSession}, repeated after failures that may pass. @throws the error of the last attempt */
export async function getSessionWithRetries(
  context: Pick<SessionContext, 'okta' | 'options'>,
  sessionId: string,
): Promise<Session | undefined> {
  const { clock, signal } = context.options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await getSession(context, sessionId);
    } catch (error) {
      if (!isUnanswered(error) || attempt === ATTEMPTS) throw error;
      await clock.sleep(PAUSE_MS * 2 ** (attempt - 1), signal);
    }
  }
}
