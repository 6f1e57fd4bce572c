import { AbortedError, OktaHttpError } from '../core/errors.js';
import { isLostAnswer, isNotDone } from '../okta/lost-answer.js';
import type { Session } from '../okta/wire.js';
import { isRefused, isUnanswered } from './error-kinds.js';
import { listOpenSessions, type OpenSessions } from './foreign-sessions.js';
import type { LostCreate } from './own-sessions.js';
import { callOptions, serverNow, type SessionContext } from './upload-context.js';

/** Pauses between looks for a session whose creation got no answer. */
const SEARCH_PAUSES_MS = [0, 1000, 2000, 4000, 8000, 16_000];

/** A session that takes loads, and its number in the journal. */
export interface OpenedSession {
  readonly journalId: number;
  readonly sessionId: string;
}

/** What came of one attempt to create a session. */
export type CreateOutcome =
  | { readonly kind: 'opened'; readonly opened: OpenedSession }
  /** Okta refused it: another is open, or it is too soon. */
  | { readonly kind: 'refused' }
  /** There was no answer, and no session that it made was found. */
  | { readonly kind: 'lost' }
  /** It was certainly not acted on. */
  | { readonly kind: 'not done'; readonly error: unknown };

/**
 * One attempt to create a session, journaled before with what Okta shows, so that a session which it made is known from
 * others even if its answer is lost.
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
    // Sent once: its time is what a session that it made is known by.
    session = await okta.createSession({ ...callOptions(options), patienceMs: 0 });
  } catch (error) {
    if (isLostAnswer(error)) {
      // A clock without `elapsed` may have been set back meanwhile.
      own.addLost({ journalId, seen, from, to: from + Math.max(0, elapsed() - began) });
      return await searchLost(context, journalId);
    }
    if (!isNotDone(error) && !(error instanceof OktaHttpError || error instanceof AbortedError)) throw error;
    // Nothing was made, whatever else went wrong.
    await state.journal.settle(journalId, 'dropped');
    if (isNotDone(error)) return { kind: 'not done', error };
    if (isRefused(error)) return { kind: 'refused' };
    throw error;
  }
  await state.journal.created(journalId, session.id);
  return { kind: 'opened', opened: { journalId, sessionId: session.id } };
}

/**
 * Looks for the session that an attempt may have made, for half a minute: a slow service may make it after its answer.
 * Where Okta answered the last look, the attempt is over. Where it did not, the journal keeps the attempt, so that a
 * later run still knows the session as ours.
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
    // Okta allows one open session: with another's there, ours was not made.
    if (loadable.length > 0) break;
  }
  if (loadable !== undefined) {
    await context.state.journal.settle(journalId, 'dropped');
    context.own.closeEntry(journalId);
  }
  return { kind: 'lost' };
}

/** The open sessions; undefined where the look was not answered, for the next may be. */
async function listLoadable(context: SessionContext): Promise<readonly Session[] | undefined> {
  try {
    return (await listOpenSessions(context)).loadable;
  } catch (error) {
    if (isUnanswered(error)) return undefined;
    throw error;
  }
}

/** The session that one of our own attempts made, in the journal under its id; undefined when none of these is certainly ours. */
export async function claim(
  context: SessionContext,
  loadable: readonly Session[],
): Promise<OpenedSession | undefined> {
  for (const session of loadable) {
    const attempt = context.own.attemptOf(session);
    if (attempt === undefined) continue;
    const journalId = attempt.journalId ?? (await journalAnew(context, attempt));
    await context.state.journal.created(journalId, session.id);
    context.own.found(attempt);
    return { journalId, sessionId: session.id };
  }
  return undefined;
}

function journalAnew({ state }: SessionContext, { from, seen }: LostCreate): Promise<number> {
  return state.journal.creating(from, [...seen]);
}
