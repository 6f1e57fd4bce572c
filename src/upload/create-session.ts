import { AbortedError, OktaHttpError } from '../core/errors.js';
import { isLostAnswer, isNotDone } from '../okta/lost-answer.js';
import type { Session } from '../okta/wire.js';
import { isRefused, isUnanswered } from './error-kinds.js';
import { listOpenSessions, type OpenSessions } from './foreign-sessions.js';
import type { LostCreate } from './own-sessions.js';
import { callOptions, serverNow, type SessionContext } from './upload-context.js';

/** The pauses before each search for a session, after the response to its creation was lost. */
const SEARCH_PAUSES_MS = [0, 1000, 2000, 4000, 8000, 16_000];

/** A session that accepts loads, and its number in the journal. */
export interface OpenedSession {
  readonly journalId: number;
  readonly sessionId: string;
}

/** The result of one attempt to create a session. */
export type CreateOutcome =
  | { readonly kind: 'opened'; readonly opened: OpenedSession }
  /** Okta refused it: another session is open, or the last one was triggered too recently. */
  | { readonly kind: 'refused' }
  /** The response was lost, and no session of this attempt was found. */
  | { readonly kind: 'lost' }
  /** Okta certainly did not act on the request. */
  | { readonly kind: 'not done'; readonly error: unknown };

/**
 * Makes one attempt to create a session. Before it, the ids of the listed sessions are written to the journal, so that the new
 * session can be recognised if the response is lost.
 */
export async function createSession(
  context: SessionContext,
  { seen }: Pick<OpenSessions, 'seen'>,
): Promise<CreateOutcome> {
  const { okta, state, options, own } = context;
  const { clock } = options;
  const elapsed = () => clock.elapsed?.() ?? clock.now();
  const from = serverNow(context);
  const began = elapsed();
  const journalId = await state.journal.creating(from, [...seen]);
  let session: Session;
  try {
    // Sent only once, because the session is recognised by the time of the attempt.
    session = await okta.createSession({ ...callOptions(options), patienceMs: 0 });
  } catch (error) {
    if (isLostAnswer(error)) {
      // Without `elapsed`, the clock may have been set back during the call.
      own.addLost({ journalId, seen, from, to: from + Math.max(0, elapsed() - began) });
      return await searchLost(context, journalId);
    }
    if (!isNotDone(error) && !(error instanceof OktaHttpError || error instanceof AbortedError)) throw error;
    // Certainly no session was created.
    await state.journal.settle(journalId, 'dropped');
    if (isNotDone(error)) return { kind: 'not done', error };
    if (isRefused(error)) return { kind: 'refused' };
    throw error;
  }
  await state.journal.created(journalId, session.id);
  return { kind: 'opened', opened: { journalId, sessionId: session.id } };
}

/**
 * Searches for the session of an attempt whose response was lost. The search takes half a minute, because a slow service may
 * create the session after a 504. If the last search got a response, the attempt is settled. Otherwise it stays in the
 * journal, so that a later run can recognise the session.
 */
async function searchLost(context: SessionContext, journalId: number): Promise<CreateOutcome> {
  const { clock, signal } = context.options;
  let loadable: readonly Session[] | undefined;
  for (const pause of SEARCH_PAUSES_MS) {
    if (pause > 0) await clock.sleep(pause, signal);
    loadable = await listLoadable(context);
    if (loadable === undefined) continue;
    const opened = await claim(context, loadable);
    if (opened !== undefined) return { kind: 'opened', opened };
    // Okta allows one open session. If there is a foreign one, ours was not created.
    if (loadable.length > 0) break;
  }
  if (loadable !== undefined) {
    await context.state.journal.settle(journalId, 'dropped');
    context.own.forgetEntry(journalId);
  }
  return { kind: 'lost' };
}

/** The open sessions; undefined if there was no usable response. */
async function listLoadable(context: SessionContext): Promise<readonly Session[] | undefined> {
  try {
    return (await listOpenSessions(context)).loadable;
  } catch (error) {
    if (isUnanswered(error)) return undefined;
    throw error;
  }
}

/**
 * The session that one of our attempts with a lost response created; undefined if none of these sessions certainly is. Writes its
 * id to the journal.
 */
export async function claim(
  context: SessionContext,
  loadable: readonly Session[],
): Promise<OpenedSession | undefined> {
  for (const session of loadable) {
    const attempt = context.own.attemptOf(session);
    if (attempt === undefined) continue;
    const journalId = attempt.journalId ?? (await journalAgain(context, attempt));
    await context.state.journal.created(journalId, session.id);
    context.own.removeLost(attempt);
    return { journalId, sessionId: session.id };
  }
  return undefined;
}

function journalAgain({ state }: SessionContext, { from, seen }: LostCreate): Promise<number> {
  return state.journal.creating(from, [...seen]);
}
