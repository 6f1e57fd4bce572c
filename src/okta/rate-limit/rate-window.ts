import type { Clock } from '../../core/clock.js';
import type { WireResponse } from '../wire.js';

/** No single wait is longer: after it Okta is asked again, so that a wrong header cannot stop a run for good. */
export const LONGEST_WAIT_MS = 5 * 60_000;

/** Okta's advice: wait until the reset, measured against the answer's `Date`, plus a second for skew. */
const SKEW_MS = 1_000;

/**
 * What one bucket's window still allows, from the headers of every answer. All waits are lengths, taken from the
 * server's own two times (reset and `Date`), so the local clock may be wrong by any amount.
 *
 * Every send takes from the local count at once; an answer lowers it to what the server says less what is still
 * under way. Within a window the count only falls, so answers may arrive in any order.
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
  /** Who waits for the next answer. */
  #listening: (() => void)[] = [];
  /** Changes with every new window; a waiter may only open the window it waited for. */
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
    // No more than was first computed: a clock set back must not lengthen the wait.
    return Math.ceil(Math.max(1, Math.min(this.#opensAt - this.#elapsed(), this.#length)));
  }

  /** The whole wait was slept through. Sleeping is what counts: a clock may have been set back meanwhile. */
  slept(generation: number): void {
    if (generation === this.#generation) this.#open();
  }

  /**
   * True when our part of a window is under way that no answer has told of yet: the last one is over, and how long this
   * one takes is known only from its answers.
   */
  get isUntold(): boolean {
    return this.#opensAt === undefined && this.#underWay > 0 && this.#exhausted();
  }

  /** Resolves with the end of any request. */
  answered(): Promise<void> {
    return new Promise((resolve) => this.#listening.push(resolve));
  }

  /** Takes one request from the window, right before it is sent; false when none is left. */
  take(): boolean {
    if (this.waitMs() > 0 || this.isUntold) return false;
    this.#remaining -= 1;
    this.#used += 1;
    this.#underWay += 1;
    return true;
  }

  /** The end of a request that was taken, with its answer where one came. */
  done(response: WireResponse | undefined): void {
    this.#underWay -= 1;
    if (response !== undefined) this.#learn(response);
    for (const listener of this.#listening.splice(0)) listener();
  }

  #learn(response: WireResponse): void {
    const limit = numberOf(response, 'x-rate-limit-limit');
    const reset = numberOf(response, 'x-rate-limit-reset');
    const told = numberOf(response, 'x-rate-limit-remaining');
    // A limit of 0 is the concurrency limit's answer, and tells nothing about this window.
    if (limit === undefined || limit <= 0 || reset === undefined || told === undefined) return;
    if (reset < this.#reset) return;
    const left = (response.status === 429 ? 0 : told) - this.#underWay;
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

  /** A clock that is set forward must not open a window that is still closed. */
  #elapsed(): number {
    return this.#clock.elapsed?.() ?? this.#clock.now();
  }

  #exhausted(): boolean {
    return this.#remaining <= 0 || (this.#limit !== undefined && this.#used >= this.#quota(this.#limit));
  }

  /** Others are left their part of every window; our own part is never nothing. */
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
