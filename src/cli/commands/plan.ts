import { GuardError } from '../../core/errors.js';
import type { Plan } from '../../core/results.js';
import { isNewState } from '../../sync/new-state.js';
import { plan, type PlanOptions } from '../../sync/sync.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';
import {
  comparisonOptions,
  guardOptions,
  resendOption,
  selectionOption,
} from '../settings/library-options.js';
import { readDeletedNames } from './deleted-names.js';
import { lookAhead } from './outlook.js';
import { openCommandSources } from './open-sources.js';
import { openCommandState } from './open-state.js';
import { finishFailed, finishFiles, openReport, type ReportFiles } from './report-files.js';
import { Planned } from './planned.js';
import { originOf } from './run-origin.js';
import { GROUPS, type SettingKey } from '../settings/settings.js';
import { Watermarks } from '../inputs/watermarks.js';
import { SourceFindings } from '../mapping/source-findings.js';
import { findingsLines } from '../text/findings-text.js';
import { NEW_STATE } from '../display/event-text.js';
import { showError } from '../display/show-error.js';
import { outlookLines } from '../text/outlook-text.js';
import { planText } from '../text/plan-text.js';
import { widthOf } from '../text/width.js';
import { asAborted, type Command, type CommandInput } from './command.js';

/** The settings of `plan`. */
export const PLAN_SETTINGS: readonly SettingKey[] = [
  'state',
  'waitLock',
  'requireState',
  'report',
  ...GROUPS.inputs,
  ...GROUPS.guard,
  ...GROUPS.connection,
];

/**
 * `plan`: shows what a sync would send, and what it would find before. Needs no network and no credentials: without them, it says
 * that the sessions in Okta were not checked. Creates the state if there is none.
 */
export const planCommand: Command = async (input): Promise<ExitCode> => {
  const { resolved, flags, context, display, stopping } = input;
  const { settings } = resolved;
  // Flags are checked before anything is opened.
  const selection = selectionOption(flags);
  const planned = new Planned(flags, context);
  const findings = new SourceFindings();
  const watermarks = new Watermarks(resolved);
  const sources = await openCommandSources(input, findings, watermarks);
  // The hash of the plan depends on the key of the state, so a state that `plan` creates must be kept for the sync.
  const state = await openCommandState(input);
  try {
    await watermarks.load(state, flags['retryOwed'] === true, () => context.clock.now());
    const files = await openReport(settings, context, () => originOf('plan', input, state));
    planned.report = files?.planned;
    const options = {
      ...sources,
      ...comparisonOptions(settings),
      ...resendOption(flags['resend']),
      ...selection,
      state,
      guard: guardOptions(resolved),
      onPlanned: planned.add,
      signal: stopping.signal,
      clock: context.clock,
    };
    const isNew = await isNewState(state);
    const made = await makePlan(options, files, planned, input);
    planned.complete();
    const notice = isNew ? [`${NEW_STATE}.`, ''] : [];
    const outlook = await stopping.finished(lookAhead(state, settings, context, stopping.signal));
    const { deletions } = planned;
    const names = await readDeletedNames(planned, state, files, input);
    const width = widthOf(context.io.stdout);
    const found = findings.found(made.sources, true);
    const met = findingsLines(found);
    const ahead = outlookLines(outlook);
    const text = [
      ...notice,
      planText(made, {
        now: context.clock.now(),
        deletions,
        plannedFile: files?.plannedFile,
        names,
        flags,
        width,
      }),
      ...(met.length === 0 ? [] : ['', ...met]),
      ...(ahead.length === 0 ? [] : ['', ...ahead]),
    ].join('\n');
    display.outcome({ type: 'plan:report', plan: made, newState: isNew, outlook, findings: found }, text);
    await finishFiles(files, planned, made, display);
    if (made.trips.length === 0) return EXIT.DONE;
    // With --quiet there was no outcome, so the reason is written as an error.
    if (flags['quiet'] !== true) return EXIT.GUARD;
    const stopped = { flags, plan: made, deletions, plannedFile: files?.plannedFile, width: undefined };
    return showError(new GuardError(made.trips, made.hash), display, stopped);
  } finally {
    if (!stopping.late) await state.close();
  }
};

async function makePlan(
  options: PlanOptions,
  files: ReportFiles | undefined,
  planned: Planned,
  { display, stopping }: CommandInput,
): Promise<Plan> {
  try {
    return await stopping.finished(plan({ ...options, ...(files && { onReject: files.rejected }) }));
  } catch (cause) {
    const error = asAborted(cause, stopping);
    await finishFailed(files, planned, error, display);
    throw error;
  }
}
