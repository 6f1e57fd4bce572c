import type { JournaledSession, SessionOutcome } from '../state/store.js';
import { cancelAndConfirm } from './cancel-session.js';
import { serverNow, type SessionContext } from './upload-context.js';
import { listOpenSessions } from './foreign-sessions.js';
import { getSessionFirmly } from './get-session.js';
import { FINAL, LOADABLE, pollToEnd } from './poll-session.js';
import { triggerSession } from './trigger-session.js';

/** How long an attempt to create a session lasts at most once it is journaled: a rate-limit window, and its answer. */
const ATTEMPT_MS = 120_000;
/** After this a list that does not show the session of an attempt is no old one. */
const LISTED_MS = 900_000;

/** A session of an earlier run, under its id. */
type NamedSession = JournaledSession & { readonly sessionId: string };

/**
 * Settles every session that an earlier run left in flight, by asking Okta for it, so that the baseline is what Okta
 * holds before anything is compared with it. Answers how many were settled.
 *
 * One that was not triggered is cancelled, however complete it is: today's source may say something else. A creation
 * that nobody heard of, and of which no session is found, stays in the journal for a quarter of an hour, or until a
 * session is created: what it made may still turn up.
 *
 * @throws {@link PollTimeoutError} when one is still being imported; nothing is sent then.
 */
export async function settleJournal(context: SessionContext): Promise<number> {
  const { state, options } = context;
  let settled = 0;
  for (const session of await state.journal.open()) {
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
  if (outcome === 'gone') own.doubt(sessionId);
  else own.over(sessionId);
  return outcome === 'gone' ? 'unknown' : outcome;
}

async function outcomeOf(context: SessionContext, journaled: NamedSession): Promise<SessionOutcome | 'gone'> {
  const status = (await getSessionFirmly(context, journaled.sessionId))?.status;
  if (status === undefined || FINAL.has(status)) return outcomeOfEnd(status, journaled);
  // One that was triggered for certain takes no loads: a look that shows it otherwise is an old one.
  if (!LOADABLE.has(status) || journaled.phase === 'triggered') return endOf(context, journaled);
  return journaled.phase === 'triggering' ? goOn(context, journaled) : drop(context, journaled, 'dropped');
}

/** Its trigger had begun, and may have been acted on: it is triggered, which Okta refuses where it was already. */
async function goOn(context: SessionContext, journaled: NamedSession): Promise<SessionOutcome | 'gone'> {
  const result = await triggerSession(context, journaled.sessionId, { begun: true });
  switch (result) {
    case 'triggered':
      await context.state.journal.triggered(journaled.id, serverNow(context));
      return endOf(context, journaled);
    case 'empty':
      return drop(context, journaled, journaled.hasUpserts ? 'dropped' : 'completed');
    case 'closed':
      return 'unknown';
    default:
      return 'gone';
  }
}

/** Cancels the session. What it held is found again by the next comparison. */
async function drop(
  context: SessionContext,
  journaled: NamedSession,
  outcome: 'dropped' | 'completed',
): Promise<SessionOutcome | 'gone'> {
  const result = await cancelAndConfirm(context, journaled.sessionId);
  if (result === 'closed') return outcome;
  return result === 'gone' ? 'gone' : endOf(context, journaled);
}

/** Waits for its end. */
async function endOf(
  { okta, options }: SessionContext,
  journaled: NamedSession,
): Promise<SessionOutcome | 'gone'> {
  return outcomeOfEnd((await pollToEnd(okta, journaled.sessionId, options))?.status, journaled);
}

/** What a final status says of a session's rows. Only what Okta reported COMPLETED is confirmed. */
function outcomeOfEnd(status: string | undefined, journaled: NamedSession): SessionOutcome | 'gone' {
  const allAcknowledged = journaled.loads > 0 && journaled.acknowledged === journaled.loads;
  if (status === undefined) return 'gone';
  if (status === 'COMPLETED' && allAcknowledged) return 'completed';
  // We asked for its end before it was triggered, and it has ended: none of it was imported.
  if (status === 'CLOSED' && journaled.phase === 'cancelling') return 'dropped';
  return 'unknown';
}

/** `createSession` was called, and nobody heard of it: the session that it made is not needed, and is cancelled. */
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
    own.found(attempt);
    own.doubt(ours.id);
    if ((await cancelAndConfirm(context, ours.id)) !== 'gone') own.over(ours.id);
    return 'dropped';
  }
  return serverNow(context) - startedAt >= LISTED_MS ? 'dropped' : undefined;
}
