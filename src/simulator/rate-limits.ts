import type { OrgBucket } from './types.js';

/** How many requests a bucket takes in one window. */
export interface RateLimit {
  /** Requests a window; at least 1. */
  readonly limit: number;
  /** Milliseconds; a window starts with the first request after the one before has ended. */
  readonly windowMs: number;
}

/** What the `x-rate-limit-*` headers of an answer say. */
export interface RateReading {
  readonly limit: number;
  readonly remaining: number;
  /** UTC epoch seconds. */
  readonly reset: number;
}

interface Window {
  readonly limit: number;
  readonly ends: number;
  used: number;
  /** When an answer first told the client that nothing is left. */
  told: number;
}

/** The windows of all buckets, and how many requests are under way at once. */
export class RateLimits {
  readonly #limitOf: (bucket: OrgBucket) => RateLimit;
  readonly #concurrency: number;
  readonly #windows = new Map<OrgBucket, Window>();
  /** When each request under way will be answered. */
  #ends: number[] = [];

  constructor(limitOf: (bucket: OrgBucket) => RateLimit, concurrency: number) {
    this.#limitOf = limitOf;
    this.#concurrency = concurrency;
  }

  /** True when the client was told, more than `noticeMs` before, that this window is used up. */
  wasTold(bucket: OrgBucket, now: number, noticeMs: number): boolean {
    return now > this.#window(bucket, now).told + noticeMs;
  }

  /** Counts one request in; false when the window is used up. */
  take(bucket: OrgBucket, now: number): boolean {
    const window = this.#window(bucket, now);
    if (window.used >= window.limit) return false;
    window.used++;
    return true;
  }

  /** Others use up what is left. */
  exhaust(bucket: OrgBucket, now: number): void {
    const window = this.#window(bucket, now);
    window.used = window.limit;
  }

  /** What an answer's headers say now. */
  read(bucket: OrgBucket, now: number): RateReading {
    const { limit, used, ends } = this.#window(bucket, now);
    return { limit, remaining: limit - used, reset: Math.ceil(ends / 1000) };
  }

  /** Notes that an answer that says so reaches the client at `at`. */
  tell(bucket: OrgBucket, reading: RateReading, at: number): void {
    const window = this.#windows.get(bucket);
    if (window !== undefined && reading.limit > 0 && reading.remaining === 0) {
      window.told = Math.min(window.told, at);
    }
  }

  /** True when as many requests as the org allows at once are under way. */
  busy(now: number): boolean {
    this.#ends = this.#ends.filter((end) => end > now);
    return this.#ends.length >= this.#concurrency;
  }

  /** Notes that a request is under way until `end`. */
  occupy(end: number, now: number): void {
    if (end > now) this.#ends.push(end);
  }

  #window(bucket: OrgBucket, now: number): Window {
    let window = this.#windows.get(bucket);
    if (window === undefined || now >= window.ends) {
      const { limit, windowMs } = this.#limitOf(bucket);
      window = { limit, ends: now + windowMs, used: 0, told: Infinity };
      this.#windows.set(bucket, window);
    }
    return window;
  }
}
