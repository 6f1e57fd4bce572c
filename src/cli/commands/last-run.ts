import type { Entity } from '../../core/model.js';
import { changesByEntity, changesOf, type UploadReport } from '../../core/results.js';
import type { LastRunFigures } from '../../report/origin.js';
import type { StateStore } from '../../state/store.js';
import type { Undone } from './undone.js';
import { EXIT, type ExitCode } from '../process/exit-codes.js';

/** A record of the last `sync`, for `status`: only numbers and codes. */
export interface LastRun {
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly exitCode: ExitCode;
  /** The code of the error that ended the run. */
  readonly code?: string;
  readonly confirmed: number;
  /** Undefined in the records of earlier versions. */
  readonly confirmedByEntity?: Readonly<Record<Entity, number>>;
  /** Changes that were not confirmed when the run ended; undefined if it ended before the plan was complete. */
  readonly remaining?: number;
  readonly remainingByEntity?: Readonly<Record<Entity, number>>;
  /** Records and deletions that the run left undone; undefined if it did not reach its end. */
  readonly undone?: Undone;
  /** The records read and the changes confirmed, by entity; undefined if it did not reach its end. */
  readonly entities?: LastRunFigures['entities'];
}

const NAME = 'cli:last-run';

/** Stores the record of a run in the state. */
export async function noteRun(
  state: StateStore,
  run: Pick<LastRun, 'startedAt' | 'endedAt' | 'exitCode'> & {
    readonly code?: string | undefined;
    readonly undone?: Undone | undefined;
    readonly entities?: LastRun['entities'] | undefined;
  },
  report: UploadReport | undefined,
): Promise<void> {
  const { code, undone, entities, ...rest } = run;
  const note: LastRun = {
    ...rest,
    ...(code !== undefined && { code }),
    ...(undone !== undefined && { undone }),
    ...(entities !== undefined && { entities }),
    confirmed: report === undefined ? 0 : changesOf(report.confirmed),
    ...(report !== undefined && {
      confirmedByEntity: changesByEntity(report.confirmed),
      remaining: report.remaining,
      remainingByEntity: report.remainingByEntity,
    }),
  };
  await state.setMeta(NAME, JSON.stringify(note));
}

/** The record of the last run; undefined if there is none. */
export async function lastRun(state: StateStore): Promise<LastRun | undefined> {
  const text = await state.getMeta(NAME);
  if (text === undefined) return undefined;
  const note = JSON.parse(text) as Omit<LastRun, 'startedAt' | 'endedAt'> &
    Record<'startedAt' | 'endedAt', string>;
  const { startedAt, endedAt, undone } = note;
  return {
    ...note,
    startedAt: new Date(startedAt),
    endedAt: new Date(endedAt),
    // Earlier versions did not write `unsent` and `owed`.
    ...(undone && { undone: { ...undone, unsent: undone.unsent ?? 0, owed: undone.owed ?? 0 } }),
  };
}

/** The meaning of an exit code, as text. */
export function outcomeText(code: ExitCode): string {
  switch (code) {
    case EXIT.DONE:
      return 'done';
    case EXIT.PARTIAL:
      return 'done, but not all of it';
    case EXIT.DIFFERS:
      return 'done, but Okta does not have all of it: rollcall verify shows what differs';
    case EXIT.GUARD:
      return 'stopped by the guard';
    case EXIT.INCOMPLETE:
      return 'incomplete; run it again to continue';
    default:
      return 'failed';
  }
}
