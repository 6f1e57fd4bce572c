/** How a run ended, and whether it is tried again. */
import { AbortedError, GuardError, isResumable, RollcallError, SourceError, type SyncReport } from 'rollcall';

export type Outcome =
  /** Okta has everything that the source has. */
  | 'done'
  /** Done, but records were rejected or refused, or deletions are held back: somebody mends the export. */
  | 'partly'
  /** The guard stopped the plan, and nothing was sent: somebody looks at it, and approves it or mends the export. */
  | 'stopped by the guard'
  /** It cannot work as it is: somebody reads the message. */
  | 'failed'
  /** It took too long: the next run by schedule continues. */
  | 'over its time limit'
  /** Okta, the network or the export failed: the queue tries again, after a growing time. */
  | 'tried again'
  /** Its worker was stopped: another one continues at once. */
  | 'handed over'
  /** Its worker died: another one continues. */
  | 'lost';

export interface Ending {
  readonly outcome: Outcome;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly planHash: string | undefined;
  readonly counts: Readonly<Record<string, number>>;
}

/** Why the run may have been aborted, and whether the queue tries again if it fails. */
export interface Circumstances {
  readonly isWorkerStopped: boolean;
  readonly isOverTime: boolean;
  readonly isLastAttempt: boolean;
}

export function endingOf(report: SyncReport): Ending {
  const { requests, sessions, confirmed, rejections, refused, sources } = report;
  const heldBack = Object.values(sources).reduce((sum, source) => sum + source.heldBackDeletes, 0);
  const changes = Object.values(confirmed)
    .flatMap((kinds) => Object.values(kinds) as number[])
    .reduce((sum, count) => sum + count, 0);
  const counts = {
    changes,
    requests,
    sessions,
    rejected: rejections.length,
    refused: refused.length,
    heldBack,
  };
  const isWhole = counts.rejected + counts.refused + heldBack === 0;
  return {
    outcome: isWhole ? 'done' : 'partly',
    code: undefined,
    message: undefined,
    planHash: undefined,
    counts,
  };
}

export function endingWith(error: unknown, circumstances: Circumstances): Ending {
  const outcome = outcomeWith(error, circumstances);
  const { code, message } =
    error instanceof RollcallError ? error : { code: (error as Error).name, message: 'see the log' };
  const planHash = error instanceof GuardError ? error.planHash : undefined;
  // The message of an aborted run says no more than the outcome.
  const isAborted = error instanceof AbortedError;
  return { outcome, code, message: isAborted ? undefined : message, planHash, counts: {} };
}

function outcomeWith(error: unknown, now: Circumstances): Outcome {
  if (error instanceof GuardError) return 'stopped by the guard';
  if (now.isWorkerStopped) return 'handed over';
  if (now.isOverTime) return 'over its time limit';
  // An export that is being written, or whose server fails, may be whole a minute later. Nothing was sent.
  const isWorthIt = isResumable(error) || error instanceof SourceError;
  return isWorthIt && !now.isLastAttempt ? 'tried again' : 'failed';
}
