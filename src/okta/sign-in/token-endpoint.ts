import { OktaAuthError, OktaNetworkError, OptionsError } from '../../core/errors.js';
import { throwIfAborted, type Clock } from '../../core/clock.js';
import { errorCodeOf, requestIdOf } from '../answers.js';
import { backOffMs } from '../rate-limit/back-off.js';
import type { Route } from '../route.js';
import { RateWindow, type WindowShare } from '../rate-limit/rate-window.js';
import type { ServerTime } from '../rate-limit/server-time.js';
import { withinTime } from '../time-limit.js';
import type { AccessToken } from './token-cache.js';
import {
  TransportError,
  type ClientWait,
  type Transport,
  type WireRequest,
  type WireResponse,
} from '../wire.js';

/** The name of the operation in errors and waits. */
const OPERATION = 'token';

/** The most DPoP nonces that one fetch accepts from refusals; one more, and it fails. */
const MOST_CHALLENGES = 3;
/** A refused request is repeated once if its response shows that the time in it was wrong by more than this. */
const NOTABLE_SKEW_MS = 30_000;
/** A token is replaced one minute before it expires, or after nine tenths of its lifetime if that is later. */
const MARGIN_MS = 60_000;
const MARGIN_SHARE = 0.1;

/** The transport of the client, and its settings for attempts and rate limits. */
export interface TokenPolicy {
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxAttempts: number;
  readonly requestTimeoutMs: number;
  readonly windowShare: WindowShare;
  readonly transport: Transport;
  readonly route: Route;
}

/** Creates the request for one attempt. Every attempt has its own assertion and proof. */
export type MakeTokenRequest = (signal: AbortSignal) => Promise<Omit<WireRequest, 'signal'>>;

/** The functions and settings of the authorizer that the endpoint uses. */
export interface TokenHooks {
  readonly makeRequest: MakeTokenRequest;
  /** Stores the nonce of a response. Returns false if there is none. */
  readonly storeNonce: (response: WireResponse) => boolean;
  /** True if a token that is not bound to a key is accepted. */
  readonly bearerAllowed: boolean;
}

type Outcome =
  | { readonly token: AccessToken }
  /** The request is repeated at once. */
  | { readonly again: 'nonce' | 'clock' }
  | { readonly fault: string; readonly lasting: boolean };

/**
 * Gets tokens from Okta's token endpoint, with the client's attempts and rate limits.
 *
 * Its errors mean that the call which needs the token was not sent: {@link OktaAuthError} if Okta refuses the client,
 * otherwise {@link OktaNetworkError} with `sent` false.
 */
export class TokenEndpoint {
  readonly #policy: TokenPolicy;
  readonly #hooks: TokenHooks;
  readonly #time: ServerTime;
  readonly #window: RateWindow;

  constructor(policy: TokenPolicy, hooks: TokenHooks, time: ServerTime) {
    this.#policy = policy;
    this.#hooks = hooks;
    this.#time = time;
    this.#window = new RateWindow(policy.clock, policy.windowShare);
  }

  async fetch(signal: AbortSignal, onWait: (wait: ClientWait) => void): Promise<AccessToken> {
    const { maxAttempts, random } = this.#policy;
    let challenges = 0;
    let clockCorrected = false;
    for (let attempt = 1; ;) {
      await this.#untilOpen(signal, onWait);
      const outcome = await this.#attempt(signal, clockCorrected);
      if ('token' in outcome) return outcome.token;
      if ('again' in outcome) {
        if (outcome.again === 'clock') clockCorrected = true;
        else if (++challenges > MOST_CHALLENGES) throw failed('Okta asks for a new nonce again and again');
        continue;
      }
      if (outcome.lasting || attempt >= maxAttempts) throw failed(outcome.fault, outcome.lasting);
      await this.#wait('back-off', backOffMs(attempt, random), signal, onWait);
      attempt += 1;
    }
  }

  async #attempt(signal: AbortSignal, clockCorrected: boolean): Promise<Outcome> {
    const { clock, transport, route, requestTimeoutMs } = this.#policy;
    const requestedAt = clock.now();
    const skew = this.#time.skewMs;
    let counted = false;
    let response: WireResponse | undefined;
    try {
      response = await withinTime(requestTimeoutMs, signal, async (limited) => {
        const request = await this.#hooks.makeRequest(limited);
        throwIfAborted(limited);
        counted = this.#window.start();
        return transport({ ...request, signal: limited });
      });
    } catch (error) {
      throwIfAborted(signal);
      if (!(error instanceof TransportError)) throw error;
      // Whether the request was sent does not matter: a second token does no harm.
      const fault = route.lastingFault(error.message);
      return { fault: fault ?? error.message, lasting: fault !== undefined };
    } finally {
      if (counted) this.#window.done(response);
    }
    route.markReached();
    this.#time.learn(response);
    const hasNonce = this.#hooks.storeNonce(response);
    const other = route.otherAnswer(response);
    if (other === undefined && response.status >= 200 && response.status < 300)
      return this.#read(response, requestedAt);
    const { status } = response;
    const code = errorCodeOf(response.body);
    const passing = status === 408 || status === 429 || status >= 500;
    if (other !== undefined || passing)
      return { fault: other ?? describe(response, code), lasting: !passing };
    if (code === 'use_dpop_nonce' && hasNonce) return { again: 'nonce' };
    const skewed = Math.abs(this.#time.skewMs - skew) > NOTABLE_SKEW_MS;
    if (skewed && !clockCorrected) return { again: 'clock' };
    throw new OktaAuthError(OPERATION, status, code, requestIdOf(response), undefined, route.host);
  }

  #read(response: WireResponse, requestedAt: number): Outcome {
    const { access_token: value, token_type: type, expires_in: seconds } = parse(response.body);
    if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value) || typeof type !== 'string') {
      return { fault: `the answer with status ${response.status} is not a token`, lasting: false };
    }
    const isDpop = type.toLowerCase() === 'dpop';
    if (!isDpop && type.toLowerCase() !== 'bearer') {
      return { fault: 'the token is of an unknown type', lasting: true };
    }
    if (!isDpop && !this.#hooks.bearerAllowed) {
      throw new OptionsError(
        'auth.dpop',
        'Okta issued a token without DPoP; require DPoP in the app, or do not set this option',
      );
    }
    const lifeMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : Infinity;
    const renewAt = requestedAt + lifeMs - Math.min(MARGIN_MS, lifeMs * MARGIN_SHARE);
    return { token: { value, type: isDpop ? 'DPoP' : 'Bearer', renewAt } };
  }

  async #untilOpen(signal: AbortSignal, onWait: (wait: ClientWait) => void): Promise<void> {
    throwIfAborted(signal);
    for (let ms = this.#window.waitMs(); ms > 0; ms = this.#window.waitMs()) {
      const { generation } = this.#window;
      await this.#wait('rate-limit', ms, signal, onWait);
      this.#window.slept(generation);
    }
  }

  async #wait(
    reason: ClientWait['reason'],
    ms: number,
    signal: AbortSignal,
    onWait: (wait: ClientWait) => void,
  ): Promise<void> {
    const { clock } = this.#policy;
    onWait({ reason, until: clock.now() + ms, operation: OPERATION });
    await clock.sleep(ms, signal);
  }
}

function failed(reason: string, lasting = false): OktaNetworkError {
  return new OktaNetworkError(OPERATION, false, `no access token: ${reason}`, lasting);
}

function describe(response: WireResponse, code: string | undefined): string {
  const requestId = requestIdOf(response);
  const details = [code, requestId && `request ${requestId}`].filter(Boolean).join(', ');
  return `Okta answered ${response.status}${details === '' ? '' : ` (${details})`}`;
}

function parse(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
