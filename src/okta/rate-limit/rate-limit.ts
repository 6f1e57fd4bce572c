import Bottleneck from 'bottleneck';
import { throwIfAborted, type Clock } from '../../core/clock.js';
import type { Bucket } from '../operations.js';
import { RateWindow } from './rate-window.js';
import type { WireResponse } from '../wire.js';

/** The number of successful responses, per allowed concurrent request, after which one more concurrent request is allowed. */
const RECOVERY = 10;

/** Reports that a call waits, and until when (by the local clock). */
export type OnWait = (ms: number) => void;

interface Lane {
  readonly window: RateWindow;
  readonly limiter: Bottleneck;
}

/**
 * Keeps Okta's rate limits. One Bottleneck limiter per bucket keeps the order of the bucket's calls, and one for all
 * buckets limits the concurrency. {@link RateWindow} counts the requests of a bucket, instead of Bottleneck's reservoir,
 * which uses the clock of the machine and counts a job when it is queued for the second limiter. RateWindow uses the
 * injected clock, and is checked at the moment of sending.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #share: number;
  readonly #concurrency: number;
  readonly #shared: Bottleneck;
  readonly #lanes = new Map<Bucket, Lane>();
  #current: number;
  #good = 0;

  constructor(clock: Clock, share: number, concurrency: number) {
    this.#clock = clock;
    this.#share = share;
    this.#concurrency = concurrency;
    this.#current = concurrency;
    this.#shared = makeLimiter(concurrency);
  }

  /**
   * Runs `send` when the window of the bucket and the concurrency allow it. `prepare` runs before the window is checked, so
   * that nothing slow happens between the check and sending.
   */
  async run<P>(
    bucket: Bucket,
    prepare: () => Promise<P>,
    send: (prepared: P) => Promise<WireResponse>,
    onWait: OnWait,
    signal: AbortSignal,
  ): Promise<WireResponse> {
    const lane = this.#lane(bucket);
    return lane.limiter.schedule(async () => {
      for (;;) {
        await this.#untilOpen(lane.window, onWait, signal);
        const response = await this.#shared.schedule(async () => {
          throwIfAborted(signal);
          const prepared = await prepare();
          throwIfAborted(signal);
          return lane.window.start() ? this.#sendCounted(lane.window, () => send(prepared)) : undefined;
        });
        // The window was used up while this call was queued: wait, and queue it again.
        if (response !== undefined) return response;
      }
    });
  }

  /** The limits that Okta told so far, by bucket. */
  limits(): ReadonlyMap<Bucket, number> {
    const limits = new Map<Bucket, number>();
    for (const [bucket, { window }] of this.#lanes)
      if (window.limit !== undefined) limits.set(bucket, window.limit);
    return limits;
  }

  async #sendCounted(window: RateWindow, send: () => Promise<WireResponse>): Promise<WireResponse> {
    const { sent } = window;
    let response: WireResponse | undefined;
    try {
      response = await send();
      return response;
    } finally {
      window.done(response, sent);
      if (response !== undefined) this.#adapt(response);
    }
  }

  async #untilOpen(window: RateWindow, onWait: OnWait, signal: AbortSignal): Promise<void> {
    for (;;) {
      throwIfAborted(signal);
      const ms = window.waitMs();
      if (ms > 0) {
        const { generation } = window;
        onWait(ms);
        await this.#clock.sleep(ms, signal);
        window.slept(generation);
      } else if (window.isUnknown) {
        await window.answered();
      } else {
        return;
      }
    }
  }

  /** Halves the concurrency after a 429 for concurrency, and increases it by one after enough successful responses. */
  #adapt(response: WireResponse): void {
    if (isConcurrencyLimit(response)) this.#set(Math.max(1, Math.floor(this.#current / 2)));
    else if (this.#current < this.#concurrency && ++this.#good >= RECOVERY * this.#current) {
      this.#set(this.#current + 1);
    }
  }

  #set(current: number): void {
    this.#good = 0;
    this.#current = current;
    this.#shared.updateSettings({ maxConcurrent: current });
  }

  #lane(bucket: Bucket): Lane {
    let lane = this.#lanes.get(bucket);
    if (lane === undefined) {
      lane = {
        window: new RateWindow(this.#clock, this.#share),
        limiter: makeLimiter(this.#concurrency),
      };
      this.#lanes.set(bucket, lane);
    }
    return lane;
  }
}

/**
 * A limiter that does not use the clock. Even without spacing, Bottleneck stores the time at which its next job may start,
 * by the clock of the machine. If this clock were set back by an hour, every request would wait for an hour.
 */
function makeLimiter(maxConcurrent: number): Bottleneck {
  const limiter = new Bottleneck({ maxConcurrent });
  const { _store: store } = limiter as unknown as { readonly _store: object };
  Object.defineProperty(store, '_nextRequest', { get: () => 0, set: () => undefined });
  return limiter;
}

/** "Limit 0 and remaining 0" means the concurrency limit; its reset time is only a hint. */
export function isConcurrencyLimit(response: WireResponse): boolean {
  return (
    response.status === 429 &&
    response.headers['x-rate-limit-limit'] === '0' &&
    response.headers['x-rate-limit-remaining'] === '0'
  );
}
