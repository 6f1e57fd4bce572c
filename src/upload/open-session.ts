import { ForeignSessionError, SessionError } from '../core/errors.js';
import type { Session } from '../okta/wire.js';
import { cancelAndConfirm } from './cancel-session.js';
import { serverNow, callOptions, type SessionContext } from './upload-context.js';
import { isRefused, isTransient } from './error-kinds.js';

/** Attempts to create a session before giving up. */
const ATTEMPTS = 8;
const PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;

/** A session that takes loads, and its number in the journal. */
export interface OpenedSession {
  readonly journalId: number;
  readonly sessionId: string;
}

/**
 * Creates a session and journals it. Waits out the time after the last trigger: Okta allows no session within five
 * minutes of triggering one that is still active, so it is tried at once when none is being imported, and after a
 * refusal when the five minutes are over.
 *
 * @param importing resolves when every session being imported is final; undefined when none is.
 * @throws {@link ForeignSessionError} when a session is open that is not ours.
 */
export async function openSession(
  context: SessionContext,
  importing: Promise<void> | undefined,
): Promise<OpenedSession> {
  const { state } = context;
  await waitForTurn(context, importing);
  for (let attempt = 1; ; attempt++) {
    const before = await listWhatIsOpen(context);
    const adopted = await dealWithForeign(context, before);
    const journalId = await state.journal.creating(serverNow(context));
    const session = adopted ?? (await create(context, before));
    if (session !== undefined) {
      await state.journal.created(journalId, session.id);
      return { journalId, sessionId: session.id };
    }
    await state.journal.settle(journalId, 'dropped');
    if (attempt === ATTEMPTS)
      throw new SessionError('Okta does not create a session, although no other session is active');
    await pauseBefore(context, attempt);
  }
}

/** Waits until the cooldown is over, or nothing is being imported any more. */
async function waitForTurn(context: SessionContext, importing: Promise<void> | undefined): Promise<void> {
  if (importing === undefined) return;
  const ms = await cooldownLeft(context);
  if (ms <= 0) return;
  const { clock, events, signal } = context.options;
  events.emit({
    type: 'wait:start',
    reason: 'session-cooldown',
    until: new Date(clock.now() + ms),
    sessionId: undefined,
  });
  const done = new AbortController();
  const stop = () => done.abort();
  signal?.addEventListener('abort', stop);
  const rest = clock.sleep(ms, done.signal).catch(() => undefined);
  try {
    await Promise.race([rest, importing]);
  } finally {
    stop();
    signal?.removeEventListener('abort', stop);
    await rest;
  }
}

/** Milliseconds until a session may be created for certain. */
async function cooldownLeft(context: SessionContext): Promise<number> {
  const triggered = await context.state.journal.lastTriggeredAt();
  if (triggered === undefined) return 0;
  const left = triggered + context.options.cooldownMs - serverNow(context);
  // A clock that was set back must not make the wait longer than it can be.
  return Math.min(Math.max(left, 0), context.options.cooldownMs);
}

/** After a refusal: the rest of the cooldown, or, when that is over already, a growing pause. */
async function pauseBefore(context: SessionContext, attempt: number): Promise<void> {
  const { clock, events, signal, cooldownMs } = context.options;
  const left = await cooldownLeft(context);
  // The second refusal in a row means that our idea of the last trigger is wrong: wait a whole cooldown once.
  const ms =
    left > 0 ? left + PAUSE_MS : attempt === 2 ? cooldownMs : Math.min(PAUSE_MS * 2 ** attempt, MAX_PAUSE_MS);
  events.emit({
    type: 'wait:start',
    reason: 'session-cooldown',
    until: new Date(clock.now() + ms),
    sessionId: undefined,
  });
  await clock.sleep(ms, signal);
}

async function listWhatIsOpen(context: SessionContext): Promise<readonly Session[]> {
  return context.okta.listSessions(callOptions(context.options));
}

/** Every session of ours is in the journal and settled before this; one that still takes loads is another's. */
async function dealWithForeign(
  context: SessionContext,
  open: readonly Session[],
): Promise<Session | undefined> {
  const foreign = open.find((session) => session.status === 'CREATED' || session.status === 'IN_PROGRESS');
  if (foreign === undefined) return undefined;
  const { foreignSession } = context.options;
  if (foreignSession === 'cancel') {
    await cancelAndConfirm(context, foreign.id);
    return undefined;
  }
  if (foreignSession === 'adopt' && foreign.status === 'CREATED') return foreign;
  const created = foreign.created === undefined ? undefined : Date.parse(foreign.created);
  throw new ForeignSessionError(
    foreign.id,
    foreign.status,
    created === undefined ? undefined : serverNow(context) - created,
  );
}

/** One attempt to create. A lost answer is settled by the list: a session that was not there before is ours. */
async function create(context: SessionContext, before: readonly Session[]): Promise<Session | undefined> {
  const { okta, options } = context;
  try {
    return await okta.createSession(callOptions(options));
  } catch (error) {
    if (isRefused(error)) return undefined;
    if (!isTransient(error)) throw error;
  }
  const known = new Set(before.map((session) => session.id));
  const after = await listWhatIsOpen(context);
  return after.find((session) => session.status === 'CREATED' && !known.has(session.id));
}
