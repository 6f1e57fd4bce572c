import { sleepUnless, throwIfAborted } from '../core/clock.js';
import { SessionError } from '../core/errors.js';
import { isLasting, isReadOnlyMode } from '../okta/lost-answer.js';
import { claim, createSession, type CreateOutcome, type OpenedSession } from './create-session.js';
import { listOpenSessions, resolveForeign } from './foreign-sessions.js';
import { loadLearnedWait, storeLearnedWait } from '../state/learned-wait.js';
import { MOST_LATE_MS } from './own-sessions.js';
import { SessionWait } from './session-wait.js';
import { bindTarget } from './target.js';
import { elapsedMs, emitWait, serverNow, type SessionContext } from './upload-context.js';

/** The most attempts whose response was lost. */
const MOST_LOST = 8;
const PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;

/**
 * Creates a session and writes it to the journal. The state then belongs to the org of the session. {@link SessionWait} decides when it is tried, and what it learns is kept in the
 * state. A request on which Okta certainly did not act is repeated for `patienceMs`.
 *
 * @param importing - resolves when no session is being imported any more; undefined if none is
 * @throws {@link ForeignSessionError} if a session is open that is not certainly ours; {@link SessionError} if Okta refuses
 * although the longest wait is over
 */
export async function openSession(
  context: SessionContext,
  importing: Promise<void> | undefined,
): Promise<OpenedSession> {
  const wait = await beginWait(context, importing !== undefined);
  void importing?.then(() => wait.imported());
  const patience = new Patience(context);
  for (let lost = 0; lost < MOST_LOST && !wait.isHopeless;) {
    await untilDue(context, wait, importing);
    wait.attempt();
    const outcome = await tryToOpen(context);
    if (outcome.kind === 'opened') {
      wait.created();
      if (wait.learned.afterImport === true) context.own.imports.over(elapsedMs(context.options));
      context.own.imports.mayBeOver();
      await storeLearnedWait(context.state, wait.learned);
      await closeLostCreates(context, outcome.opened);
      return outcome.opened;
    }
    if (outcome.kind === 'not done') await patience.wait(outcome.error);
    else if (outcome.kind === 'refused') wait.refused();
    // The search for the session after a lost response included the pause.
    else lost++;
  }
  throw new SessionError('Okta does not create a session, although no other session is active');
}

async function beginWait(context: SessionContext, isImporting: boolean): Promise<SessionWait> {
  const { clock, cooldownMinMs: minMs, cooldownMs: maxMs } = context.options;
  const learned = await loadLearnedWait(context.state);
  const triggeredAgoMs = await sinceLastTrigger(context);
  const lastImport = context.own.imports.last;
  return new SessionWait({ clock, minMs, maxMs, learned, triggeredAgoMs, isImporting, lastImport });
}

/** Milliseconds since the last session was triggered, in this run or an earlier one. */
async function sinceLastTrigger(context: SessionContext): Promise<number | undefined> {
  const { state, own, options } = context;
  if (own.lastTriggeredAt !== undefined) return elapsedMs(options) - own.lastTriggeredAt;
  const triggeredAt = await state.journal.lastTriggeredAt();
  // If the clock was set back, the trigger seems to be in the future.
  return triggeredAt === undefined ? undefined : Math.max(0, serverNow(context) - triggeredAt);
}

/** Waits until the next attempt is due. */
async function untilDue(
  { options, own }: SessionContext,
  wait: SessionWait,
  importing: Promise<void> | undefined,
): Promise<void> {
  const { clock, signal, pollTimeoutMs } = options;
  for (let ms = wait.dueInMs(); ms > 0; ms = wait.dueInMs()) {
    emitWait(options, 'session-cooldown', Math.min(ms, pollTimeoutMs));
    const ended = wait.isImporting ? importing : undefined;
    const due = ms === Infinity ? importing : sleepUnless(clock, ms, ended, signal);
    await (wait.endsWithImport ? own.imports.untilEnd(due ?? Promise.resolve()) : due);
    throwIfAborted(signal);
  }
}

/** Makes one attempt: creates a session, or uses an open one that is certainly ours or adopted. */
async function tryToOpen(context: SessionContext): Promise<CreateOutcome> {
  const open = await listOpenSessions(context);
  const ours = await claim(context, open.loadable);
  if (ours !== undefined) return { kind: 'opened', opened: ours };
  const adopted = await resolveForeign(context, open.loadable);
  // Okta knows the identity source now: a wrong id must not make the state belong to it.
  await bindTarget(context.state, context.okta);
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
