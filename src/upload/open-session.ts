import { throwIfAborted } from '../core/clock.js';
import { SessionError } from '../core/errors.js';
import { isLasting, isReadOnlyMode } from '../okta/lost-answer.js';
import { claim, createSession, type CreateOutcome, type OpenedSession } from './create-session.js';
import { listOpenSessions, resolveForeign } from './foreign-sessions.js';
import { MOST_LATE_MS } from './own-sessions.js';
import { emitWait, serverNow, type SessionContext } from './upload-context.js';

/** The most attempts to create a session. */
const ATTEMPTS = 8;
const PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;

/**
 * Creates a session and writes it to the journal. Okta allows no new session within five minutes after triggering one that is
 * still active. So the first attempt is made as soon as no session is being imported, or when the five minutes are over. A
 * request on which Okta certainly did not act is repeated for `patienceMs`.
 *
 * @param importing - resolves when no session is being imported any more; undefined if none is
 * @throws {@link ForeignSessionError} if a session is open that is not certainly ours
 */
export async function openSession(
  context: SessionContext,
  importing: Promise<void> | undefined,
): Promise<OpenedSession> {
  await waitForTurn(context, importing);
  const patience = new Patience(context);
  let isImporting = importing !== undefined;
  void importing?.then(() => (isImporting = false));
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
    if (outcome.kind === 'refused' && attempt > 1 && isImporting) {
      // Okta may allow no session until the import has ended, however long that takes.
      emitWait(context.options, 'session-cooldown', context.options.pollTimeoutMs);
      await importing;
      throwIfAborted(context.options.signal);
      continue;
    }
    if (attempt === ATTEMPTS)
      throw new SessionError('Okta does not create a session, although no other session is active');
    // After a lost response, the search for the session included the pause.
    if (outcome.kind === 'refused') await pauseBefore(context, attempt);
    attempt++;
  }
}

/** Makes one attempt: creates a session, or uses an open one that is certainly ours or adopted. */
async function tryToOpen(context: SessionContext): Promise<CreateOutcome> {
  const open = await listOpenSessions(context);
  const ours = await claim(context, open.loadable);
  if (ours !== undefined) return { kind: 'opened', opened: ours };
  const adopted = await resolveForeign(context, open.loadable);
  if (adopted === undefined) return createSession(context, open);
  const { journal } = context.state;
  const journalId = await journal.creating(serverNow(context), [...open.seen]);
  await journal.created(journalId, adopted.id);
  return { kind: 'opened', opened: { journalId, sessionId: adopted.id } };
}

/**
 * Settles attempts of earlier runs in the journal. They created no session until now, because Okta allows only one, and ours
 * is open. An attempt that Okta may still act on stays: its session would look like another's to the next run.
 */
async function closeLostCreates(context: SessionContext, opened: OpenedSession): Promise<void> {
  const { state, own } = context;
  for (const { id, sessionId, startedAt } of await state.journal.open()) {
    if (sessionId !== undefined || id === opened.journalId) continue;
    if (serverNow(context) < startedAt + MOST_LATE_MS) continue;
    await state.journal.settle(id, 'dropped');
    own.forgetEntry(id);
  }
}

/** Waits between attempts on which Okta certainly did not act, for `patienceMs` in all. */
class Patience {
  readonly #context: SessionContext;
  #waited = 0;
  #pause = PAUSE_MS;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** Waits for the next pause. @throws `error` if it does not end by itself, or if `patienceMs` would be exceeded */
  async wait(error: unknown): Promise<void> {
    const { clock, signal, patienceMs } = this.#context.options;
    const ms = this.#pause;
    if (isLasting(error) || this.#waited + ms > patienceMs) throw error;
    emitWait(this.#context.options, isReadOnlyMode(error) ? 'read-only' : 'back-off', ms);
    await clock.sleep(ms, signal);
    this.#waited += ms;
    this.#pause = Math.min(2 * ms, MAX_PAUSE_MS);
  }
}

/** Waits until the cooldown is over, or until no session is being imported any more. */
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

/** Milliseconds until Okta certainly allows a new session. */
async function cooldownLeft(context: SessionContext): Promise<number> {
  const triggered = await context.state.journal.lastTriggeredAt();
  if (triggered === undefined) return 0;
  const left = triggered + context.options.cooldownMs - serverNow(context);
  // If the clock was set back, the wait must not be longer than the cooldown.
  return Math.min(Math.max(left, 0), context.options.cooldownMs);
}

/** Waits after a refusal: for the rest of the cooldown, or, if that is over, for a growing pause. */
async function pauseBefore(context: SessionContext, attempt: number): Promise<void> {
  const { clock, signal, cooldownMs } = context.options;
  const left = await cooldownLeft(context);
  // A second refusal means that the time of the last trigger is not known correctly, so wait for a whole cooldown once.
  const ms =
    left > 0 ? left + PAUSE_MS : attempt === 2 ? cooldownMs : Math.min(PAUSE_MS * 2 ** attempt, MAX_PAUSE_MS);
  emitWait(context.options, 'session-cooldown', ms);
  await clock.sleep(ms, signal);
}
