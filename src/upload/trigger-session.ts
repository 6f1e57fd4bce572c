import { SessionError } from '../core/errors.js';
import { isRefused, isTransient } from './error-kinds.js';
import { getSessionWithRetries } from './get-session.js';
import { FINAL } from './poll-session.js';
import { callOptions, type SessionContext } from './upload-context.js';

/** The most attempts to trigger a session, and the first pause between them. */
const ATTEMPTS = 6;
const PAUSE_MS = 1000;
/** The pause before a refused trigger is repeated, because Okta's responses may be outdated. */
const RECHECK_MS = 5000;

/** The result of triggering a session. */
export type TriggerResult =
  /** The session is being imported, or has been. */
  | 'triggered'
  /** Okta refused the trigger twice, and reported CREATED after each refusal: there is nothing to import. */
  | 'empty'
  /** Okta reports CLOSED or EXPIRED: the session was never triggered. */
  | 'closed'
  /** Okta does not know the session any more, and it was certainly not triggered. */
  | 'gone'
  /** Okta does not know the session any more, and the response to a trigger was lost: it may be imported. */
  | 'unknown';

/**
 * Starts the import of a session. It is repeated until the result is certain; Okta refuses a second trigger, so it does no harm.
 *
 * @param begun - true if a trigger of an earlier run may have been sent
 * @param onLost - called when the response to a trigger was lost, so that Okta may have acted on it
 * @throws {@link SessionError} if the result stays uncertain; and errors of calls on which Okta certainly did not act
 */
export async function triggerSession(
  context: SessionContext,
  sessionId: string,
  { begun, onLost }: { readonly begun: boolean; readonly onLost?: () => void },
): Promise<TriggerResult> {
  const { okta, options } = context;
  let lost = begun;
  let empty = 0;
  for (let attempt = 1; ; attempt++) {
    let refused = false;
    try {
      await okta.startImport(sessionId, callOptions(options));
      return 'triggered';
    } catch (error) {
      refused = isRefused(error);
      if (!refused && !isTransient(error)) throw error;
      if (!refused) onLost?.();
      lost ||= !refused;
    }
    const status = (await getSessionWithRetries(context, sessionId))?.status;
    if (status === undefined) return lost ? 'unknown' : 'gone';
    if (status === 'CLOSED' || status === 'EXPIRED') return 'closed';
    // A status that this version does not know counts as triggered.
    if (FINAL.has(status) || (status !== 'CREATED' && status !== 'IN_PROGRESS')) return 'triggered';
    empty = refused && status === 'CREATED' ? empty + 1 : 0;
    if (empty === 2) return 'empty';
    if (attempt === ATTEMPTS) {
      throw new SessionError(
        `session ${sessionId} cannot be triggered; the next run settles it`,
        sessionId,
        status,
      );
    }
    await options.clock.sleep(empty > 0 ? RECHECK_MS : PAUSE_MS * 2 ** (attempt - 1), options.signal);
  }
}
