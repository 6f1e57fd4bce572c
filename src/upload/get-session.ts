import type { Session } from '../okta/wire.js';
import { callOptions, type SessionContext } from './upload-context.js';
import { isUnanswered } from './error-kinds.js';

/** Pauses between answers that Okta does not know a session, until that is believed: about a minute. */
const GONE_PAUSES_MS = [500, 1000, 2000, 4000, 8000, 16_000, 30_000];
/** Looks without an answer, before a look is given up, and the first pause between them. */
const ATTEMPTS = 6;
const PAUSE_MS = 1000;

/**
 * One look at a session; undefined when it is gone. A 404 may be a gateway's, or a replica's that lags, so it is believed
 * only when Okta has said the same for a minute: a session given up for it would stay open, and be in the way of every
 * later one.
 *
 * @throws whatever `getSession` throws.
 */
export async function getSession(
  { okta, options }: Pick<SessionContext, 'okta' | 'options'>,
  sessionId: string,
  signal = options.signal,
): Promise<Session | undefined> {
  for (let denied = 0; ; denied++) {
    const session = await okta.getSession(sessionId, callOptions({ ...options, signal }));
    const pause = GONE_PAUSES_MS[denied];
    if (session !== undefined || pause === undefined) return session;
    await options.clock.sleep(pause, signal);
  }
}

/** The same, again until there is an answer, some times. @throws the failure of the last look */
export async function getSessionFirmly(
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
