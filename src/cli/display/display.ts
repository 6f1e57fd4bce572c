import type { Outlook } from '../commands/outlook.js';
import type { SyncEvent } from '../../events/events.js';
import type { GuardTrip, OwedRecord, Plan, SyncReport, UploadReport } from '../../core/results.js';
import type { Entity } from '../../core/model.js';
import type { VerifyReport } from '../../core/verify-results.js';
import type { StateRowCounts } from '../../state/export-import/export-format.js';
import type { CheckReport } from '../checks/check.js';
import type { CancelReport, DeactivateReport, StatusReport } from '../commands/command-reports.js';
import type { ExplainReport } from '../commands/explanation.js';
import type { Findings } from '../mapping/source-findings.js';
import type { EndSignal } from '../process/io.js';

/** The outcome of a command, as `--json` writes it. */
export type OutcomeEvent =
  | {
      readonly type: 'plan:report';
      readonly plan: Plan;
      /** True if nothing was sent with this state yet: people who left before cannot be found. */
      readonly newState: boolean;
      /** The things that a sync would find before it sends. */
      readonly outlook: Outlook;
      readonly findings: Findings;
    }
  | { readonly type: 'sync:report'; readonly report: SyncReport; readonly findings: Findings }
  | { readonly type: 'check:report'; readonly report: CheckReport }
  | { readonly type: 'status:report'; readonly status: StatusReport }
  | { readonly type: 'cancel:report'; readonly cancelled: CancelReport }
  | { readonly type: 'deactivate:report'; readonly report: DeactivateReport }
  | {
      readonly type: 'adopt:report';
      readonly adopted: number;
      /** Only with `--adopt verified`: what Okta has and the sources do not. */
      readonly leavers?: number;
    }
  | { readonly type: 'verify:report'; readonly report: VerifyReport }
  | { readonly type: 'explain:report'; readonly report: ExplainReport }
  | { readonly type: 'state:report'; readonly rows: StateRowCounts }
  | {
      readonly type: 'state:owed';
      readonly records: readonly OwedRecord[];
      readonly forgotten: readonly OwedRecord[];
    }
  | { readonly type: 'state:migrated'; readonly from: number; readonly to: number }
  | {
      readonly type: 'state:moved';
      readonly from: string;
      readonly to: string;
      readonly rows: StateRowCounts;
    }
  | { readonly type: 'state:retargeted'; readonly from: string; readonly to: string }
  | {
      readonly type: 'simulate:ready';
      readonly url: string;
      readonly identitySourceId: string;
      readonly token: string;
    }
  | { readonly type: 'init:written'; readonly files: readonly string[] };

/** The error that ended a command. */
export interface ErrorEvent {
  readonly type: 'run:error';
  /** A code from docs/operations.md; undefined for an unexpected error. */
  readonly code: string | undefined;
  readonly message: string;
  readonly exitCode: number;
  /** The limits that the plan exceeds; only if the guard stopped it. */
  readonly trips?: readonly GuardTrip[];
  /** The hash for `--approve`; only if the guard stopped the plan. */
  readonly planHash?: string;
  /** What was found in the rows of the sources; only if the guard stopped the plan. */
  readonly findings?: Findings;
  /** The work that was done before the error; only if sending had begun. */
  readonly report?: UploadReport;
}

/** An event of a run, or of its end by a signal. */
export type ProgressEvent =
  | SyncEvent
  /** A signal arrived, and the run ends in an orderly way. */
  | { readonly type: 'abort:requested'; readonly signal: EndSignal }
  /** Some thousand entities more were read from Okta. */
  | { readonly type: 'verify:progress'; readonly entity: Entity; readonly read: number }
  /** Another process uses the state; the command waits for it, at most until `until`. */
  | {
      readonly type: 'state:busy';
      readonly pid: number;
      readonly host: string;
      readonly since: Date;
      readonly until: Date;
    };

/** Shows the events, the outcome and the error of a command. */
export interface Display {
  progress(event: ProgressEvent): void;
  /**
   * The command has ended: removes the progress bars, so that the next output stands alone, and writes the last lines. May be called
   * more than once.
   */
  end(): void;
  /** A line for people, to standard error after everything else, such as the path of a report. */
  atEnd(line: string): void;
  /**
   * The outcome: on standard output, as text or as JSON.
   * @param undone - what the command left undone; the only part of an outcome that `--quiet` writes, to standard error
   */
  outcome(event: OutcomeEvent, text: string, undone?: string): void;
  /** The error: as text on standard error, and with `--json` also as JSON on standard output. */
  error(event: ErrorEvent, text: string): void;
}
