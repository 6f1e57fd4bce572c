import { sleepUnless, throwIfAborted } from '../core/clock.js';
import { PollTimeoutError } from '../core/errors.js';
import type { Session, SessionStatus } from '../okta/wire.js';
import type { ImportTime } from '../state/learned-wait.js';
import type { PollLimits } from './import-times.js';
import { getSession } from './get-session.js';
import { callOptions, elapsedMs, emitWait, serverNow, type SessionContext } from './upload-context.js';
import { isUnanswered } from './error-kinds.js';

/** The final statuses of a session. */
export const FINAL: ReadonlySet<string> = new Set<SessionStatus>(['COMPLETED', 'ERROR', 'CLOSED', 'EXPIRED']);
/** The statuses in which a session accepts loads. */
export const LOADABLE: ReadonlySet<string> = new Set<SessionStatus>(['CREATED', 'IN_PROGRESS']);

/** True for a status that this version does not know. */
export function isUnknownStatus(status: string): boolean {
  return !FINAL.has(status) && !LOADABLE.has(status) && status !== 'TRIGGERED';
}

/** The times of a session and Okta's own time are in whole seconds, so the time between them may be wrong by this. */
const SECOND_MS = 1000;
/** A `lastUpdated` within this time after the beginning of an import may be that of its trigger. */
const TRIGGER_MS = 3000;

type PollContext = Pick<SessionContext, 'okta' | 'options' | 'own'>;

/**
 * Gets a triggered session from Okta until its status is final. Returns undefined if Okta does not know it any more.
 * {@link ImportTimes} decides when. Okta imports one session after another, so a session is not polled before those ahead of it
 * have ended.
 *
 * The limits count the time slept and not the clock, so that a clock that is set forward does not end the wait.
 * @throws {@link PollTimeoutError} if the status is not final within `pollTimeoutMs`: its outcome is unknown. Throws the last
 * error if there was no usable response for `patienceMs`.
 */
export async function pollToEnd(
  context: PollContext,
  sessionId: string,
  ahead?: Promise<unknown>,
): Promise<Session | undefined> {
  const { options, own } = context;
  const { events, pollTimeoutMs, patienceMs } = options;
  emitWait(options, 'import', pollTimeoutMs, sessionId);
  const queuedAt = elapsedMs(options);
  await ahead;
  // The import ahead was over before it was seen to be.
  const begunAt = Math.max(queuedAt, Math.min(own.imports.overAt, elapsedMs(options)));
  let waited = elapsedMs(options) - queuedAt;
  let unansweredFor = 0;
  let unfinishedMs = 0;
  let status: string | undefined;
  const firstMs = Math.min(
    own.imports.firstMs(elapsedMs(options) - begunAt, pollLimits(context)),
    pollTimeoutMs - waited,
  );
  if (firstMs > 0) waited += await sleep(context, firstMs);
  for (;;) {
    const polledMs = elapsedMs(options) - begunAt;
    const seen = await tryGetSession(context, sessionId);
    if ('session' in seen) {
      unansweredFor = 0;
      if (seen.session === undefined) return undefined;
      if (FINAL.has(seen.session.status)) {
        const time = importTime(context, seen.session, unfinishedMs, elapsedMs(options) - begunAt);
        own.imports.over(begunAt + time.byMs);
        own.imports.ended(time);
        return seen.session;
      }
      unfinishedMs = polledMs;
      const { status: now } = seen.session;
      if (now !== status && isUnknownStatus(now))
        events.emit({ type: 'session:status', sessionId, status: now });
      status = now;
    } else if (unansweredFor >= patienceMs) {
      throw seen.error;
    }
    if (waited >= pollTimeoutMs) throw new PollTimeoutError(sessionId, status, waited);
    const nextMs = own.imports.nextMs(elapsedMs(options) - begunAt, pollLimits(context));
    const ms = await sleep(context, Math.min(nextMs, pollTimeoutMs - waited));
    waited += ms;
    if (!('session' in seen)) unansweredFor += ms;
  }
}

/**
 * {@link pollToEnd} until the status is final: returns the status, `gone` if Okta does not know the session any more, or, if it
 * may be left, `left` if it was not final within `pollTimeoutMs`.
 */
export async function endStatus(
  context: PollContext,
  sessionId: string,
  mayLeave: () => boolean,
  ahead?: Promise<unknown>,
): Promise<string> {
  try {
    return (await pollToEnd(context, sessionId, ahead))?.status ?? 'gone';
  } catch (error) {
    if (!(error instanceof PollTimeoutError && mayLeave())) throw error;
    return 'left';
  }
}

/**
 * When an import ended that was not over at `afterMs` and was seen to be over at `byMs`. A poll may be late, because of a rate limit,
 * so the `lastUpdated` of the session counts if it can be the moment of the end. Only the times of later polls follow from this.
 */
function importTime(
  context: PollContext,
  { lastUpdated }: Session,
  afterMs: number,
  byMs: number,
): ImportTime {
  const endedAgoMs = serverNow(context) - Date.parse(lastUpdated ?? '');
  const endMs = byMs - endedAgoMs + SECOND_MS;
  const isEnd = endMs > Math.max(afterMs, TRIGGER_MS) && endMs < byMs;
  return isEnd ? { afterMs: Math.max(afterMs, endMs - 2 * SECOND_MS), byMs: endMs } : { afterMs, byMs };
}

/** Sleeps for `ms`, or until an import may be over. Returns the milliseconds slept. */
async function sleep({ options, own }: PollContext, ms: number): Promise<number> {
  const { clock, signal } = options;
  const beganAt = elapsedMs(options);
  let isWoken = false;
  const woken = own.imports.untilMaybeOver().then(() => {
    isWoken = true;
  });
  await sleepUnless(clock, ms, woken, signal);
  throwIfAborted(signal);
  return isWoken ? Math.min(ms, Math.max(0, elapsedMs(options) - beganAt)) : ms;
}

function pollLimits({ okta, options }: PollContext): PollLimits {
  return { intervalMs: options.pollIntervalMs, perWindow: okta.pollsPerWindow?.() };
}

/** Gets the session once. An error that may pass is returned and not thrown. */
async function tryGetSession(
  context: PollContext,
  sessionId: string,
): Promise<{ readonly session: Session | undefined } | { readonly error: unknown }> {
  try {
    const call = { ...callOptions(context.options), urgency: 'poll' } as const;
    return { session: await getSession(context, sessionId, call) };
  } catch (error) {
    if (isUnanswered(error)) return { error };
    throw error;
  }
}
