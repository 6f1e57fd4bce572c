import type { ImportTime } from '../state/learned-wait.js';

/** The length of most of Okta's rate-limit windows. */
const WINDOW_MS = 60_000;
/** While nobody waits for the end of an import, polls are this many times as far apart. */
const UNHURRIED = 5;
/** The end of an import is searched no closer than this share of its time. */
const PRECISION = 0.01;

/** What limits the polls of a run. */
export interface PollLimits {
  /** The shortest time between two polls in milliseconds: the option `pollIntervalMs`. */
  readonly intervalMs: number;
  /** The polls that one rate-limit window allows; undefined if that is not known. */
  readonly perWindow: number | undefined;
}

/**
 * The imports of a run: how long they took, and whether anybody waits for one. Decides when the next poll is sent:
 *
 * - Until one import of this source has ended, at growing steps, at most so far apart that they use half of the rate-limit window.
 * - Afterwards hardly before the moment at which the last import ended, at this moment, and then at growing steps. This moment is
 *   known only between two polls, so one more poll between them finds it more exactly, or that imports have become shorter.
 * - While nobody waits for the end, at steps that are {@link UNHURRIED} times as long.
 */
export class ImportTimes {
  #last: ImportTime | undefined;
  #earlier: ImportTime | undefined;
  #overAt = -Infinity;
  #waiting = 0;
  #sleeping = new Set<() => void>();

  /** Waits for the end of an import. Meanwhile, polls are closer. */
  async untilEnd<T>(end: Promise<T>): Promise<T> {
    this.#waiting++;
    try {
      return await end;
    } finally {
      this.#waiting--;
    }
  }

  /** Records how long an import of an earlier run took. Polls follow it until one of this run has ended. */
  earlier(time: ImportTime | undefined): void {
    this.#earlier = time;
  }

  /** The last import of this run; undefined before the first one has ended. */
  get last(): ImportTime | undefined {
    return this.#last;
  }

  /** The moment by which the last import was over; -Infinity if none was. By the monotonic clock, in milliseconds. */
  get overAt(): number {
    return this.#overAt;
  }

  /** Records that every import was over at this moment of the monotonic clock, though no poll has seen it. */
  over(atMs: number): void {
    this.#overAt = Math.max(this.#overAt, atMs);
  }

  /** Ends the sleep of every poll: an import may be over, because Okta created a session. */
  mayBeOver(): void {
    for (const wake of this.#sleeping) wake();
    this.#sleeping.clear();
  }

  /** Resolves with the next {@link mayBeOver}. */
  untilMaybeOver(): Promise<void> {
    return new Promise((resolve) => this.#sleeping.add(resolve));
  }

  /** Whole milliseconds until the first poll of an import that began `passedMs` ago. */
  firstMs(passedMs: number, limits: PollLimits): number {
    return ((this.#last ?? this.#earlier)?.byMs ?? 0) > limits.intervalMs ? this.nextMs(passedMs, limits) : 0;
  }

  /** Whole milliseconds until the next poll of an import that was not over `passedMs` after its beginning. */
  nextMs(passedMs: number, limits: PollLimits): number {
    return Math.ceil(this.#stepMs(passedMs, limits));
  }

  /** Records the end of an import. */
  ended({ afterMs, byMs }: ImportTime): void {
    const last = this.#last ?? { afterMs: 0, byMs: Infinity };
    // A poll that came late does not show that this import was longer than the last, nor one that came early that it was shorter.
    const endMs = last.byMs > afterMs ? Math.min(last.byMs, byMs) : byMs;
    this.#last = {
      afterMs: isWide(last.afterMs, endMs) ? Math.max(last.afterMs, afterMs) : afterMs,
      byMs: endMs,
    };
  }

  #stepMs(passedMs: number, { intervalMs, perWindow }: PollLimits): number {
    // Half of a window is left for polls near the end of the import.
    const evenMs = perWindow === undefined ? 0 : (2 * WINDOW_MS) / Math.max(1, perWindow);
    const unhurriedMs = Math.max(UNHURRIED * intervalMs, evenMs);
    const longestMs = this.#waiting > 0 ? Math.max(intervalMs, evenMs) : unhurriedMs;
    const last = this.#last ?? this.#earlier;
    if (last === undefined) return Math.min(longestMs, Math.max(intervalMs, evenMs / 4, passedMs / 2));
    const lateMs = passedMs - last.byMs;
    if (lateMs >= 0) return Math.min(longestMs, Math.max(intervalMs, lateMs / 2));
    const stepMs = Math.min(unhurriedMs, Math.max(intervalMs, evenMs, passedMs / 2));
    const expectedInMs = expectedEnd(last, passedMs) - passedMs;
    return expectedInMs <= stepMs + intervalMs ? Math.max(intervalMs, expectedInMs) : stepMs;
  }
}

/** The moment after `passedMs` at which a poll is most useful. */
function expectedEnd({ afterMs, byMs }: ImportTime, passedMs: number): number {
  const middleMs = (afterMs + byMs) / 2;
  return isWide(afterMs, byMs) && passedMs < middleMs ? middleMs : byMs;
}

function isWide(afterMs: number, byMs: number): boolean {
  return byMs - afterMs > byMs * PRECISION;
}
