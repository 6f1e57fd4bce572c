import { ForeignSessionError } from '../core/errors.js';
import type { Session } from '../okta/wire.js';
import { cancelAndConfirm } from './cancel-session.js';
import { getSessionFirmly } from './get-session.js';
import { LOADABLE } from './poll-session.js';
import { callOptions, serverNow, type SessionContext } from './upload-context.js';

/** Pause before a session that is in the way is looked at once more: what a first look showed may be old. */
const APART_MS = 2000;

/** What Okta shows before a session is created. */
export interface OpenSessions {
  /** The ids of all that are listed, whatever their status. */
  readonly seen: ReadonlySet<string>;
  /** Those that take loads, each as its own look shows it. */
  readonly loadable: readonly Session[];
}

/**
 * The sessions that are in the way of a new one. The list may be old: one that it shows as open is asked for by its id.
 * One of ours that was given up in doubt is cancelled here.
 */
export async function listOpenSessions(context: SessionContext): Promise<OpenSessions> {
  const { okta, options, own } = context;
  const listed = await okta.listSessions(callOptions(options));
  const loadable: Session[] = [];
  for (const { id, status } of listed) {
    if (!LOADABLE.has(status) || own.fateOf(id) === 'over') continue;
    const session = await getSessionFirmly(context, id);
    if (session === undefined || !LOADABLE.has(session.status)) continue;
    if (own.fateOf(id) === 'doubtful') await cancelOwn(context, id);
    else loadable.push(session);
  }
  return { seen: new Set(listed.map(({ id }) => id)), loadable };
}

async function cancelOwn(context: SessionContext, sessionId: string): Promise<void> {
  if ((await cancelAndConfirm(context, sessionId)) !== 'gone') context.own.over(sessionId);
}

/**
 * Deals with the sessions of others as `foreignSession` says. Answers one that may be used; undefined when nothing is in
 * the way of creating one.
 *
 * @throws {@link ForeignSessionError} for one that is not to be touched.
 */
export async function dealWithForeign(
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
  await clock.sleep(APART_MS, signal);
  const session = await getSessionFirmly(context, first.id);
  if (session === undefined || !LOADABLE.has(session.status)) return undefined;
  if (foreignSession === 'adopt' && session.status === 'CREATED') return session;
  const created = session.created === undefined ? NaN : Date.parse(session.created);
  const ageMs = Number.isNaN(created) ? undefined : serverNow(context) - created;
  throw new ForeignSessionError(session.id, session.status, ageMs, context.own.lost.length > 0);
}
