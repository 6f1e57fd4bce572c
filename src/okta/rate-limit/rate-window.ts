import type { Clock } from '../../core/clock.js';
import type { WireResponse } from '../wire.js';

/** The longest single wait. After it the request is tried, so that a wrong header cannot stop a run for ever. */
export const LONGEST_WAIT_MS = 5 * 60_000;

/** Okta's advice: wait until the reset, relative to the `Date` of the response, plus one second for clock skew. */
const SKEW_MS = 1_000;

/**
 * The remaining requests in the window of one bucket, from the headers of every response. Every wait is a duration between
 * two times of the server (reset and `Date`), so the local clock may be wrong by any amount.
 *
 * Each request reduces the local count at once. A response reduces it further, to the server's count minus the requests in
 * progress. Within a window the count only decreases, so responses may arrive in any order.
 */
export class RateWindow {
  readonly #clock: Clock;
  readonly #share: number;
  #limit: number | undefined;
  #remaining = Infinity;
  #reset = -Infinity;
  #used = 0;
  #underWay = 0;
  #opensAt: number | undefined;
  #length = 0;
  /** The callers that wait for the next response. */
  #listening: (() => void)[] = [];
  /** Changes with every new window, so that a waiter opens only the window for which it waited. */
  #generation = 0;

  constructor(clock: Clock, share: number) {
    this.#clock = clock;
    this.#share = share;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Milliseconds until a request may be sent; 0 when one may be sent now. */
  waitMs(): number {
    this.#roll();
    if (this.#opensAt === undefined || !this.#exhausted()) return 0;
    // At most the wait that was computed first: a clock that is set back must not lengthen it.
    return Math.ceil(Math.max(1, Math.min(this.#opensAt - this.#elapsed(), this.#length)));
  }

  /** Called after the whole wait. The sleep itself counts, not the clock, which may have been set back meanwhile. */
  slept(generation: number): void {
    if (generation === this.#generation) this.#open();
  }

  /**
   * True if our whole share of a new window is in progress and no response has reported this window yet. Its end is unknown
   * until a response arrives.
   */
  get isUnknown(): boolean {
    return this.#opensAt === undefined && this.#underWay > 0 && this.#exhausted();
  }

  /** Resolves with the end of any request. */
  answered(): Promise<void> {
    return new Promise((resolve) => this.#listening.push(resolve));
  }

  /** Counts one request, right before it is sent; false if the window is used up. */
  start(): boolean {
    if (this.waitMs() > 0 || this.isUnknown) return false;
    this.#remaining -= 1;
    this.#used += 1;
    this.#underWay += 1;
    return true;
  }

  /** The end of a counted request, with its response if there was one. */
  done(response: WireResponse | undefined): void {
    this.#underWay -= 1;
    if (response !== undefined) this.#learn(response);
    for (const listener of this.#listening.splice(0)) listener();
  }

  #learn(response: WireResponse): void {
    const limit = numberOf(response, 'x-rate-limit-limit');
    const reset = numberOf(response, 'x-rate-limit-reset');
    const remaining = numberOf(response, 'x-rate-limit-remaining');
    // A limit of 0 means the concurrency limit, and contains nothing about this window.
    if (limit === undefined || limit <= 0 || reset === undefined || remaining === undefined) return;
    if (reset < this.#reset) return;
    const left = (response.status === 429 ? 0 : remaining) - this.#underWay;
    if (reset > this.#reset) {
      this.#generation += 1;
      this.#reset = reset;
      this.#used = this.#underWay + 1;
      this.#remaining = left;
    } else {
      this.#remaining = Math.min(this.#remaining, left);
    }
    this.#limit = limit;
    const date = Date.parse(response.headers['date'] ?? '');
    const serverNow = Number.isNaN(date) ? this.#clock.now() : date;
    this.#length = Math.min(LONGEST_WAIT_MS, Math.max(SKEW_MS, reset * 1_000 - serverNow + SKEW_MS));
    this.#opensAt = this.#elapsed() + this.#length;
  }

  /** A clock that is set forward must not open a window too early. */
  #elapsed(): number {
    return this.#clock.elapsed?.() ?? this.#clock.now();
  }

  #exhausted(): boolean {
    return this.#remaining <= 0 || (this.#limit !== undefined && this.#used >= this.#quota(this.#limit));
  }

  /** Our share of a window; at least one request. The rest is left to other clients. */
  #quota(limit: number): number {
    return Math.max(1, Math.floor(limit * this.#share));
  }

  #roll(): void {
    if (this.#opensAt !== undefined && this.#elapsed() >= this.#opensAt) this.#open();
  }

  #open(): void {
    this.#generation += 1;
    this.#opensAt = undefined;
    this.#used = this.#underWay;
    this.#remaining = Infinity;
  }
}

function numberOf(response: WireResponse, name: string): number | undefined {
  const text = response.headers[name];
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
