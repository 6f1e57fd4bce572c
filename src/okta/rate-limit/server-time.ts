import type { Clock } from '../../core/clock.js';
import type { WireResponse } from '../wire.js';

/**
 * The time of the server, from the `Date` of its responses. Assertions and proofs contain times, and the server refuses
 * them if the clock of the machine is wrong. Before the first response, the clock of the machine is used.
 */
export class ServerTime {
  readonly #clock: Clock;
  #skewMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds by which the server's clock is ahead of ours. */
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
