import { SessionError } from '../core/errors.js';
import { isRefused, isTransient } from './error-kinds.js';
import { getSessionFirmly } from './get-session.js';
import { FINAL } from './poll-session.js';
import { callOptions, type SessionContext } from './upload-context.js';

/** Attempts to trigger a session, and the first pause between them. */
const ATTEMPTS = 6;
const PAUSE_MS = 1000;
/** Pause between two looks that must agree: what the first showed may have been old. */
const APART_MS = 5000;

/** What became of a trigger. */
export type TriggerResult =
  /** It was acted on: the session is being imported, or has been. */
  | 'triggered'
  /** Okta refused it twice, and showed the session CREATED after each refusal: there is nothing in it to import. */
  | 'empty'
  /** Okta shows the session CLOSED or EXPIRED: it was never triggered. */
  | 'closed'
  /** Okta does not know the session, which was certainly not triggered. */
  | 'gone'
  /** Okta does not know the session, and a trigger got no answer: it may be imported. */
  | 'unknown';

/**
 * Starts the import of a session, again until it is certain what became of it: a second trigger is refused, so it does no
 * harm.
 *
 * @param onLost - Called when a trigger may have been acted on; given one that was before, `begun` says so.
 * @throws {@link SessionError} when that cannot be learned; and whatever says that nothing was sent.
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
    const status = (await getSessionFirmly(context, sessionId))?.status;
    if (status === undefined) return lost ? 'unknown' : 'gone';
    if (status === 'CLOSED' || status === 'EXPIRED') return 'closed';
    // One that is not known here is none from which a session is triggered.
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
    await options.clock.sleep(empty > 0 ? APART_MS : PAUSE_MS * 2 ** (attempt - 1), options.signal);
  }
}
