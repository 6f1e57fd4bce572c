import { AbortedError } from '../../core/errors.js';
import { throwIfAborted, type Clock } from '../../core/clock.js';
import type { ClientWait } from '../wire.js';

/** An access token. */
export interface AccessToken {
  readonly value: string;
  readonly type: 'Bearer' | 'DPoP';
  /** The time at which to replace it, by the client's clock; Infinity if its lifetime is unknown. */
  readonly renewAt: number;
}

/** Gets a new token. Ends if its signal is aborted, and calls `onWait` before each wait. */
export type FetchToken = (signal: AbortSignal, onWait: (wait: ClientWait) => void) => Promise<AccessToken>;

type Listener = ((wait: ClientWait) => void) | undefined;

interface Flight {
  readonly token: Promise<AccessToken>;
  readonly controller: AbortController;
  readonly listeners: Set<{ readonly onWait: Listener }>;
}

/**
 * The current token. If several calls need a new one, only one request for it is in progress. It is ended if no call waits
 * for it any more.
 */
export class TokenCache {
  readonly #fetch: FetchToken;
  readonly #clock: Clock;
  #token: AccessToken | undefined;
  #flight: Flight | undefined;

  constructor(fetch: FetchToken, clock: Clock) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /** Returns a valid token. If the request for it fails, all waiting calls fail; the next call makes a new request. */
  async get(signal: AbortSignal | undefined, onWait?: Listener): Promise<AccessToken> {
    throwIfAborted(signal);
    if (this.#token !== undefined && this.#clock.now() < this.#token.renewAt) return this.#token;
    return this.#join((this.#flight ??= this.#start()), signal, { onWait });
  }

  /** Removes a token that was refused, unless it has been replaced meanwhile. */
  drop(value: string): void {
    if (this.#token?.value === value) this.#token = undefined;
  }

  #start(): Flight {
    const controller = new AbortController();
    const listeners: Flight['listeners'] = new Set();
    const onWait = (wait: ClientWait) => {
      for (const listener of listeners) listener.onWait?.(wait);
    };
    const token = this.#fetch(controller.signal, onWait).then((fetched) => {
      if (this.#flight === flight) this.#token = fetched;
      return fetched;
    });
    const flight: Flight = { token, controller, listeners };
    const landed = () => this.#leave(flight);
    token.then(landed, landed);
    return flight;
  }

  async #join(
    flight: Flight,
    signal: AbortSignal | undefined,
    listener: { onWait: Listener },
  ): Promise<AccessToken> {
    flight.listeners.add(listener);
    let onAbort: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(new AbortedError());
      signal?.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([flight.token, aborted]);
    } finally {
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
      flight.listeners.delete(listener);
      if (flight.listeners.size === 0) {
        this.#leave(flight);
        flight.controller.abort();
      }
    }
  }

  #leave(flight: Flight): void {
    if (this.#flight === flight) this.#flight = undefined;
  }
}
