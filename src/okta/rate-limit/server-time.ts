import type { Clock } from '../../core/clock.js';
import type { WireResponse } from '../wire.js';

/**
 * The server's time, from the `Date` of its answers. Assertions and proofs carry times, and are refused when the
 * machine's clock is wrong; until the first answer there is no other.
 */
export class ServerTime {
  readonly #clock: Clock;
  #skewMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds that the server's clock is ahead of ours. */
  get skewMs(): number {
    return this.#skewMs;
  }

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return this.#clock.now() + this.#skewMs;
  }

  learn(response: WireResponse): void {
    const date = Date.parse(response.headers['date'] ?? '');
    if (!Number.isNaN(date)) this.#skewMs = date - this.#clock.now();
  }
}
