import type { Outcome } from '../case.js';

/** What a process of the bench is to do. */
export interface Job {
  readonly task: 'prepare' | 'check' | 'time';
  readonly case: string;
  readonly side: 'rollcall' | 'peer';
  readonly size: number;
  /** The folder of the compiled package. */
  readonly dist: string;
  readonly build: string;
}

/** What it tells. */
export interface ChildResult {
  readonly unavailable?: string | undefined;
  readonly outcome?: Outcome;
  readonly wallMs?: number;
  readonly cpuMs?: number;
  readonly peakMb?: number | undefined;
}
