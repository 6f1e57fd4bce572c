import {
  AbortedError,
  OktaGatewayError,
  OktaNetworkError,
  OktaResponseError,
  type OktaHttpError,
} from '../core/errors.js';
import { throwIfAborted } from '../core/clock.js';
import { errorOf, requestIdOf, isCredentialRefused, isNonceRequired } from './answers.js';
import type { Authorizer } from './sign-in/auth.js';
import { backOffMs } from './rate-limit/back-off.js';
import type { CheckedOptions } from './client-options.js';
import { isLasting, isLostAnswer, isNotDone, isReadOnlyMode } from './lost-answer.js';
import type { Bucket, Operation } from './operations.js';
import { RateLimiter } from './rate-limit/rate-limit.js';
import type { Urgency } from './rate-limit/rate-window.js';
import { retryAfterMs } from './rate-limit/retry-after.js';
import {
  TransportError,
  type ClientWait,
  type Transport,
  type WireRequest,
  type WireResponse,
} from './wire.js';

/** The most DPoP nonces that one call accepts from refusals; one more, and the call fails. */
const MOST_CHALLENGES = 3;

/** One call: its request, and how its response is read. */
export interface Call<T> {
  readonly operation: Operation;
  readonly path: string;
  readonly body: string | undefined;
  /** Reads the response. @throws {@link OktaResponseError} for a response that the API does not describe. */
  readonly read: (response: WireResponse) => T;
  readonly onWait?: ((wait: ClientWait) => void) | undefined;
  /** See {@link CallOptions.patienceMs}. */
  readonly patienceMs?: number | undefined;
  /** See {@link CallOptions.urgency}. */
  readonly urgency?: Urgency | undefined;
}

/**
 * Sends calls within the rate limits, and repeats them where that is safe:
 * - a request on which Okta certainly did not act (it never left, 429, read-only mode), until the patience of the call is over;
 * - a GET, also after its response was lost, or was a fault of the service (5xx).
 *
 * For any other call whose response was lost it throws, because Okta may have acted on the call.
 */
export class Exchange {
  readonly #options: CheckedOptions;
  readonly #transport: Transport;
  readonly #authorizer: Authorizer;
  readonly #limiter: RateLimiter;
  /** The `Date` of the latest response, and when it came by the monotonic clock. */
  #server: { readonly date: number; readonly at: number } | undefined;

  constructor(options: CheckedOptions, transport: Transport, authorizer: Authorizer) {
    this.#options = options;
    this.#transport = transport;
    this.#authorizer = authorizer;
    this.#limiter = new RateLimiter(options.clock, options.windowShare, options.concurrency);
  }

  serverDate(): number | undefined {
    return this.#server && this.#server.date + this.#elapsed() - this.#server.at;
  }

  rateLimits(): ReadonlyMap<Bucket, number> {
    return this.#limiter.limits();
  }

  pollsPerWindow(): number | undefined {
    return this.#limiter.polls('sessions');
  }

  async call<T>(call: Call<T>, signal: AbortSignal): Promise<T> {
    let renewed = false;
    let challenges = 0;
    let failures = 0;
    let notDoneSince: number | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(call, signal);
      if ('value' in outcome) return outcome.value;
      const { error, response, credential } = outcome;
      if (response !== undefined && isCredentialRefused(response)) {
        const nonce = isNonceRequired(response);
        const worthIt = nonce ? ++challenges <= MOST_CHALLENGES : !renewed;
        renewed ||= !nonce;
        if (worthIt && (await this.#authorizer.onUnauthorized(response, credential))) continue;
      }
      const ms = retryAfterMs(response) ?? backOffMs(attempt, this.#options.random);
      if (call.patienceMs !== undefined && isNotDone(error) && !isLasting(error)) {
        notDoneSince ??= this.#elapsed();
        if (this.#elapsed() - notDoneSince + ms > call.patienceMs) throw error;
      } else if (++failures >= this.#options.maxAttempts || !mayRepeat(call.operation, error)) {
        throw error;
      }
      await this.#backOff(call, isReadOnlyMode(error) ? 'read-only' : 'back-off', ms, signal);
    }
  }

  async #attempt<T>(call: Call<T>, signal: AbortSignal): Promise<Outcome<T>> {
    const { operation } = call;
    const request: Omit<WireRequest, 'headers'> = {
      method: operation.method,
      url: this.#options.orgUrl + call.path,
      body: call.body,
      signal,
    };
    const { method, url } = request;
    const attempt = { method, url, signal, ...(call.onWait && { onWait: call.onWait }) };
    let credential: Readonly<Record<string, string>> = {};
    try {
      const response = await untilAborted(signal, (started) =>
        this.#limiter.run({
          bucket: operation.bucket,
          urgency: call.urgency ?? 'normal',
          prepare: async () => {
            credential = await this.#authorizer.authorize(attempt);
            return this.#headers(call, credential);
          },
          send: (headers) => {
            started();
            return this.#send({ ...request, headers });
          },
          onWait: (ms) => this.#emitWait('rate-limit', ms, call),
          signal,
        }),
      );
      const error = this.#errorOf(call, response, credential);
      return error === undefined ? { value: call.read(response) } : { error, response, credential };
    } catch (error) {
      if (error instanceof OktaResponseError) return { error, credential };
      // The sign-in failed after its own attempts, so the call itself was not sent.
      if (error instanceof OktaNetworkError && call.patienceMs !== undefined) return { error, credential };
      if (!(error instanceof TransportError)) throw error;
      const acted = error.sent && operation.method !== 'GET';
      if (signal.aborted && !acted) throw new AbortedError();
      const { sent, message } = error;
      const { route } = this.#options;
      const fault = sent ? undefined : route.lastingFault(message);
      const why = fault ?? route.passingFault(message);
      return { error: new OktaNetworkError(operation.id, sent, why, fault !== undefined), credential };
    }
  }

  #errorOf(
    { operation: { id }, body }: Call<unknown>,
    response: WireResponse,
    credential: Readonly<Record<string, string>>,
  ): OktaHttpError | OktaResponseError | undefined {
    const other = this.#options.route.otherAnswer(response);
    if (other === undefined)
      return errorOf(id, response, { body, credential, host: this.#options.route.host });
    const { status } = response;
    return status < 400
      ? new OktaResponseError(id, status, other, requestIdOf(response))
      : new OktaGatewayError(id, status, other);
  }

  #headers(call: Call<unknown>, credential: Readonly<Record<string, string>>): Record<string, string> {
    const headers: Record<string, string> = {
      accept: 'application/json',
      'user-agent': this.#options.userAgent,
      ...credential,
    };
    if (call.body !== undefined) headers['content-length'] = String(Buffer.byteLength(call.body));
    if (call.body !== undefined && call.body !== '') headers['content-type'] = 'application/json';
    return headers;
  }

  async #send(request: WireRequest): Promise<WireResponse> {
    const response = await this.#transport(request);
    this.#options.route.markReached();
    const date = Date.parse(response.headers['date'] ?? '');
    if (!Number.isNaN(date)) this.#server = { date, at: this.#elapsed() };
    try {
      this.#authorizer.onAnswer?.(response);
    } catch {
      // The response is the result of the call; an error of the authorizer must not replace it.
    }
    return response;
  }

  /** Milliseconds of a monotonic clock, so that a change of the system time does not end the patience of a call. */
  #elapsed(): number {
    const { clock } = this.#options;
    return clock.elapsed?.() ?? clock.now();
  }

  async #backOff(
    call: Call<unknown>,
    reason: ClientWait['reason'],
    ms: number,
    signal: AbortSignal,
  ): Promise<void> {
    throwIfAborted(signal);
    this.#emitWait(reason, ms, call);
    await this.#options.clock.sleep(ms, signal);
  }

  #emitWait(reason: ClientWait['reason'], ms: number, call: Call<unknown>): void {
    const wait = { reason, until: this.#options.clock.now() + ms, operation: call.operation.id };
    for (const listener of [this.#options.onWait, call.onWait]) {
      try {
        listener?.(wait);
      } catch {
        // Errors of a listener are ignored.
      }
    }
  }
}

type Failure = OktaHttpError | OktaResponseError | OktaNetworkError;
type Outcome<T> =
  | { readonly value: T }
  | {
      readonly error: Failure;
      readonly response?: WireResponse;
      /** The headers that the authorizer returned for this attempt. */
      readonly credential: Readonly<Record<string, string>>;
    };

function mayRepeat(operation: Operation, error: Failure): boolean {
  if (isNotDone(error)) return true;
  // The same request would be redirected again.
  const redirect = error instanceof OktaResponseError && error.status >= 300;
  return operation.method === 'GET' && isLostAnswer(error) && !redirect;
}

/**
 * Rejects at once if a call is aborted while it is queued, although its job stays in the queue until its turn. After `run` has
 * called `started`, the result is that of the transport, which knows whether the request was sent.
 */
function untilAborted<T>(signal: AbortSignal, run: (started: () => void) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let started = false;
    const onAbort = () => {
      if (!started) reject(new AbortedError());
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort);
    run(() => (started = true))
      .finally(() => signal.removeEventListener('abort', onAbort))
      .then(resolve, reject);
  });
}
