import type { CaseResult } from './runner/results.js';

/** The package, as its users import it. */
export type Product = typeof import('rollcall');

/** What a side of a case works with. */
export interface World {
  /** Loads the package; a side that does not call it does not pay for it. */
  product(): Promise<Product>;
  /** The module of the package's simulator, as a URL. */
  readonly simulator: string;
  /** Names the build of the package, so that states made by another build are not used. */
  readonly build: string;
  /** Records of the case. */
  readonly size: number;
  /** An empty directory of this run, removed after it. */
  readonly work: string;
  /** True in the run before the timed ones: the side then tells all it found, for comparison. */
  readonly check: boolean;
}

/** What a run came to. */
export interface Outcome {
  /** Counts that do not depend on the machine; those that both sides have must be equal. */
  readonly counts: Readonly<Record<string, number>>;
  /** Of all that was found, whatever its order; in a checking run only. */
  readonly digest?: string | undefined;
  /** Measures of the side's own, where the wall time of the whole run is not the question. */
  readonly measures?: Readonly<Record<string, number>>;
}

/** One of the two that are compared. */
export interface Side {
  readonly name: string;
  /** Loads what the run needs, which is not timed, and answers the run. */
  load(world: World): Promise<() => Promise<Outcome>>;
}

/** The most that a ratio of rollcall to its peer may be. */
export interface Target {
  readonly wall?: number;
  readonly memory?: number;
  /** The most that rollcall's own measure may be, for a case with `measure`. */
  readonly own?: number;
  /** Peak private memory of rollcall's side, in MB of 1,000,000 bytes. */
  readonly peakMb?: number;
  /** A measure that must be no more than the peer's. */
  readonly noMore?: string;
}

/** One question, asked of rollcall and of a peer. */
export interface Case {
  readonly name: string;
  /** What is compared, in one line. */
  readonly title: string;
  /** Records by default; 1,000,000 unless it says otherwise. */
  readonly size?: number;
  readonly target?: Target;
  /** Compare this measure instead of the wall time. */
  readonly measure?: string;
  /** Unit of that measure. */
  readonly unit?: string;
  /** Pairs by default: five, or one for a case of counts alone. */
  readonly pairs?: number;
  /** Makes files and states that both sides read. Runs in a process of its own. */
  prepare?(world: World): Promise<void>;
  /** What the counts must be, by the generator. */
  truth?(size: number): Readonly<Record<string, number>>;
  /** Why the case cannot run here, or with this build, if so. */
  unavailable?(product: Product): string | undefined | Promise<string | undefined>;
  /** What else a result tells, in a few words. */
  remark?(result: CaseResult): string;
  readonly rollcall: Side;
  readonly peer: Side;
}
