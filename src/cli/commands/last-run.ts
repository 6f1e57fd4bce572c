import { type UploadReport, changesOf } from '../../core/results.js';
import type { StateStore } from '../../state/store.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';

/** What `status` knows of the last `sync`: numbers and codes alone. */
export interface LastRun {
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly exitCode: ExitCode;
  /** The code of the error that ended it. */
  readonly code?: string;
  readonly confirmed: number;
  /** Changes not confirmed when it ended; undefined when it ended before there was a plan. */
  readonly remaining?: number;
}

const NAME = 'cli:last-run';

/** Makes a note of a run in the state. */
export async function noteRun(
  state: StateStore,
  run: Pick<LastRun, 'startedAt' | 'endedAt' | 'exitCode'> & { readonly code?: string | undefined },
  report: UploadReport | undefined,
): Promise<void> {
  const { code, ...rest } = run;
  const note: LastRun = {
    ...rest,
    ...(code !== undefined && { code }),
    confirmed: report === undefined ? 0 : changesOf(report.confirmed),
    ...(report !== undefined && { remaining: report.remaining }),
  };
  await state.setMeta(NAME, JSON.stringify(note));
}

/** The note of the last run; undefined when there is none. */
export async function lastRun(state: StateStore): Promise<LastRun | undefined> {
  const text = await state.getMeta(NAME);
  if (text === undefined) return undefined;
  const note = JSON.parse(text) as Omit<LastRun, 'startedAt' | 'endedAt'> &
    Record<'startedAt' | 'endedAt', string>;
  return { ...note, startedAt: new Date(note.startedAt), endedAt: new Date(note.endedAt) };
}

/** What an exit code of a run means, in words. */
export function outcomeText(code: ExitCode): string {
  switch (code) {
    case EXIT.DONE:
      return 'done';
    case EXIT.GUARD:
      return 'stopped by the guard';
    case EXIT.INCOMPLETE:
      return 'incomplete; run again to go on';
    default:
      return 'failed';
  }
}
