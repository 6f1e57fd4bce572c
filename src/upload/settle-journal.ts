import type { JournaledSession, SessionOutcome } from '../state/store.js';
import { cancelAndConfirm } from './cancel-session.js';
import { callOptions, type SessionContext } from './upload-context.js';
import { lookAt } from './get-session.js';
import { pollToEnd } from './poll-session.js';
import { isRefused, isTransient } from './error-kinds.js';
import type { Session, SessionStatus } from '../okta/wire.js';
import { SessionError } from '../core/errors.js';

/** Server clocks show seconds; and the client may wait for several windows of five minutes before it sends. */
const CREATED_EARLIEST_MS = 2000;
const CREATED_LATEST_MS = 45 * 60_000;
const ATTEMPTS = 6;
const PAUSE_MS = 1000;

/**
 * Settles every session that an earlier run left in flight, by asking Okta for it, so that the baseline is what Okta
 * holds before anything is compared with it. Answers how many were settled.
 *
 * @throws {@link PollTimeoutError} when one is still being imported; nothing is sent then.
 */
export async function settleJournal(context: SessionContext): Promise<number> {
  const { state, options } = context;
  const sessions = await state.journal.open();
  for (const session of sessions) {
    const outcome = await settleOne(context, session);
    await state.journal.settle(session.id, outcome);
    options.events.emit({ type: 'journal:settled', sessionId: session.sessionId, outcome });
  }
  return sessions.length;
}

async function settleOne(context: SessionContext, journaled: JournaledSession): Promise<SessionOutcome> {
  if (journaled.sessionId === undefined) return dropUnnamed(context, journaled);
  const session = await ask(context, journaled.sessionId);
  const status = session?.status;
  if (status === 'CREATED' || status === 'IN_PROGRESS')
    return settleLoadable(context, journaled, journaled.sessionId, status);
  if (status === 'TRIGGERED')
    return outcomeOf(
      (await pollToEnd(context.okta, journaled.sessionId, context.options))?.status,
      journaled,
    );
  return outcomeOf(status, journaled);
}

/** `createSession` was called, and nobody heard of it: a session made since then and empty is ours, and not needed. */
async function dropUnnamed(context: SessionContext, journaled: JournaledSession): Promise<SessionOutcome> {
  const open = await context.okta.listSessions(callOptions(context.options));
  const ours = open.find((session) => session.status === 'CREATED' && madeIn(session, journaled.startedAt));
  if (ours !== undefined) await cancelAndConfirm(context, ours.id);
  return 'dropped';
}

function madeIn(session: Session, startedAt: number): boolean {
  if (session.created === undefined) return false;
  const created = Date.parse(session.created);
  return created >= startedAt - CREATED_EARLIEST_MS && created <= startedAt + CREATED_LATEST_MS;
}

/** It still takes loads: complete, it is triggered; otherwise cancelled, and what it held is found again by the next diff. */
async function settleLoadable(
  context: SessionContext,
  journaled: JournaledSession,
  sessionId: string,
  status: SessionStatus,
): Promise<SessionOutcome> {
  const complete =
    journaled.phase !== 'cancelling' && journaled.loads > 0 && journaled.acknowledged === journaled.loads;
  if (complete && status === 'IN_PROGRESS') {
    await triggerAgain(context, journaled, sessionId);
    return outcomeOf((await pollToEnd(context.okta, sessionId, context.options))?.status, journaled);
  }
  const result = await cancelAndConfirm(context, sessionId);
  if (result === 'ran') {
    const end = await pollToEnd(context.okta, sessionId, context.options);
    return complete ? outcomeOf(end?.status, journaled) : 'unknown';
  }
  // CREATED although deletions were acknowledged: they matched nothing, so Okta holds none of them.
  return complete && !journaled.hasUpserts ? 'completed' : 'dropped';
}

async function triggerAgain(
  context: SessionContext,
  journaled: JournaledSession,
  sessionId: string,
): Promise<void> {
  const { okta, options, state } = context;
  await state.journal.triggering(journaled.id);
  for (let attempt = 1; ; attempt++) {
    try {
      await okta.startImport(sessionId, callOptions(options));
      break;
    } catch (error) {
      if (!isTransient(error) && !isRefused(error)) throw error;
    }
    const status = (await ask(context, sessionId))?.status;
    if (status !== 'IN_PROGRESS') break;
    if (attempt === ATTEMPTS)
      throw new SessionError(
        `session ${sessionId} cannot be triggered; the next run settles it`,
        sessionId,
        status,
      );
    await options.clock.sleep(PAUSE_MS * 2 ** attempt, options.signal);
  }
  const triggeredAt = okta.serverDate() ?? options.clock.now();
  await state.journal.triggered(journaled.id, triggeredAt);
}

/** What a final status says of a session's rows. Only what Okta reported COMPLETED is confirmed. */
function outcomeOf(status: SessionStatus | undefined, journaled: JournaledSession): SessionOutcome {
  const allAcknowledged = journaled.loads > 0 && journaled.acknowledged === journaled.loads;
  if (status === 'COMPLETED' && allAcknowledged) return 'completed';
  // We asked for its end before it was triggered, and it has ended: none of it was imported.
  if (status === 'CLOSED' && journaled.phase === 'cancelling') return 'dropped';
  return 'unknown';
}

async function ask(context: SessionContext, sessionId: string): Promise<Session | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await lookAt(context, sessionId);
    } catch (error) {
      if (!isTransient(error) || attempt === ATTEMPTS) throw error;
      await context.options.clock.sleep(PAUSE_MS * 2 ** attempt, context.options.signal);
    }
  }
}
