import type { Clock } from '../../core/clock.js';
import type { WireResponse } from '../wire.js';
import { LONGEST_WAIT_MS, retryAfterMs } from './retry-after.js';

/** The length of most of Okta's windows, for a response whose times cannot be right. */
const USUAL_MS = 60_000;

/** Two responses are about one window if its end differs by at most this much. */
const SAME_MS = 5_000;

/** Requests of a window that polls leave to other calls: to list sessions and create one, and once more after a refusal. */
const KEPT_FROM_POLLS = 4;
/** The least of them that polls leave when other calls have used some: a list and a create, or a cancel and its check. */
const LEAST_KEPT = 2;

/** Okta's advice: wait until the reset, relative to the `Date` of the response, plus one second for clock skew. */
const SKEW_MS = 1_000;

/** The requests of a small window that are left to other clients. */
const LEFT_TO_OTHERS = 5;

/** How much of a window may be used. */
export interface WindowShare {
  /** More than 0 and at most 1. */
  readonly share: number;
  /** This many requests may be used even where they are more than the share, if {@link LEFT_TO_OTHERS} are left. */
  readonly least: number;
}

/** A poll can wait, so it leaves requests of its window to others. */
export type Urgency = 'normal' | 'poll';

/** When a request was sent. Its response may be about that window, or a later one. */
export interface SentRequest {
  /** By the monotonic clock. */
  readonly at: number;
  readonly generation: number;
}

/**
 * The remaining requests in the window of one bucket, from the headers of every response. Every wait is a duration between
 * two times of the server (reset and `Date`), so the local clock may be wrong by any amount.
 *
 * Windows are told apart by their ends on our own clock, and not by `reset`: the clocks of Okta's nodes may differ by minutes or by
 * an hour. What one response says of a window is believed until a later request gets another answer.
 *
 * Each request reduces the local count at once. A response reduces it further, to the server's count minus the requests in
 * progress. Within a window the count only decreases, so responses may arrive in any order.
 */
export class RateWindow {
  readonly #clock: Clock;
  readonly #share: WindowShare;
  #limit: number | undefined;
  #remaining = Infinity;
  #used = 0;
  #underWay = 0;
  /** The requests of this window that were not polls. */
  #urgent = 0;
  #opensAt: number | undefined;
  #length = 0;
  /** The callers that wait for the next response. */
  #listening: (() => void)[] = [];
  /** Changes with every new window, so that a waiter opens only the window for which it waited. */
  #generation = 0;

  constructor(clock: Clock, share: WindowShare) {
    this.#clock = clock;
    this.#share = share;
  }

  get generation(): number {
    return this.#generation;
  }

  /** What {@link done} must know of a request that was just started. */
  get sent(): SentRequest {
    return { at: this.#elapsed(), generation: this.#generation };
  }

  /** The requests that Okta allows in one window, our share and others'; undefined before the first response that tells it. */
  get limit(): number | undefined {
    return this.#limit;
  }

  /** The polls that one window allows if all of our share is left; undefined before the first response that tells the limit. */
  get polls(): number | undefined {
    return this.#limit === undefined ? undefined : this.#quota(this.#limit) - this.#kept(this.#limit, 0);
  }

  /** Milliseconds until a request may be sent; 0 when one may be sent now. */
  waitMs(urgency: Urgency = 'normal'): number {
    this.#roll();
    if (this.#opensAt === undefined || !this.#exhausted(urgency)) return 0;
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
  isUnknown(urgency: Urgency = 'normal'): boolean {
    return this.#opensAt === undefined && this.#underWay > 0 && this.#exhausted(urgency);
  }

  /** Resolves with the end of any request. */
  answered(): Promise<void> {
    return new Promise((resolve) => this.#listening.push(resolve));
  }

  /** Counts one request, right before it is sent; false if the window is used up. */
  start(urgency: Urgency = 'normal'): boolean {
    if (this.waitMs(urgency) > 0 || this.isUnknown(urgency)) return false;
    this.#remaining -= 1;
    this.#used += 1;
    this.#underWay += 1;
    if (urgency === 'normal') this.#urgent += 1;
    return true;
  }

  /** The end of a counted request, with its response if there was one. */
  done(response: WireResponse | undefined, sent: SentRequest = this.sent): void {
    this.#underWay -= 1;
    if (response !== undefined) this.#learn(response, sent);
    for (const listener of this.#listening.splice(0)) listener();
  }

  #learn(response: WireResponse, sent: SentRequest): void {
    const limit = numberOf(response, 'x-rate-limit-limit');
    const remaining = numberOf(response, 'x-rate-limit-remaining');
    // A limit of 0 means the concurrency limit, and contains nothing about this window.
    if (limit === 0) return;
    const isRefused = response.status === 429;
    const askedMs = isRefused ? retryAfterMs(response) : undefined;
    if (limit === undefined || remaining === undefined) {
      if (askedMs !== undefined) this.#begin(0, askedMs);
      return;
    }
    const lengthMs = Math.max(this.#lengthOf(response), askedMs ?? 0);
    const left = (isRefused ? 0 : remaining) - this.#underWay;
    const earliest = sent.at + lengthMs - SAME_MS;
    const latest = this.#elapsed() + lengthMs + SAME_MS;
    // A request that was sent before this window began may have an answer about an earlier one.
    if (latest < (this.#opensAt ?? -Infinity) && sent.generation !== this.#generation) return;
    if (earliest <= (this.#opensAt ?? -Infinity) && (this.#opensAt ?? Infinity) <= latest) {
      this.#remaining = Math.min(this.#remaining, left);
      this.#closeFor(lengthMs);
    } else {
      this.#begin(left, lengthMs);
    }
    this.#limit = limit;
  }

  /** Replaces what is known by a window with `left` requests. */
  #begin(left: number, lengthMs: number): void {
    this.#generation += 1;
    this.#used = this.#underWay + 1;
    this.#urgent = 0;
    this.#remaining = left;
    this.#closeFor(lengthMs);
  }

  #closeFor(lengthMs: number): void {
    this.#length = lengthMs;
    this.#opensAt = this.#elapsed() + lengthMs;
  }

  /**
   * Milliseconds until the window of a response is over: by its own `Date`, or, if one of its times cannot be right, by our
   * clock, or as most windows.
   */
  #lengthOf(response: WireResponse): number {
    const reset = (numberOf(response, 'x-rate-limit-reset') ?? NaN) * 1_000;
    const date = Date.parse(response.headers['date'] ?? '');
    for (const now of [date, this.#clock.now()]) {
      const ms = reset - now;
      if (ms >= -SKEW_MS && ms <= LONGEST_WAIT_MS) return Math.max(0, ms) + SKEW_MS;
    }
    return USUAL_MS;
  }

  /** A clock that is set forward must not open a window too early. */
  #elapsed(): number {
    return this.#clock.elapsed?.() ?? this.#clock.now();
  }

  #exhausted(urgency: Urgency): boolean {
    const kept = urgency === 'poll' && this.#limit !== undefined ? this.#kept(this.#limit, this.#urgent) : 0;
    if (this.#remaining <= kept) return true;
    return this.#limit !== undefined && this.#used + kept >= this.#quota(this.#limit);
  }

  /** The requests of a window that are left to more urgent ones. Even of the smallest window, a poll may use one. */
  #kept(limit: number, urgent: number): number {
    return Math.min(Math.max(LEAST_KEPT, KEPT_FROM_POLLS - urgent), this.#quota(limit) - 1);
  }

  /** Our share of a window; at least one request. The rest is left to other clients. */
  #quota(limit: number): number {
    const { share, least } = this.#share;
    return Math.max(1, Math.floor(limit * share), Math.min(least, limit - LEFT_TO_OTHERS));
  }

  #roll(): void {
    if (this.#opensAt !== undefined && this.#elapsed() >= this.#opensAt) this.#open();
  }

  #open(): void {
    this.#generation += 1;
    this.#opensAt = undefined;
    this.#used = this.#underWay;
    this.#urgent = 0;
    this.#remaining = Infinity;
  }
}

function numberOf(response: WireResponse, name: string): number | undefined {
  const text = response.headers[name];
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
