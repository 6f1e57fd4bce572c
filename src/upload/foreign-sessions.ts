import { ForeignSessionError } from '../core/errors.js';
import type { Session } from '../okta/wire.js';
import { cancelAndConfirm } from './cancel-session.js';
import { isUnanswered } from './error-kinds.js';
import { getSessionWithRetries } from './get-session.js';
import { LOADABLE } from './poll-session.js';
import { callOptions, serverNow, type SessionContext } from './upload-context.js';

/** The pause before an open session is checked again, because Okta's responses may be outdated. */
const RECHECK_MS = 2000;

/** The sessions that Okta has before a session is created. */
export interface OpenSessions {
  /** The ids of all listed sessions, of any status. */
  readonly seen: ReadonlySet<string>;
  /** The sessions that accept loads, as `getSession` returned them. */
  readonly loadable: readonly Session[];
}

/**
 * The open sessions, which prevent a new one. The list may be outdated, so each session that it shows as open is also read by
 * its id. Sessions of this state whose end was uncertain are cancelled here.
 */
export async function listOpenSessions(context: SessionContext): Promise<OpenSessions> {
  const { okta, options, own } = context;
  const listed = await okta.listSessions(callOptions(options));
  const loadable: Session[] = [];
  for (const { id, status } of listed) {
    if (!LOADABLE.has(status) || own.stateOf(id) === 'ended') continue;
    const session = await getSessionWithRetries(context, id);
    if (session === undefined || !LOADABLE.has(session.status)) continue;
    if (own.stateOf(id) === 'doubtful') await cancelOwn(context, id);
    else loadable.push(session);
  }
  const seen = new Set(listed.map(({ id }) => id));
  for (const id of own.doubtful) if (!seen.has(id)) await cancelUnlisted(context, id);
  return { seen, loadable };
}

/** The list may be outdated, so a session of this state that it lacks is read by its id as well. */
async function cancelUnlisted(context: SessionContext, sessionId: string): Promise<void> {
  try {
    const session = await context.okta.getSession(sessionId, callOptions(context.options));
    if (session === undefined || !LOADABLE.has(session.status)) return;
  } catch (error) {
    if (isUnanswered(error)) return;
    throw error;
  }
  await cancelOwn(context, sessionId);
}

async function cancelOwn(context: SessionContext, sessionId: string): Promise<void> {
  if ((await cancelAndConfirm(context, sessionId)) !== 'gone') context.own.markEnded(sessionId);
}

/**
 * Applies the option `foreignSession` to open sessions of others. Returns the session that is adopted; undefined if a new session
 * can be created.
 *
 * @throws {@link ForeignSessionError} for a session that must not be changed
 */
export async function resolveForeign(
  context: SessionContext,
  loadable: readonly Session[],
): Promise<Session | undefined> {
  const [first] = loadable;
  if (first === undefined) return undefined;
  const { foreignSession, clock, signal } = context.options;
  if (foreignSession === 'cancel') {
    await cancelAndConfirm(context, first.id);
    return undefined;
  }
  await clock.sleep(RECHECK_MS, signal);
  const session = await getSessionWithRetries(context, first.id);
  if (session === undefined || !LOADABLE.has(session.status)) return undefined;
  if (foreignSession === 'adopt' && session.status === 'CREATED') return session;
  const created = session.created === undefined ? NaN : Date.parse(session.created);
  const ageMs = Number.isNaN(created) ? undefined : serverNow(context) - created;
  throw new ForeignSessionError(session.id, session.status, ageMs, context.own.lost.length > 0);
}
