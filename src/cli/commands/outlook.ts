import { AbortedError, RollcallError } from '../../core/errors.js';
import type { OktaClient } from '../../okta/wire.js';
import type { JournaledSession } from '../../state/journal.js';
import type { StateStore, Target } from '../../state/store.js';
import { readCredentials } from '../settings/credentials.js';
import type { Settings } from '../settings/settings.js';
import type { CliContext } from '../process/io.js';
import { connect } from './connect.js';

/** A session in flight, which a sync settles first. */
export interface OutlookSession {
  readonly sessionId: string | undefined;
  /** Okta's status; `gone` if Okta does not know the session; undefined if Okta was not asked. */
  readonly status: string | undefined;
  readonly rows: number;
  /** The way in which a sync settles it; undefined if that depends on its status in Okta, and Okta was not asked. */
  readonly settling: 'confirm' | 'wait' | 'trigger' | 'cancel' | 'doubt' | undefined;
}

/** An active session in Okta that is not in the journal of the state. */
export interface ForeignSession {
  readonly sessionId: string;
  readonly status: string;
  /** Undefined if Okta did not say when it was created. */
  readonly ageMs: number | undefined;
}

/** The things that a sync would find before it sends a plan. */
export interface Outlook {
  /** The org and identity source of the state, if the settings name others: a sync would be refused. */
  readonly otherTarget: Target | undefined;
  readonly inFlight: readonly OutlookSession[];
  /** Undefined if Okta was not asked. */
  readonly foreign: readonly ForeignSession[] | undefined;
  /** The reason why Okta was not asked, or did not answer. */
  readonly unknown: string | undefined;
}

/** Looks at the journal of the state and, with credentials, at the sessions in Okta. Changes nothing, and does not fail for Okta. */
export async function lookAhead(
  state: StateStore,
  settings: Settings,
  context: CliContext,
  signal: AbortSignal,
): Promise<Outlook> {
  const target = await state.target();
  const journal = await state.journal.open();
  const offline = (unknown: string | undefined, otherTarget?: Target): Outlook => ({
    otherTarget,
    inFlight: journal.map((session) => outlookOf(session, undefined)),
    foreign: undefined,
    unknown,
  });
  if (target !== undefined && isOther(settings, target)) return offline(undefined, target);
  const orgUrl = settings.orgUrl ?? target?.orgUrl;
  const identitySource = settings.identitySource ?? target?.identitySourceId;
  try {
    if (orgUrl === undefined || identitySource === undefined)
      return offline('no org or identity source is set');
    if ((await readCredentials(context.env)) === undefined) return offline('no credentials are set');
    const okta = await connect(settings, context, target);
    try {
      return { otherTarget: undefined, unknown: undefined, ...(await ask(okta, journal, context, signal)) };
    } finally {
      await okta.close();
    }
  } catch (error) {
    if (!(error instanceof RollcallError) || error instanceof AbortedError) throw error;
    return offline(error.message);
  }
}

async function ask(
  okta: OktaClient,
  journal: readonly JournaledSession[],
  { clock }: CliContext,
  signal: AbortSignal,
): Promise<Pick<Outlook, 'inFlight' | 'foreign'>> {
  const ours = new Set(journal.map(({ sessionId }) => sessionId));
  const listed = await okta.listSessions({ signal });
  const foreign = listed
    .filter(({ id }) => !ours.has(id))
    .map(({ id, status, created }) => {
      const ageMs = (okta.serverDate() ?? clock.now()) - Date.parse(created ?? '');
      return { sessionId: id, status, ageMs: Number.isNaN(ageMs) ? undefined : Math.max(0, ageMs) };
    });
  const inFlight: OutlookSession[] = [];
  for (const session of journal) {
    const { sessionId } = session;
    const status =
      sessionId === undefined
        ? undefined
        : ((await okta.getSession(sessionId, { signal }))?.status ?? 'gone');
    inFlight.push(outlookOf(session, status));
  }
  return { inFlight, foreign };
}

/** The rules of `settleJournal`, for a session that has this status. */
function outlookOf(session: JournaledSession, status: string | undefined): OutlookSession {
  return { sessionId: session.sessionId, status, rows: session.rows, settling: settlingOf(session, status) };
}

function settlingOf(
  { sessionId, phase, loads, acknowledged }: JournaledSession,
  status: string | undefined,
): OutlookSession['settling'] {
  // An attempt without an id: a session that is found is cancelled.
  if (sessionId === undefined) return 'cancel';
  switch (status) {
    case undefined:
      return undefined;
    case 'COMPLETED':
      return loads > 0 && acknowledged === loads ? 'confirm' : 'doubt';
    case 'CREATED':
    case 'IN_PROGRESS':
      return phase === 'triggered' ? 'wait' : phase === 'triggering' ? 'trigger' : 'cancel';
    case 'CLOSED':
      return phase === 'cancelling' ? 'cancel' : 'doubt';
    case 'ERROR':
    case 'EXPIRED':
    case 'gone':
      return 'doubt';
    default:
      return 'wait';
  }
}

/** True if the settings name another org or identity source than that of the state. */
function isOther({ orgUrl, identitySource }: Settings, target: Target): boolean {
  const origin = orgUrl !== undefined && URL.canParse(orgUrl) ? new URL(orgUrl).origin : orgUrl;
  return (
    (origin !== undefined && origin !== target.orgUrl) ||
    (identitySource !== undefined && identitySource !== target.identitySourceId)
  );
}
