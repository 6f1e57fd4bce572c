import type { JournaledSession, SessionOutcome } from '../state/journal.js';
import { cancelAndConfirm } from './cancel-session.js';
import { serverNow, type SessionContext } from './upload-context.js';
import { listOpenSessions } from './foreign-sessions.js';
import { ATTEMPT_MS } from './own-sessions.js';
import { getSessionWithRetries } from './get-session.js';
import { endStatus, FINAL, LOADABLE } from './poll-session.js';
import { triggerSession } from './trigger-session.js';

/** After this time, a list without the session of an attempt cannot be outdated. */
const LISTED_MS = 900_000;

/** A session of an earlier run whose id is known. */
type NamedSession = JournaledSession & { readonly sessionId: string };

/**
 * Settles every session that an earlier run left in flight, by getting it from Okta. So the baseline is up to date before a
 * source is compared with it. Returns the number of settled sessions.
 *
 * A session that was not triggered is cancelled, even if all its loads were acknowledged, because the source may have changed.
 * A creation whose response was lost, and whose session is not found, stays in the journal for a quarter of an hour, or until
 * a session is created, because its session may still appear.
 *
 * @throws {@link PollTimeoutError} if a session is still being imported, unless `leaveSession` is set; nothing is sent then
 */
export async function settleJournal(context: SessionContext): Promise<number> {
  const { state, options } = context;
  let settled = 0;
  const open = await state.journal.open();
  // First those with an id: an attempt without one must not take one of them for its own.
  for (const session of [...open.filter(isNamed), ...open.filter((one) => !isNamed(one))]) {
    const outcome = isNamed(session)
      ? await settleNamed(context, session)
      : await settleUnnamed(context, session);
    if (outcome === undefined) continue;
    await state.journal.settle(session.id, outcome);
    options.events.emit({ type: 'journal:settled', sessionId: session.sessionId, outcome });
    settled++;
  }
  return settled;
}

function isNamed(session: JournaledSession): session is NamedSession {
  return session.sessionId !== undefined;
}

async function settleNamed(context: SessionContext, journaled: NamedSession): Promise<SessionOutcome> {
  const { own } = context;
  const { sessionId } = journaled;
  const outcome = await outcomeOf(context, journaled);
  if (outcome === 'gone') own.markDoubtful(sessionId);
  else own.markEnded(sessionId);
  return outcome === 'gone' ? 'unknown' : outcome;
}

async function outcomeOf(context: SessionContext, journaled: NamedSession): Promise<SessionOutcome | 'gone'> {
  const status = (await getSessionWithRetries(context, journaled.sessionId))?.status ?? 'gone';
  if (status === 'gone' || FINAL.has(status)) return outcomeOfEnd(status, journaled);
  // A session that was certainly triggered accepts no loads, so a response that shows it open is outdated.
  if (!LOADABLE.has(status) || journaled.phase === 'triggered') return waitForEnd(context, journaled);
  return journaled.phase === 'triggering'
    ? triggerAgain(context, journaled)
    : cancel(context, journaled, 'dropped');
}

/** Triggers a session whose trigger may have been sent. Okta refuses a second trigger, so it does no harm. */
async function triggerAgain(
  context: SessionContext,
  journaled: NamedSession,
): Promise<SessionOutcome | 'gone'> {
  const result = await triggerSession(context, journaled.sessionId, { begun: true });
  switch (result) {
    case 'triggered':
      await context.state.journal.triggered(journaled.id, serverNow(context));
      return waitForEnd(context, journaled);
    case 'empty':
      return cancel(context, journaled, journaled.hasUpserts ? 'dropped' : 'completed');
    case 'closed':
      return 'unknown';
    default:
      return 'gone';
  }
}

/** Cancels the session. The next comparison finds its changes again. */
async function cancel(
  context: SessionContext,
  journaled: NamedSession,
  outcome: 'dropped' | 'completed',
): Promise<SessionOutcome | 'gone'> {
  const result = await cancelAndConfirm(context, journaled.sessionId);
  if (result === 'closed') return outcome;
  return result === 'gone' ? 'gone' : waitForEnd(context, journaled);
}

/** Waits until the import of the session has ended, or is given up with the option `leaveSession`. */
async function waitForEnd(
  context: SessionContext,
  journaled: NamedSession,
): Promise<SessionOutcome | 'gone'> {
  const { options } = context;
  const { leaveSession, pollTimeoutMs } = options;
  const { sessionId, triggeredAt } = journaled;
  // What it has waited already counts.
  const waitedMs = leaveSession && triggeredAt !== undefined ? serverNow(context) - triggeredAt : 0;
  const limit = { ...options, pollTimeoutMs: Math.max(0, pollTimeoutMs - Math.max(0, waitedMs)) };
  const end = endStatus({ ...context, options: limit }, sessionId, () => leaveSession);
  const status = await context.own.imports.untilEnd(end);
  if (status === 'left') context.own.hasLeft = true;
  return outcomeOfEnd(status, journaled);
}

/** The outcome of a session with a final status. It is confirmed only if Okta reported COMPLETED. */
function outcomeOfEnd(status: string, journaled: NamedSession): SessionOutcome | 'gone' {
  const allAcknowledged = journaled.loads > 0 && journaled.acknowledged === journaled.loads;
  if (status === 'gone') return 'gone';
  if (status === 'COMPLETED' && allAcknowledged) return 'completed';
  // It was cancelled before it was triggered, and is closed: nothing of it was imported.
  if (status === 'CLOSED' && journaled.phase === 'cancelling') return 'dropped';
  return 'unknown';
}

/** Settles a creation whose response was lost. If its session is found, it is cancelled, because it is not needed any more. */
async function settleUnnamed(
  context: SessionContext,
  { id, startedAt, seen }: JournaledSession,
): Promise<SessionOutcome | undefined> {
  const { own } = context;
  if (own.lost.every(({ journalId }) => journalId !== id))
    own.addLost({ journalId: id, seen: new Set(seen), from: startedAt, to: startedAt + ATTEMPT_MS });
  const { loadable } = await listOpenSessions(context);
  for (const ours of loadable) {
    const attempt = own.attemptOf(ours);
    if (attempt?.journalId !== id) continue;
    own.removeLost(attempt);
    own.markDoubtful(ours.id);
    if ((await cancelAndConfirm(context, ours.id)) !== 'gone') own.markEnded(ours.id);
    return 'dropped';
  }
  return serverNow(context) - startedAt >= LISTED_MS ? 'dropped' : undefined;
}
