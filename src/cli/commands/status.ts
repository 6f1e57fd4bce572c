import { BusyError } from '../../core/errors.js';
import { RememberedRefusals } from '../../state/remembered-refusals.js';
import type { StateStore, Target } from '../../state/store.js';
import type { ActiveSession, StatusReport } from './command-reports.js';
import { connect } from './connect.js';
import { readCredentials } from '../settings/credentials.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import type { CliContext } from '../process/io.js';
import { lastRun } from './last-run.js';
import { GROUPS, type SettingKey, type Settings } from '../settings/settings.js';
import { openIfExists, statePlace, type StatePlace } from '../settings/state-place.js';
import { statusText } from '../text/status-text.js';
import type { Command } from './command.js';

/** The settings of `status`. */
export const STATUS_SETTINGS: readonly SettingKey[] = ['state', ...GROUPS.connection];

type OwnPart = Omit<StatusReport, 'state' | 'sessions'>;

/** `status`: shows the content of the state and, with credentials, the active sessions in Okta. Changes nothing. */
export const statusCommand: Command = async ({ resolved, context, display, stopping }): Promise<ExitCode> => {
  const { settings } = resolved;
  const place = statePlace(settings, context);
  const own = await readOwn(place, context);
  const sessions = await stopping.finished(activeSessions(settings, context, own, stopping.signal));
  const status: StatusReport = { state: place.shown, ...own, sessions };
  display.outcome({ type: 'status:report', status }, statusText(status));
  return EXIT.DONE;
};

async function readOwn(place: StatePlace, context: CliContext): Promise<OwnPart> {
  const none = {
    heldBy: undefined,
    target: undefined,
    baseline: undefined,
    lastRun: undefined,
    remembered: undefined,
    pending: undefined,
  };
  let state: StateStore | undefined;
  try {
    state = await openIfExists(place, context);
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    const { pid, host, since } = error;
    return { ...none, condition: 'busy', heldBy: { pid, host, since } };
  }
  if (state === undefined) return { ...none, condition: 'new' };
  try {
    const journal = await state.journal.open();
    return {
      condition: 'ready',
      heldBy: undefined,
      target: await state.target(),
      baseline: await state.counts(),
      lastRun: await lastRun(state),
      remembered: (await RememberedRefusals.load(state, context.clock.now())).size,
      pending: journal.map(({ sessionId, phase, loads, acknowledged, rows }) => ({
        sessionId,
        phase,
        loads,
        acknowledged,
        rows,
      })),
    };
  } finally {
    await state.close();
  }
}

async function activeSessions(
  settings: Settings,
  context: CliContext,
  { target, pending }: OwnPart,
  signal: AbortSignal,
): Promise<readonly ActiveSession[] | undefined> {
  if (!(await canConnect(settings, context, target))) return undefined;
  const okta = await connect(settings, context, target);
  try {
    const ours = new Set((pending ?? []).map(({ sessionId }) => sessionId));
    const sessions = await okta.listSessions({ signal });
    return sessions.map(({ id, status, created }) => ({
      sessionId: id,
      status,
      created,
      ours: ours.has(id),
    }));
  } finally {
    await okta.close();
  }
}

/** Whether the org, the identity source and credentials are known. If not, `status` shows only the rest. */
async function canConnect(
  settings: Settings,
  { env }: CliContext,
  target: Target | undefined,
): Promise<boolean> {
  const org = settings.orgUrl ?? target?.orgUrl;
  const source = settings.identitySource ?? target?.identitySourceId;
  return org !== undefined && source !== undefined && (await readCredentials(env)) !== undefined;
}
