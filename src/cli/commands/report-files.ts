import { resolve } from 'node:path';
import type { SyncEvent } from '../../events/events.js';
import type { ChangeOutcome, Plan, SyncReport } from '../../core/results.js';
import { createRunReport } from '../../report/run-report.js';
import type { Rejection } from '../../core/rejection.js';
import type { Display } from '../display/display.js';
import type { CliContext } from '../process/io.js';
import type { Settings } from '../settings/settings.js';
import { showError } from '../display/show-error.js';

/** The files of `--report`: told what happens, and written when the run has ended. */
export interface ReportFiles {
  readonly observe: (event: SyncEvent) => void;
  readonly rejected: (rejection: Rejection) => void;
  readonly outcomes: (outcomes: readonly ChangeOutcome[]) => void;
  /** Once only. */
  readonly finish: (result: SyncReport | Plan | Error) => Promise<unknown>;
}

/** Reports into the directory that the settings name; undefined when they name none. */
export function openReport({ report }: Settings, { cwd, clock }: CliContext): ReportFiles | undefined {
  if (report === undefined) return undefined;
  const { observe, outcomes, finish } = createRunReport({ directory: resolve(cwd, report), clock });
  const rejected = (rejection: Rejection) => observe({ type: 'record:rejected', rejection });
  return { observe, rejected, outcomes, finish };
}

/** The files of a run that failed. Why it failed is more than why they cannot be written: both are told. */
export async function finishFailed(
  files: ReportFiles | undefined,
  error: unknown,
  display: Display,
): Promise<void> {
  try {
    await files?.finish(error instanceof Error ? error : new Error('an unknown failure'));
  } catch (failure) {
    showError(failure, display);
  }
}
