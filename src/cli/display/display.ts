import type { SyncEvent } from '../../events/events.js';
import type { UploadReport, Plan, SyncReport, GuardTrip } from '../../core/results.js';
import type { StateRowCounts } from '../../state/export-import.js';
import type { CancelReport, StatusReport } from '../commands/command-reports.js';
import type { EndSignal } from '../process/io.js';

/** What a command comes to, as `--json` tells it. */
export type OutcomeEvent =
  | { readonly type: 'plan:report'; readonly plan: Plan }
  | { readonly type: 'sync:report'; readonly report: SyncReport }
  | { readonly type: 'status:report'; readonly status: StatusReport }
  | { readonly type: 'cancel:report'; readonly cancelled: CancelReport }
  | { readonly type: 'adopt:report'; readonly adopted: number }
  | { readonly type: 'state:report'; readonly rows: StateRowCounts }
  | {
      readonly type: 'simulate:ready';
      readonly url: string;
      readonly identitySourceId: string;
      readonly token: string;
    }
  | { readonly type: 'init:written'; readonly files: readonly string[] };

/** Why a command did not come to its end. */
export interface ErrorEvent {
  readonly type: 'run:error';
  /** A code of docs/operations.md; undefined for what rollcall did not foresee. */
  readonly code: string | undefined;
  readonly message: string;
  readonly exitCode: number;
  /** The guard's limits that are exceeded; only when it stopped the plan. */
  readonly trips?: readonly GuardTrip[];
  /** What `--approve` takes; only when the guard stopped the plan. */
  readonly planHash?: string;
  /** What was done before; only when sending had begun. */
  readonly report?: UploadReport;
}

/** What happens on the way. */
export type ProgressEvent =
  | SyncEvent
  /** A signal came, and the run is being ended in order. */
  | { readonly type: 'abort:requested'; readonly signal: EndSignal };

/** Where a command tells what happens and what it came to. */
export interface Display {
  progress(event: ProgressEvent): void;
  /** Takes progress away, so that what is written next stands alone. May be called more than once. */
  end(): void;
  /** The outcome: on standard output, as text or as JSON. */
  outcome(event: OutcomeEvent, text: string): void;
  /** Why it failed: on standard error as text, and as JSON where that is asked for. */
  error(event: ErrorEvent, text: string): void;
}
