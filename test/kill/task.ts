import type { GuardLimits } from '../../src/guard/guard-limits.js';
import type { SourceDirectory } from '../support/world.js';

/** What the program is told. */
export interface ChildTask {
  /** The directory or the address of the state. */
  readonly place: string;
  readonly orgUrl: string;
  readonly identitySourceId: string;
  readonly token: string;
  readonly day: SourceDirectory;
  readonly options: {
    readonly cooldownMs: number;
    readonly pollIntervalMs: number;
    readonly guard: GuardLimits;
  };
  /**
   * The point at which it stops until it is told to go on, with the number of the time it comes there; undefined: it runs to its end.
   */
  readonly stopAt: string | undefined;
}
