import { join, resolve } from 'node:path';
import type { SyncEvent } from '../../events/events.js';
import type { ChangeOutcome, Plan, SyncReport } from '../../core/results.js';
import type { PlannedChange } from '../../core/planned-change.js';
import type { RunOrigin } from '../../report/origin.js';
import type { AllowedValues } from '../../report/planned-lists.js';
import { createRunReport } from '../../report/run-report.js';
import type { Rejection } from '../../core/rejection.js';
import type { Display } from '../display/display.js';
import type { CliContext } from '../process/io.js';
import type { Planned } from './planned.js';
import type { Settings } from '../settings/settings.js';
import { showError } from '../display/show-error.js';

/** The files of `--report`: they collect the events of a run, and are written when it ends. */
export interface ReportFiles {
  readonly observe: (event: SyncEvent) => void;
  readonly rejected: (rejection: Rejection) => void;
  readonly planned: (changes: readonly PlannedChange[]) => void;
  readonly allowedValues: (values: AllowedValues) => void;
  readonly outcomes: (outcomes: readonly ChangeOutcome[]) => void;
  /** Once only. */
  readonly finish: (result: SyncReport | Plan | Error) => Promise<unknown>;
  /** The line that names the page. */
  readonly line: string;
  /** The file with every change of the plan. */
  readonly plannedFile: string;
}

/**
 * The files of `--report`; undefined if it is not set.
 *
 * @param originOf - called only if it is set
 * @throws {@link OutputError} if the directory cannot be written
 */
export async function openReport(
  { report }: Settings,
  { cwd, clock }: CliContext,
  originOf: () => Promise<RunOrigin>,
): Promise<ReportFiles | undefined> {
  if (report === undefined) return undefined;
  const directory = resolve(cwd, report);
  const { observe, planned, allowedValues, outcomes, finish } = createRunReport({
    directory,
    clock,
    origin: await originOf(),
  });
  const rejected = (rejection: Rejection) => observe({ type: 'record:rejected', rejection });
  return {
    observe,
    rejected,
    planned,
    allowedValues,
    outcomes,
    finish,
    line: `Report: ${join(report, 'report.html')}`,
    plannedFile: join(report, 'planned.csv'),
  };
}

/** Writes the files of a run that reached its end, and names them. @throws {@link OutputError} if one cannot be written */
export async function finishFiles(
  files: ReportFiles | undefined,
  planned: Planned,
  result: SyncReport | Plan,
  display: Display,
): Promise<void> {
  await files?.finish(result);
  const line = planned.finish();
  if (line !== undefined) display.atEnd(line);
  if (files !== undefined) display.atEnd(files.line);
}

/** Writes the files of a run that failed. An error while writing them is shown as well, and does not replace the first. */
export async function finishFailed(
  files: ReportFiles | undefined,
  planned: Planned,
  error: unknown,
  display: Display,
): Promise<void> {
  try {
    const line = planned.finish();
    if (line !== undefined) display.atEnd(line);
  } catch (failure) {
    showError(failure, display);
  }
  if (files === undefined) return;
  try {
    await files.finish(error instanceof Error ? error : new Error('an unknown failure'));
    display.atEnd(files.line);
  } catch (failure) {
    showError(failure, display);
  }
}
