import { SessionError } from '../core/errors.js';
import { claim, createSession, type CreateOutcome, type OpenedSession } from './create-session.js';
import { dealWithForeign, listOpenSessions } from './foreign-sessions.js';
import { emitWait, serverNow, type SessionContext } from './upload-context.js';

/** Attempts to create a session before giving up. */
const ATTEMPTS = 8;
const PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;

/**
 * Creates a session and journals it. Waits out the time after the last trigger: Okta allows no session within five
 * minutes of triggering one that is still active, so it is tried at once when none is being imported, and after a
 * refusal when the five minutes are over. What was certainly not acted on is sent again for `patienceMs`.
 *
 * @param importing resolves when every session being imported is final; undefined when none is.
 * @throws {@link ForeignSessionError} when a session is open that is not certainly ours.
 */
export async function openSession(
  context: SessionContext,
  importing: Promise<void> | undefined,
): Promise<OpenedSession> {
  await waitForTurn(context, importing);
  const patience = new Patience(context);
  for (let attempt = 1; ;) {
    const outcome = await tryToOpen(context);
    if (outcome.kind === 'opened') {
      await closeLostCreates(context, outcome.opened);
      return outcome.opened;
    }
    if (outcome.kind === 'not done') {
      await patience.wait(outcome.error);
      continue;
    }
    if (attempt === ATTEMPTS)
      throw new SessionError('Okta does not create a session, although no other session is active');
    // Without an answer, waiting was part of the search for the session.
    if (outcome.kind === 'refused') await pauseBefore(context, attempt);
    attempt++;
  }
}

/** Looks for what is in the way, and creates a session where nothing is, or takes one that is certainly ours. */
async function tryToOpen(context: SessionContext): Promise<CreateOutcome> {
  const open = await listOpenSessions(context);
  const ours = await claim(context, open.loadable);
  if (ours !== undefined) return { kind: 'opened', opened: ours };
  const adopted = await dealWithForeign(context, open.loadable);
  if (adopted === undefined) return createSession(context, open);
  const { journal } = context.state;
  const journalId = await journal.creating(serverNow(context), [...open.seen]);
  await journal.created(journalId, adopted.id);
  return { kind: 'opened', opened: { journalId, sessionId: adopted.id } };
}

/** With a session open there is no other of ours: what an attempt of an earlier run left in the journal made none. */
async function closeLostCreates(context: SessionContext, opened: OpenedSession): Promise<void> {
  const { state, own } = context;
  for (const { id, sessionId } of await state.journal.open()) {
    if (sessionId !== undefined || id === opened.journalId) continue;
    await state.journal.settle(id, 'dropped');
    own.closeEntry(id);
  }
}

/** Waits between attempts that were certainly not acted on, for `patienceMs` in all. */
class Patience {
  readonly #context: SessionContext;
  #waited = 0;
  #pause = PAUSE_MS;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** @throws the error, when patience is at its end. */
  async wait(error: unknown): Promise<void> {
    const { clock, signal, patienceMs } = this.#context.options;
    const ms = this.#pause;
    if (this.#waited + ms > patienceMs) throw error;
    emitWait(this.#context.options, 'back-off', ms);
    await clock.sleep(ms, signal);
    this.#waited += ms;
    this.#pause = Math.min(2 * ms, MAX_PAUSE_MS);
  }
}

/** Waits until the cooldown is over, or nothing is being imported any more. */
async function waitForTurn(context: SessionContext, importing: Promise<void> | undefined): Promise<void> {
  if (importing === undefined) return;
  const ms = await cooldownLeft(context);
  if (ms <= 0) return;
  const { clock, signal } = context.options;
  emitWait(context.options, 'session-cooldown', ms);
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
  const { clock, signal, cooldownMs } = context.options;
  const left = await cooldownLeft(context);
  // The second refusal in a row means that our idea of the last trigger is wrong: wait a whole cooldown once.
  const ms =
    left > 0 ? left + PAUSE_MS : attempt === 2 ? cooldownMs : Math.min(PAUSE_MS * 2 ** attempt, MAX_PAUSE_MS);
  emitWait(context.options, 'session-cooldown', ms);
  await clock.sleep(ms, signal);
}
