import { AbortedError } from '../../core/errors.js';
import { throwIfAborted, type Clock } from '../../core/clock.js';
import type { ClientWait } from '../wire.js';

/** An access token, as it was issued. */
export interface AccessToken {
  readonly value: string;
  readonly type: 'Bearer' | 'DPoP';
  /** When it is to be replaced, by the client's clock; Infinity when its end was not told. */
  readonly renewAt: number;
}

/** Gets a new token. Ends with its signal, and tells before each wait. */
export type FetchToken = (signal: AbortSignal, tell: (wait: ClientWait) => void) => Promise<AccessToken>;

type Listener = ((wait: ClientWait) => void) | undefined;

interface Flight {
  readonly token: Promise<AccessToken>;
  readonly controller: AbortController;
  readonly listeners: Set<{ readonly tell: Listener }>;
}

/**
 * The current token. However many calls need a new one, one request for it is under way; it is ended when none of
 * them waits any more.
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

  /** A token that has not come to its end. A failure is every waiting caller's; the next call asks anew. */
  async get(signal: AbortSignal | undefined, tell?: Listener): Promise<AccessToken> {
    throwIfAborted(signal);
    if (this.#token !== undefined && this.#clock.now() < this.#token.renewAt) return this.#token;
    return this.#join((this.#flight ??= this.#start()), signal, { tell });
  }

  /** Forgets a token that was refused, unless it was replaced meanwhile. */
  drop(value: string): void {
    if (this.#token?.value === value) this.#token = undefined;
  }

  #start(): Flight {
    const controller = new AbortController();
    const listeners: Flight['listeners'] = new Set();
    const tell = (wait: ClientWait) => {
      for (const listener of listeners) listener.tell?.(wait);
    };
    const token = this.#fetch(controller.signal, tell).then((fetched) => {
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
    listener: { tell: Listener },
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
