import type { WireRequest, WireResponse } from 'rollcall/okta';

/** What a life of the measured program is to do. */
export interface Task {
  /** The module of the package, as a URL. */
  readonly product: string;
  readonly file: string;
  readonly state: string;
  readonly orgUrl: string;
  readonly identitySourceId: string;
  readonly token: string;
  /** The virtual time at which it starts. */
  readonly now: number;
  readonly requestsPerSession: number;
  /** Collects garbage before memory is told, so that small runs are not all noise. It needs `--expose-gc`. */
  readonly collect: boolean;
}

/** The memory of the program, in MB of 1,000,000 bytes. */
export interface Memory {
  /** Resident. */
  readonly rss: number;
  /**
   * Resident and the program's own: without pages of files, the state's among them, which the system takes back when it
   * needs them. Equal to `rss` where the system does not tell it.
   */
  readonly own: number;
  /** Used by JavaScript objects, garbage that was not collected yet among them. */
  readonly heap: number;
}

/** A request, on its way from the program to the org. */
export interface Ask {
  readonly kind: 'ask';
  readonly id: number;
  readonly now: number;
  readonly request: Omit<WireRequest, 'signal'>;
}

/** A session was committed to the state. */
export interface Commit {
  readonly sessionId: string;
  readonly changes: number;
  readonly memory: Memory;
  /** The most that was seen since the last. */
  readonly peak: Memory;
}

/** A session of an earlier life was settled. */
export interface Settled {
  readonly sessionId: string | undefined;
  readonly outcome: string;
}

/** What the program tells. */
export type FromProgram =
  | Ask
  /** The first session is about to be created: the source is closed, and the plan waits. */
  | { readonly kind: 'sending'; readonly memory: Memory; readonly peakMb: number }
  | ({ readonly kind: 'committed' } & Commit)
  | ({ readonly kind: 'settled' } & Settled)
  | { readonly kind: 'done'; readonly confirmed: number; readonly peakMb: number };

/** The org's answer: a reply, or why there is none. */
export interface Answer {
  readonly id: number;
  readonly delayMs: number;
  readonly reply: WireResponse | { readonly failed: string; readonly sent: boolean };
}
