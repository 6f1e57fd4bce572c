/** One run whose wall time is asked for. */
export interface Scenario {
  readonly name: string;
  /** Users that are created or updated. */
  readonly upserts: number;
  /** Users that are removed. */
  readonly deletes: number;
  /** Users of an earlier run over the same source, which do not change. Their sessions have taught the state the wait. */
  readonly learnedBy?: number;
  /** The name of the rule, for the runs that compare the rules. */
  readonly rule?: string;
  /** Sizes of the users' items: a mix of `data/mixed-sizes`; about 340 bytes each by default. */
  readonly mix?: string;
  /** Milliseconds that each answer of Okta's takes. */
  readonly latencyMs: number;
  /** Milliseconds that the import of one session takes. Okta does not say; it is the assumption that matters most. */
  readonly importMs: number;
  /** Milliseconds after a trigger for which Okta allows no new session. */
  readonly cooldownMs: number;
  /** Whether that time is over once the session is COMPLETED; the documents do not say. */
  readonly cooldownApplies: 'always' | 'while-active';
  /** 2 loads a session while the one before is imported; 1 does not. */
  readonly sessionsInFlight: number;
  /** Loads of a session that are under way at a time. */
  readonly loadsAtOnce: number;
  /** `false` packs in the order of the source, each item into the current request or the next. */
  readonly lookAhead: boolean;
  /** The requests that the bucket of `/sessions` allows in a minute. */
  readonly sessionRequests: number;
  /** The share of requests that Okta acts on and whose answer is lost. */
  readonly lostAnswers: number;
}

/** What a run came to. */
export interface Outcome {
  readonly requests: number;
  readonly sessions: number;
  readonly wallMs: number;
  /** What was seen on the wire; undefined where nothing was sent. */
  readonly waits?: Waits;
}

/** The waits between sessions, as they were seen on the wire. */
export interface Waits {
  /** Milliseconds from each trigger to the creation of the next session. */
  readonly ms: readonly number[];
  /** The creations that were refused before each of these sessions. */
  readonly refused: readonly number[];
}

/** The service as it is assumed where nothing else is said. */
export const USUAL = {
  deletes: 0,
  latencyMs: 300,
  importMs: 240_000,
  cooldownMs: 300_000,
  cooldownApplies: 'always',
  sessionsInFlight: 2,
  loadsAtOnce: 4,
  sessionRequests: 600,
  lookAhead: true,
  lostAnswers: 0,
} as const satisfies Partial<Scenario>;
