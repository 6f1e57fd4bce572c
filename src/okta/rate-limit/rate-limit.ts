import Bottleneck from 'bottleneck';
import { throwIfAborted, type Clock } from '../../core/clock.js';
import type { Bucket } from '../operations.js';
import { RateWindow } from './rate-window.js';
import type { WireResponse } from '../wire.js';

/** Answers without a fault, per request of concurrency, until one more request may run at a time again. */
const RECOVERY = 10;

/** Tells that a call waits, and until when by the local clock. */
export type TellWait = (ms: number) => void;

interface Lane {
  readonly window: RateWindow;
  readonly limiter: Bottleneck;
}

/**
 * One Bottleneck limiter per bucket keeps the order of a bucket's calls, one for all bounds how many run at once. The
 * reservoir of a bucket is its {@link RateWindow}: Bottleneck's own runs on the machine's time, and counts a job when it
 * is queued for the second limiter; ours runs on the injected clock, and is asked at the instant of sending.
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
   * Runs `send` once the bucket's window and the concurrency allow it. `prepare` runs before the window is asked, so
   * that nothing slow stands between asking and sending.
   */
  async run<P>(
    bucket: Bucket,
    prepare: () => Promise<P>,
    send: (prepared: P) => Promise<WireResponse>,
    tell: TellWait,
    signal: AbortSignal,
  ): Promise<WireResponse> {
    const lane = this.#lane(bucket);
    return lane.limiter.schedule(async () => {
      for (;;) {
        await this.#untilOpen(lane.window, tell, signal);
        const response = await this.#shared.schedule(async () => {
          throwIfAborted(signal);
          const prepared = await prepare();
          throwIfAborted(signal);
          return lane.window.take() ? this.#sendCounted(lane.window, () => send(prepared)) : undefined;
        });
        // The window closed while this call was queued: wait, and queue anew.
        if (response !== undefined) return response;
      }
    });
  }

  async #sendCounted(window: RateWindow, send: () => Promise<WireResponse>): Promise<WireResponse> {
    let response: WireResponse | undefined;
    try {
      response = await send();
      return response;
    } finally {
      window.done(response);
      if (response !== undefined) this.#adapt(response);
    }
  }

  async #untilOpen(window: RateWindow, tell: TellWait, signal: AbortSignal): Promise<void> {
    for (;;) {
      throwIfAborted(signal);
      const ms = window.waitMs();
      if (ms > 0) {
        const { generation } = window;
        tell(ms);
        await this.#clock.sleep(ms, signal);
        window.slept(generation);
      } else if (window.isUntold) {
        await window.answered();
      } else {
        return;
      }
    }
  }

  /** Half as many at once after a concurrency 429, one more again after a good while. */
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
 * A limiter without times of its own. Bottleneck notes when its next job may start even where no spacing is asked for,
 * by the machine's clock: set back by an hour, that clock would hold every request up for an hour.
 */
function makeLimiter(maxConcurrent: number): Bottleneck {
  const limiter = new Bottleneck({ maxConcurrent });
  const { _store: store } = limiter as unknown as { readonly _store: object };
  Object.defineProperty(store, '_nextRequest', { get: () => 0, set: () => undefined });
  return limiter;
}

/** "Limit 0 and remaining 0" is the concurrency limit; its reset time is only a hint. */
export function isConcurrencyLimit(response: WireResponse): boolean {
  return (
    response.status === 429 &&
    response.headers['x-rate-limit-limit'] === '0' &&
    response.headers['x-rate-limit-remaining'] === '0'
  );
}
