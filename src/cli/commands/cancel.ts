import { OptionsError, RollcallError } from '../../core/errors.js';
import { silent } from '../../events/events.js';
import type { OktaClient } from '../../okta/wire.js';
import { cancelAndConfirm } from '../../upload/cancel-session.js';
import { FINAL } from '../../upload/poll-session.js';
import { OwnSessions } from '../../upload/own-sessions.js';
import type { SessionContext } from '../../upload/upload-context.js';
import { resolveUploadOptions } from '../../upload/upload-options.js';
import { settleJournal } from '../../upload/settle-journal.js';
import type { JournaledSession } from '../../state/journal.js';
import { openExistingState } from './open-state.js';
import type { CancelReport } from './command-reports.js';
import { connect } from './connect.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import { GROUPS, type SettingKey } from '../settings/settings.js';
import { cancelText } from '../text/cancel-text.js';
import type { Command } from './command.js';

/** Somebody waits for the command: it gives up sooner than a run. */
const PATIENCE_MS = 60_000;

/** The settings of `cancel`. */
export const CANCEL_SETTINGS: readonly SettingKey[] = ['state', 'waitLock', ...GROUPS.connection];

/** `cancel`: cancels the session that this state left open. Another session is cancelled only by its id (`--force`). */
export const cancelCommand: Command = async (input): Promise<ExitCode> => {
  const { resolved, flags, context, display, stopping } = input;
  const { settings } = resolved;
  // Without a state no session is ours, but a session can still be cancelled by its id.
  const state = await openExistingState(input);
  try {
    const okta = await connect(settings, context, await state.target());
    try {
      await requireSameTarget(await state.target(), okta);
      const { clock } = context;
      const options = resolveUploadOptions({
        clock,
        events: silent,
        signal: stopping.signal,
        patienceMs: PATIENCE_MS,
      });
      const force = typeof flags['force'] === 'string' ? flags['force'] : undefined;
      const forget = typeof flags['forget'] === 'string' ? flags['forget'] : undefined;
      const cancelled = await stopping.finished(
        cancel({ okta, state, options, own: new OwnSessions() }, force, forget),
      );
      display.outcome({ type: 'cancel:report', cancelled }, cancelText(cancelled));
      return cancelled.ran.length === 0 ? EXIT.DONE : EXIT.INCOMPLETE;
    } finally {
      await okta.close();
    }
  } finally {
    if (!stopping.late) await state.close();
  }
};

/** Throws if the state belongs to another org or identity source: the session ids of its journal are useless there. */
async function requireSameTarget(
  bound: { readonly orgUrl: string; readonly identitySourceId: string } | undefined,
  okta: OktaClient,
): Promise<void> {
  if (bound === undefined) return;
  if (bound.orgUrl !== okta.orgUrl || bound.identitySourceId !== okta.identitySourceId) {
    throw new OptionsError(
      '--state',
      `the state belongs to ${bound.orgUrl}, identity source ${bound.identitySourceId}`,
    );
  }
}

async function cancel(
  context: SessionContext,
  force: string | undefined,
  forget: string | undefined,
): Promise<CancelReport> {
  const journal = await context.state.journal.open();
  const report = {
    cancelled: [] as string[],
    ran: [] as string[],
    foreign: [] as string[],
    forgotten: [] as string[],
  };
  const only = force ?? forget;
  for (const session of journal) {
    if (session.sessionId === undefined || (only !== undefined && only !== session.sessionId)) continue;
    const outcome = await cancelOurs(context, session, session.sessionId);
    if (outcome === 'ran' && session.sessionId === forget) {
      await context.state.journal.settle(session.id, 'unknown');
      report.forgotten.push(session.sessionId);
    } else if (outcome !== 'left') report[outcome].push(session.sessionId);
  }
  if (forget !== undefined && journal.every(({ sessionId }) => sessionId !== forget))
    throw new OptionsError('--forget', `this state has no session ${forget} in flight`);
  // A session whose creation was journaled, but whose response was lost, has no id: search for it as at the start of a run.
  const unnamed = journal.some(({ sessionId }) => sessionId === undefined);
  if (only === undefined && unnamed && report.ran.length === 0) await settleJournal(context);
  const known = new Set(journal.map(({ sessionId }) => sessionId));
  if (force !== undefined && !known.has(force)) await cancelForeign(context, force, report);
  const open = await context.okta.listSessions(callOptions(context));
  for (const { id, status } of open) {
    const loadable = status === 'CREATED' || status === 'IN_PROGRESS';
    if (loadable && !known.has(id) && id !== force) report.foreign.push(id);
  }
  return report;
}

/** Cancels a session of this state, journaled first. The next comparison finds its changes again. */
async function cancelOurs(
  context: SessionContext,
  { id, phase }: JournaledSession,
  sessionId: string,
): Promise<'cancelled' | 'ran' | 'forgotten' | 'left'> {
  const { journal } = context.state;
  const status = (await context.okta.getSession(sessionId, callOptions(context)))?.status;
  if (status === 'CREATED' || status === 'IN_PROGRESS') {
    if (phase !== 'cancelling') await journal.cancelling(id);
    const outcome = await cancelAndConfirm(context, sessionId);
    if (outcome === 'ran') return 'ran';
    // Okta may have imported a session that it does not know any more.
    await journal.settle(id, outcome === 'closed' ? 'dropped' : 'unknown');
    return outcome === 'closed' ? 'cancelled' : 'forgotten';
  }
  // A session that has ended, or that Okta does not show, is settled by the next run. A status that is not known is not an end.
  return status === undefined || FINAL.has(status) ? 'left' : 'ran';
}

async function cancelForeign(
  context: SessionContext,
  sessionId: string,
  report: { cancelled: string[]; ran: string[] },
): Promise<void> {
  const status = (await context.okta.getSession(sessionId, callOptions(context)))?.status;
  if (status !== 'CREATED' && status !== 'IN_PROGRESS') {
    const why = status === undefined ? 'Okta does not know it' : `it is ${status}`;
    throw new RollcallError('ERR_ROLLCALL_SESSION', `session ${sessionId} cannot be cancelled: ${why}`);
  }
  const outcome = await cancelAndConfirm(context, sessionId);
  report[outcome === 'closed' ? 'cancelled' : 'ran'].push(sessionId);
}

function callOptions({ options }: SessionContext): { signal?: AbortSignal } {
  return options.signal ? { signal: options.signal } : {};
}
