import type { Session } from '../okta/wire.js';
import { callOptions, type SessionContext } from './upload-context.js';

/** Answers in a row that Okta does not know a session, until it is believed: what the session holds is given up then. */
const TOLD = 3;
const PAUSE_MS = 500;

/**
 * One look at a session; undefined when it is gone. A single 404 may be a gateway's, or a replica's that lags: a session
 * given up for it would stay open, and be in the way of every later one.
 *
 * @throws whatever `getSession` throws.
 */
export async function lookAt(
  { okta, options }: Pick<SessionContext, 'okta' | 'options'>,
  sessionId: string,
  signal = options.signal,
): Promise<Session | undefined> {
  for (let told = 1; ; told++) {
    const session = await okta.getSession(sessionId, callOptions({ ...options, signal }));
    if (session !== undefined || told === TOLD) return session;
    await options.clock.sleep(PAUSE_MS * told, signal);
  }
}
