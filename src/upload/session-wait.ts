import type { Clock } from '../core/clock.js';
import { LIMITS } from '../core/limits.js';
import type { ImportTime, LearnedWait } from '../state/learned-wait.js';

/** The wait that Okta's own tests have: "about 60 seconds" after a trigger. */
const MINUTE_MS = 60_000;
/** The first pause between two attempts, and the longest. Each is twice as long as the one before. */
const FIRST_STEP_MS = 2000;
const LONGEST_STEP_MS = 30_000;
/** No shorter wait is tried if the learned one is at most this share longer than one that was refused, or half a second. */
const PRECISION = 0.01;
const PRECISION_MS = 500;
/** After this many sessions, what was refused is tried once more, because Okta may have changed its rule. */
const DOUBT_EVERY = 20;
/** Refusals end the run only if there are this many. */
const MOST_REFUSALS = 8;

/** The beginning of a wait. */
export interface SessionWaitOptions {
  readonly clock: Clock;
  /** No session is tried earlier after a trigger. */
  readonly minMs: number;
  /** The first attempt is made after this wait at the latest, unless it is known to be refused. */
  readonly maxMs: number;
  readonly learned: LearnedWait;
  /** The time since the last trigger; undefined if none is known. */
  readonly triggeredAgoMs: number | undefined;
  readonly isImporting: boolean;
  /** The last import of this run; undefined before the first one. */
  readonly lastImport?: ImportTime | undefined;
}

/** One attempt to create a session. */
interface Attempt {
  /** Milliseconds after the trigger; without a known trigger, after the first attempt. */
  readonly atMs: number;
  readonly isImportOver: boolean;
}

/**
 * The wait before one session: decides when it is tried. Okta refuses a session that is created too soon after a trigger. Its documents and its
 * behavior differ in what too soon is: until the import is over, for about a minute, or for five minutes. A refused attempt costs
 * two requests and nothing else. So:
 *
 * - While nothing is learned, a session is tried when the import is over, after a minute, and then at growing steps of at most 30
 *   seconds.
 * - Afterwards it is tried at the moment that worked before. Earlier, at most one attempt a session _probes_ for a shorter wait,
 *   between the longest that was refused and the shortest that worked. If the end of the import is what counts, and imports take
 *   alike, the probes find this end more exactly than polls.
 * - A learned moment that is refused is forgotten. After every {@link DOUBT_EVERY} sessions, one attempt is made at a moment that was
 *   refused.
 */
export class SessionWait {
  readonly #clock: Clock;
  readonly #minMs: number;
  readonly #maxMs: number;
  #learned: LearnedWait;
  readonly #isTriggerKnown: boolean;
  /** The time of the trigger by the monotonic clock; without a known trigger, the beginning of the wait. */
  readonly #since: number;
  #isImportOver: boolean;
  /** The only probe, in milliseconds after the trigger; Infinity for none. */
  readonly #probeMs: number;
  #attempt: Attempt = { atMs: 0, isImportOver: true };
  #refused: Attempt | undefined;
  #refusals = 0;
  #firstRefusedAt = 0;

  constructor(options: SessionWaitOptions) {
    const { clock, minMs, maxMs, learned, triggeredAgoMs, isImporting, lastImport } = options;
    this.#clock = clock;
    this.#minMs = Math.min(minMs, maxMs);
    this.#maxMs = maxMs;
    this.#learned = learned;
    this.#isTriggerKnown = triggeredAgoMs !== undefined && triggeredAgoMs <= this.#longestMs;
    this.#since = this.#elapsed() - (this.#isTriggerKnown ? Math.max(0, triggeredAgoMs ?? 0) : 0);
    this.#isImportOver = !isImporting;
    const probeMs = probeFor(learned, lastImport);
    // Nothing is learned from a refusal after this wait, so the same probe would be made before every session.
    this.#probeMs = probeMs <= this.#longestMs ? probeMs : Infinity;
  }

  /** What is known now, to be kept for the next session. */
  get learned(): LearnedWait {
    return this.#learned;
  }

  /** False once no session is being imported any more. */
  get isImporting(): boolean {
    return !this.#isImportOver;
  }

  /** True if the next attempt may be due as soon as the import is over. */
  get endsWithImport(): boolean {
    return !this.#isImportOver && this.#learned.afterImport !== false;
  }

  /** Records that no session is being imported any more. */
  imported(): void {
    this.#isImportOver = true;
    this.#refusals = 0;
  }

  /** Whole milliseconds until the next attempt: 0 if it is due, Infinity if it is due when the import is over. */
  dueInMs(): number {
    const dueMs = this.#refused === undefined ? this.#firstMs() : this.#nextMs(this.#refused);
    const least = this.#isTriggerKnown ? this.#minMs : 0;
    // A clock may not sleep for a fraction of a millisecond.
    return Math.max(0, Math.ceil(Math.max(dueMs, least) - this.#passedMs()));
  }

  /** True if Okta has refused for so long that the wait cannot be the reason. */
  get isHopeless(): boolean {
    const refusedForMs = this.#elapsed() - this.#firstRefusedAt;
    return (
      this.#isImportOver &&
      this.#refusals >= MOST_REFUSALS &&
      refusedForMs >= this.#longestMs + LONGEST_STEP_MS
    );
  }

  /** Records that an attempt begins. */
  attempt(): void {
    this.#attempt = { atMs: this.#passedMs(), isImportOver: this.#isImportOver };
  }

  /** Records that Okta refused the attempt. */
  refused(): void {
    const { atMs, isImportOver } = this.#attempt;
    this.#refused = this.#attempt;
    if (++this.#refusals === 1) this.#firstRefusedAt = this.#elapsed();
    // The trigger is not ours, or too long ago: the refusal has another reason.
    if (!this.#isTriggerKnown || atMs > this.#longestMs) return;
    const { createdMs, refusedMs = 0, afterImport } = this.#learned;
    this.#learned = {
      ...this.#learned,
      refusedMs: Math.max(refusedMs, atMs),
      createdMs: createdMs !== undefined && createdMs <= atMs ? undefined : createdMs,
      retryMs: undefined,
      afterImport: isImportOver ? false : afterImport,
    };
  }

  /** Records that Okta created a session. */
  created(): void {
    const { atMs: beganMs, isImportOver } = this.#attempt;
    // A long attempt has waited for a rate limit, so it counts from its end.
    const atMs = this.#passedMs() - beganMs < FIRST_STEP_MS ? beganMs : this.#passedMs();
    if (!this.#isTriggerKnown) return;
    const { createdMs = Infinity, afterImport } = this.#learned;
    const isByImport = isImportOver && atMs < createdMs && afterImport !== false;
    this.#learned = doubting({
      ...this.#learned,
      retryMs: undefined,
      ...(isByImport ? { afterImport: true, importedMs: atMs } : { createdMs: Math.min(createdMs, atMs) }),
      sessions: this.#learned.sessions + 1,
    });
  }

  /** The first attempt, in milliseconds after the trigger. */
  #firstMs(): number {
    if (!this.#isTriggerKnown) return 0;
    const { createdMs, refusedMs = 0, importedMs = 0, afterImport } = this.#learned;
    const atImportEnd = this.#isImportOver && afterImport !== false ? 0 : Infinity;
    const latestMs = createdMs ?? this.#stepAfter(Math.max(refusedMs, importedMs));
    const firstMs = Math.min(atImportEnd, this.#probeMs, latestMs);
    return refusedMs < this.#maxMs ? Math.min(firstMs, this.#maxMs) : firstMs;
  }

  /** The attempt after a refused one, in milliseconds after the trigger. */
  #nextMs(refused: Attempt): number {
    const { createdMs = 0, refusedMs = 0, importedMs = 0, afterImport } = this.#learned;
    const hasJustEnded = this.#isImportOver && !refused.isImportOver;
    if (hasJustEnded && (afterImport === true || !this.#isLearned)) return 0;
    if (createdMs > refused.atMs) return createdMs;
    // An import is expected to end when the last one did.
    const expectedMs = !this.#isImportOver && afterImport === true ? Math.max(refusedMs, importedMs) : 0;
    return this.#stepAfter(Math.max(refused.atMs, expectedMs));
  }

  /** The next attempt if nothing is known but that one was refused `ms` after the trigger. */
  #stepAfter(ms: number): number {
    const expectedMs = this.#isTriggerKnown ? Math.min(MINUTE_MS, this.#maxMs) : 0;
    if (ms < expectedMs) return expectedMs;
    // Okta may allow no session until the import is over, however long that takes.
    if (!this.#isImportOver && ms >= this.#longestMs) return Infinity;
    const nextMs = ms + Math.min(ms - expectedMs + FIRST_STEP_MS, LONGEST_STEP_MS);
    return ms < this.#maxMs ? Math.min(nextMs, this.#maxMs) : nextMs;
  }

  get #isLearned(): boolean {
    return this.#learned.createdMs !== undefined || this.#learned.afterImport === true;
  }

  /** A wait that is longer than this is not required by any known rule. */
  get #longestMs(): number {
    return Math.max(this.#maxMs, LIMITS.sessionCooldownMs);
  }

  #passedMs(): number {
    return this.#elapsed() - this.#since;
  }

  #elapsed(): number {
    return this.#clock.elapsed?.() ?? this.#clock.now();
  }
}

/** A moment before the one that worked, at which a session is tried once; Infinity if the learned wait is short enough. */
function probeFor(learned: LearnedWait, lastImport: ImportTime | undefined): number {
  const { afterImport, retryMs } = learned;
  // If the end of the import is what counts, the polls have found out when this was.
  const { afterMs = 0, byMs = Infinity } = (afterImport === true ? lastImport : undefined) ?? {};
  const workedMs = Math.min(shortestThatWorked(learned), byMs);
  const refusedMs = Math.max(learned.refusedMs ?? 0, afterMs);
  if (workedMs === Infinity) return Infinity;
  if (retryMs !== undefined && retryMs < workedMs) return retryMs;
  const precisionMs = precisionOf(workedMs);
  if (workedMs - refusedMs <= precisionMs) return Infinity;
  const canBeMinute = refusedMs < MINUTE_MS && workedMs > MINUTE_MS + precisionMs;
  return canBeMinute ? MINUTE_MS : (refusedMs + workedMs) / 2;
}

function precisionOf(workedMs: number): number {
  return Math.max(PRECISION_MS, workedMs * PRECISION);
}

function shortestThatWorked({
  createdMs = Infinity,
  afterImport,
  importedMs = Infinity,
}: Omit<LearnedWait, 'sessions'>): number {
  return afterImport === true ? Math.min(createdMs, importedMs) : createdMs;
}

/** Without refusals that contradict the session that was just created. Now and then with one more attempt at what was refused. */
function doubting(learned: LearnedWait): LearnedWait {
  const { sessions, afterImport, refusedMs = 0, createdMs = Infinity } = learned;
  if (refusedMs >= createdMs) return { ...learned, refusedMs: undefined };
  if (sessions % DOUBT_EVERY !== 0) return learned;
  const round = sessions / DOUBT_EVERY;
  if (round % 2 === 1 && afterImport === false) return { ...learned, afterImport: undefined };
  const workedMs = shortestThatWorked(learned);
  if (workedMs === Infinity) return { ...learned, refusedMs: undefined };
  // If this is not refused, the rule is another, and the wait is searched anew.
  const retryMs = Math.min(workedMs - precisionOf(workedMs), LIMITS.sessionCooldownMs);
  return { ...learned, retryMs: Math.max(0, retryMs) };
}
