import { GuardError, OktaAuthError, OptionsError, RollcallError, StateError } from '../../core/errors.js';
import { ENTITIES } from '../../core/model.js';
import type { PlanSummary, SyncReport } from '../../core/results.js';
import type { StateStore } from '../../state/store.js';
import { startSync, type SyncOptions } from '../../sync/sync.js';
import { connect } from './connect.js';
import { EXIT, exitCodeOf, type ExitCode } from '../process/exit-codes.js';
import { noteRun, type LastRun } from './last-run.js';
import {
  comparisonOptions,
  guardOptions,
  leaveOption,
  resendOption,
  selectionOption,
  sendingOptions,
} from '../settings/library-options.js';
import { Watermarks } from '../inputs/watermarks.js';
import { SourceFindings } from '../mapping/source-findings.js';
import { nearValueLines, sentLines } from '../text/findings-text.js';
import { readDeletedNames } from './deleted-names.js';
import { openCommandSources } from './open-sources.js';
import { openCommandState } from './open-state.js';
import { finishFailed, finishFiles, openReport, type ReportFiles } from './report-files.js';
import { Planned } from './planned.js';
import { originOf } from './run-origin.js';
import { showError } from '../display/show-error.js';
import { GROUPS, type SettingKey } from '../settings/settings.js';
import { sampleLines } from '../text/sample-text.js';
import { syncText, undoneLines } from '../text/sync-text.js';
import { widthOf } from '../text/width.js';
import { adoptCommand } from './adopt.js';
import { adoptVerifiedCommand } from './adopt-verified.js';
import { notified } from '../notify/notified.js';
import type { RunFacts } from '../notify/run-message.js';
import { isPartial, undoneOf } from './undone.js';
import { asAborted, type Command, type CommandInput } from './command.js';

/** The settings of `sync`. */
export const SYNC_SETTINGS: readonly SettingKey[] = [
  'state',
  'waitLock',
  'requireState',
  'report',
  'notify',
  ...GROUPS.inputs,
  ...GROUPS.guard,
  ...GROUPS.connection,
  ...GROUPS.sending,
];

/** `sync`: sends the changes that bring Okta in sync with the sources. */
export const syncCommand: Command = (input): Promise<ExitCode> =>
  notified(input, (facts) => runSync(input, facts));

async function runSync(input: CommandInput, facts: RunFacts): Promise<ExitCode> {
  const { resolved, context, stopping } = input;
  const { settings } = resolved;
  // Flags are checked before anything is opened.
  const approve = planHash('--approve', input.flags['approve']);
  const selection = selectionOption(input.flags);
  if (input.flags['adopt'] === 'verified') return adoptVerifiedCommand(input);
  const confirm = planHash('--adopt', input.flags['adopt']);
  if (confirm !== undefined) return adoptCommand(input, confirm);
  const planned = new Planned(input.flags, context);
  const findings = new SourceFindings();
  const watermarks = new Watermarks(resolved);
  const retryOwed = input.flags['retryOwed'] === true;
  const sources = await openCommandSources(input, findings, watermarks);
  const okta = await connect(settings, context);
  try {
    const state = await openCommandState(input);
    try {
      await watermarks.load(state, retryOwed, () => context.clock.now());
      const options = {
        ...sources,
        ...comparisonOptions(settings),
        ...resendOption(input.flags['resend']),
        ...selection,
        ...sendingOptions(settings),
        ...(settings.verifySample !== undefined && { verifySample: settings.verifySample }),
        random: context.random,
        ...leaveOption(input.flags['leaveSession']),
        okta,
        state,
        retryOwed,
        ...(watermarks.isUsed && { watermark: () => watermarks.next() }),
        guard: guardOptions(resolved),
        signal: stopping.signal,
        clock: context.clock,
        ...(approve !== undefined && { approve }),
        onPlanned: planned.add,
      };
      const files = await openReport(settings, context, () => originOf('sync', input, state));
      planned.report = files?.planned;
      return await runAndReport(options, input, files, planned, findings, facts);
    } finally {
      if (!stopping.late) await state.close();
    }
  } finally {
    await okta.close();
  }
}

async function runAndReport(
  options: SyncOptions,
  input: CommandInput,
  files: ReportFiles | undefined,
  planned: Planned,
  findings: SourceFindings,
  facts: RunFacts,
): Promise<ExitCode> {
  const { resolved, context, display, stopping } = input;
  const startedAt = new Date(context.clock.now());
  const running = startSync({ ...options, ...(files && { onOutcome: files.outcomes }) });
  let plan: PlanSummary | undefined;
  running.events$.subscribe((event) => {
    if (event.type === 'plan:ready') {
      plan = event.plan;
      planned.complete();
    }
    files?.observe(event);
    display.progress(event);
  });
  let report: SyncReport;
  try {
    report = await stopping.finished(running.done.then((done) => withAccess(done, options)));
  } catch (cause) {
    const error = asAborted(cause, stopping);
    if (!stopping.late) await note(options.state, startedAt, input, exitCodeOf(error), error);
    const names =
      error instanceof GuardError ? await readDeletedNames(planned, options.state, files, input) : undefined;
    await finishFailed(files, planned, error, display);
    if (!(error instanceof GuardError)) throw error;
    facts.guard = error;
    const width = widthOf(context.io.stderr);
    const hints = nearValueLines({ nearValues: findings.values.near() });
    const { deletions } = planned;
    const found = findings.found(undefined, false);
    const { plannedFile } = files ?? {};
    return showError(error, display, {
      flags: input.flags,
      plan,
      deletions,
      names,
      plannedFile,
      hints,
      findings: found,
      width,
    });
  }
  facts.undone = undoneOf(report);
  const exitCode = exitCodeOfReport(report, resolved.settings.allowRejects);
  await note(options.state, startedAt, input, exitCode, report);
  const undone =
    exitCode === EXIT.DONE ? undefined : [...undoneLines(report), ...sampleLines(report.sample)].join('\n');
  const found = findings.found(report.sources, false);
  const text = [syncText(report, widthOf(context.io.stdout)), ...sentLines(found)].join('\n');
  display.outcome({ type: 'sync:report', report, findings: found }, text, undone);
  // Last, so that the outcome is shown even if the files cannot be written.
  await finishFiles(files, planned, report, display);
  return exitCode;
}

/**
 * Asks Okta once if a run sent nothing, so that a wrong token is noticed on a day without changes, and not when somebody leaves.
 *
 * @throws {@link OktaAuthError}; any other failure does not matter to a run that has nothing to send
 */
async function withAccess(report: SyncReport, { okta, signal }: SyncOptions): Promise<SyncReport> {
  if (report.requests > 0) return report;
  try {
    await okta.listSessions(signal === undefined ? {} : { signal });
  } catch (error) {
    if (error instanceof OktaAuthError) throw error;
  }
  return report;
}

function exitCodeOfReport(report: SyncReport, allowRejects = false): ExitCode {
  if (report.remaining > 0) return EXIT.INCOMPLETE;
  if ((report.sample?.differences ?? 0) > 0) return EXIT.DIFFERS;
  const undone = undoneOf(report);
  if (undone.unsent > 0) return EXIT.PARTIAL;
  return allowRejects || !isPartial(undone) ? EXIT.DONE : EXIT.PARTIAL;
}

/** What a run read and Okta confirmed, by entity. */
function entitiesOf({ sources, confirmed }: SyncReport): LastRun['entities'] {
  const read = ENTITIES.filter((entity) => sources[entity] !== undefined);
  return Object.fromEntries(
    read.map((entity) => {
      const { creates, updates, deletes } = confirmed[entity];
      const figures = { created: creates, updated: updates, deleted: deletes };
      return [entity, { read: sources[entity]?.read ?? 0, ...figures }];
    }),
  );
}

/** Stores the record that `status` shows. A failure to store it does not fail the run. */
async function note(
  state: StateStore,
  startedAt: Date,
  { context }: CommandInput,
  exitCode: ExitCode,
  outcome: unknown,
): Promise<void> {
  const error = outcome instanceof RollcallError ? outcome : undefined;
  const done = outcome instanceof Error ? undefined : (outcome as SyncReport);
  const run = {
    startedAt,
    endedAt: new Date(context.clock.now()),
    exitCode,
    code: error?.code,
    undone: done && undoneOf(done),
    entities: done && entitiesOf(done),
  };
  try {
    await noteRun(state, run, done ?? error?.report);
  } catch (failure) {
    if (!(failure instanceof StateError)) throw failure;
  }
}

function planHash(flag: string, hash: unknown): string | undefined {
  if (hash === undefined) return undefined;
  if (typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)) return hash;
  throw new OptionsError(flag, 'expected the 64 hexadecimal characters of a plan hash');
}
