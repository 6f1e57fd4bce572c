import type { GuardLimits } from '../../src/guard/guard-limits.js';
import type { SourceDirectory } from '../support/world.js';

/** What the program is asked for. */
export interface DiskTask {
  readonly directory: string;
  readonly orgUrl: string;
  readonly identitySourceId: string;
  readonly token: string;
  readonly day: SourceDirectory;
  readonly options: {
    readonly cooldownMs: number;
    readonly pollIntervalMs: number;
    readonly guard: GuardLimits;
  };
}

/** How a step ended: done, or with the codes of its error and of what caused it. */
export type StepOutcome =
  'done' | { readonly code: string; readonly message: string; readonly cause: unknown };

/** What the program writes before it ends. */
export interface SyncOutcome {
  readonly sync: StepOutcome;
  readonly close: StepOutcome;
}
