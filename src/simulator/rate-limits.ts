import type { OrgBucket } from './types.js';

/** The rate limit of a bucket. */
export interface RateLimit {
  /** Requests per window; at least 1. */
  readonly limit: number;
  /** The length of a window in milliseconds; a window starts with the first request after the previous one has ended. */
  readonly windowMs: number;
}

/** The content of the `x-rate-limit-*` headers of a response. */
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
  /** The time at which a response first reported that the window is used up. */
  reportedAt: number;
}

/** The windows of all buckets, and the number of concurrent requests. */
export class RateLimits {
  readonly #limitOf: (bucket: OrgBucket) => RateLimit;
  readonly #concurrency: number;
  readonly #windows = new Map<OrgBucket, Window>();
  /** The end times of the requests in progress. */
  #ends: number[] = [];

  constructor(limitOf: (bucket: OrgBucket) => RateLimit, concurrency: number) {
    this.#limitOf = limitOf;
    this.#concurrency = concurrency;
  }

  /** True if a response reported, more than `noticeMs` ago, that this window is used up. */
  wasReported(bucket: OrgBucket, now: number, noticeMs: number): boolean {
    return now > this.#window(bucket, now).reportedAt + noticeMs;
  }

  /** Counts one request; false if the window is used up. */
  count(bucket: OrgBucket, now: number): boolean {
    const window = this.#window(bucket, now);
    if (window.used >= window.limit) return false;
    window.used++;
    return true;
  }

  /** Uses up the rest of the window, as if other clients had sent requests. */
  exhaust(bucket: OrgBucket, now: number): void {
    const window = this.#window(bucket, now);
    window.used = window.limit;
  }

  /** The headers for a response at this moment. */
  read(bucket: OrgBucket, now: number): RateReading {
    const { limit, used, ends } = this.#window(bucket, now);
    return { limit, remaining: limit - used, reset: Math.ceil(ends / 1000) };
  }

  /** Records that a response, which reports a used-up window, reaches the client at `at`. */
  report(bucket: OrgBucket, reading: RateReading, at: number): void {
    const window = this.#windows.get(bucket);
    if (window !== undefined && reading.limit > 0 && reading.remaining === 0) {
      window.reportedAt = Math.min(window.reportedAt, at);
    }
  }

  /** True if the most concurrent requests are in progress. */
  busy(now: number): boolean {
    this.#ends = this.#ends.filter((end) => end > now);
    return this.#ends.length >= this.#concurrency;
  }

  /** Records that a request is in progress until `end`. */
  occupy(end: number, now: number): void {
    if (end > now) this.#ends.push(end);
  }

  #window(bucket: OrgBucket, now: number): Window {
    let window = this.#windows.get(bucket);
    if (window === undefined || now >= window.ends) {
      const { limit, windowMs } = this.#limitOf(bucket);
      window = { limit, ends: now + windowMs, used: 0, reportedAt: Infinity };
      this.#windows.set(bucket, window);
    }
    return window;
  }
}
