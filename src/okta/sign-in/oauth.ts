import type { Attempt, Authorizer } from './auth.js';
import { isNonceRequired } from '../answers.js';
import { makeAssertion } from './client-assertion.js';
import { DpopProver, nonceOf } from './dpop.js';
import type { CheckedOAuth } from './oauth-options.js';
import { isSigner, readPrivateKey } from './private-key.js';
import { ServerTime } from '../rate-limit/server-time.js';
import { TokenCache } from './token-cache.js';
import { TokenEndpoint, type TokenPolicy } from './token-endpoint.js';
import type { ClientWait, WireRequest, WireResponse } from '../wire.js';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The token endpoint, and the dependencies of its requests. */
export interface OAuthContext extends TokenPolicy {
  readonly orgUrl: string;
  readonly userAgent: string;
  readonly onWait: ((wait: ClientWait) => void) | undefined;
}

/**
 * Signs in as an OAuth 2.0 service app: client credentials with `private_key_jwt`, and DPoP if the app requires it. A token
 * is kept in memory until shortly before it expires, or until it is refused. Keys and tokens are in private fields.
 */
export class OAuthAuthorizer implements Authorizer {
  readonly #options: CheckedOAuth;
  readonly #context: OAuthContext;
  readonly #tokenUrl: string;
  readonly #time: ServerTime;
  readonly #cache: TokenCache;
  readonly #prover: DpopProver | undefined;
  // A nonce belongs to the server that issued it: the token endpoint and the API have different ones.
  #tokenNonce: string | undefined;
  #apiNonce: string | undefined;

  constructor(options: CheckedOAuth, context: OAuthContext) {
    this.#options = options;
    this.#context = context;
    this.#tokenUrl = `${context.orgUrl}/oauth2/v1/token`;
    this.#time = new ServerTime(context.clock);
    this.#prover = options.dpop === false ? undefined : new DpopProver();
    const endpoint = new TokenEndpoint(
      context,
      {
        makeRequest: (signal) => this.#tokenRequest(signal),
        storeNonce: (response) => {
          const nonce = nonceOf(response);
          this.#tokenNonce = nonce ?? this.#tokenNonce;
          return nonce !== undefined;
        },
        bearerAllowed: options.dpop !== true,
      },
      this.#time,
    );
    const fetch = (signal: AbortSignal, onWait: (wait: ClientWait) => void) =>
      endpoint.fetch(signal, (wait) => {
        quietly(context.onWait, wait);
        onWait(wait);
      });
    this.#cache = new TokenCache(fetch, context.clock);
  }

  async authorize({ method, url, signal, onWait }: Attempt): Promise<Readonly<Record<string, string>>> {
    const { value, type } = await this.#cache.get(signal, (wait) => quietly(onWait, wait));
    const authorization = `${type} ${value}`;
    if (type === 'Bearer' || this.#prover === undefined) return { authorization };
    const nonce = this.#apiNonce;
    const proof = { method, url, accessToken: value, nonce, now: this.#time.now() };
    return { authorization, dpop: await this.#prover.prove(proof) };
  }

  onAnswer(response: WireResponse): void {
    this.#apiNonce = nonceOf(response) ?? this.#apiNonce;
    this.#time.learn(response);
  }

  async onUnauthorized(response: WireResponse, refused: Readonly<Record<string, string>>): Promise<boolean> {
    // `onAnswer` has already stored the nonce of the response; the token is still valid.
    if (isNonceRequired(response)) return nonceOf(response) !== undefined;
    this.#cache.drop(refused['authorization']?.split(' ')[1] ?? '');
    return true;
  }

  async #tokenRequest(signal: AbortSignal): Promise<Omit<WireRequest, 'signal'>> {
    const { clientId, scopes } = this.#options;
    const url = this.#tokenUrl;
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: scopes.join(' '),
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await this.#assertion(clientId, signal),
    });
    const body = form.toString();
    const headers = {
      accept: 'application/json',
      'user-agent': this.#context.userAgent,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(body)),
    };
    if (this.#prover === undefined) return { method: 'POST', url, headers, body };
    // An app that does not require a proof ignores it; the response shows the type of the token.
    const proof = { method: 'POST' as const, url, nonce: this.#tokenNonce, now: this.#time.now() };
    return { method: 'POST', url, headers: { ...headers, dpop: await this.#prover.prove(proof) }, body };
  }

  async #assertion(clientId: string, signal: AbortSignal): Promise<string> {
    const { key: source, keyId } = this.#options;
    const key = typeof source === 'function' ? readPrivateKey(await source()) : source;
    const parts = {
      clientId,
      audience: this.#tokenUrl,
      key,
      keyId: keyId ?? (isSigner(key) ? undefined : key.keyId),
      now: this.#time.now(),
    };
    return makeAssertion(parts, signal);
  }
}

/** Calls a listener; its errors must not affect the run. */
function quietly(listener: ((wait: ClientWait) => void) | undefined, wait: ClientWait): void {
  try {
    listener?.(wait);
  } catch {
    // See above.
  }
}
