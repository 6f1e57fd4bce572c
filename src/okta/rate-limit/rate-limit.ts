import Bottleneck from 'bottleneck';
import { throwIfAborted, type Clock } from '../../core/clock.js';
import type { Bucket } from '../operations.js';
import { RateWindow, type Urgency, type WindowShare } from './rate-window.js';
import type { WireResponse } from '../wire.js';

/** The number of successful responses, per allowed concurrent request, after which one more concurrent request is allowed. */
const RECOVERY = 10;

/** Reports that a call waits, and until when (by the local clock). */
export type OnWait = (ms: number) => void;

/** One request, and what it needs to be sent. */
export interface RateLimited<P> {
  readonly bucket: Bucket;
  /** A poll is sent only into a window with requests to spare. */
  readonly urgency: Urgency;
  /** Runs before the window is checked, so that nothing slow happens between the check and sending. */
  readonly prepare: () => Promise<P>;
  readonly send: (prepared: P) => Promise<WireResponse>;
  readonly onWait: OnWait;
  readonly signal: AbortSignal;
}

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
  readonly #share: WindowShare;
  readonly #concurrency: number;
  readonly #shared: Bottleneck;
  readonly #lanes = new Map<Bucket, Lane>();
  #current: number;
  #good = 0;

  constructor(clock: Clock, share: WindowShare, concurrency: number) {
    this.#clock = clock;
    this.#share = share;
    this.#concurrency = concurrency;
    this.#current = concurrency;
    this.#shared = makeLimiter(concurrency);
  }

  /** Sends a request when the window of its bucket and the concurrency allow it. */
  async run<P>(request: RateLimited<P>): Promise<WireResponse> {
    const { window, limiter } = this.#lane(request.bucket);
    if (request.urgency === 'normal') return limiter.schedule(() => this.#sendWhenOpen(window, request));
    // A poll does not wait in the lane, where it would be in the way of more urgent calls.
    return this.#sendWhenOpen(window, request, (send) => limiter.schedule(send));
  }

  async #sendWhenOpen<P>(
    window: RateWindow,
    request: RateLimited<P>,
    inLane: (send: () => Promise<WireResponse | undefined>) => Promise<WireResponse | undefined> = (send) =>
      send(),
  ): Promise<WireResponse> {
    const { urgency, prepare, send, signal } = request;
    for (;;) {
      await this.#untilOpen(window, request);
      const response = await inLane(() =>
        this.#shared.schedule(async () => {
          throwIfAborted(signal);
          const prepared = await prepare();
          throwIfAborted(signal);
          return window.start(urgency) ? this.#sendCounted(window, () => send(prepared)) : undefined;
        }),
      );
      // The window was used up while this call was queued: wait, and queue it again.
      if (response !== undefined) return response;
    }
  }

  /** The polls that one window of the bucket allows; undefined before the first response that tells its limit. */
  polls(bucket: Bucket): number | undefined {
    return this.#lanes.get(bucket)?.window.polls;
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

  async #untilOpen(
    window: RateWindow,
    { urgency, onWait, signal }: Pick<RateLimited<unknown>, 'urgency' | 'onWait' | 'signal'>,
  ): Promise<void> {
    for (;;) {
      throwIfAborted(signal);
      const ms = window.waitMs(urgency);
      if (ms > 0) {
        const { generation } = window;
        onWait(ms);
        await this.#clock.sleep(ms, signal);
        window.slept(generation);
      } else if (window.isUnknown(urgency)) {
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
