import { OptionsError } from '../../core/errors.js';
import type { CallOptions, WireRequest, WireResponse } from '../wire.js';

/** The attempt for which a credential is needed; `onWait` is called before a wait for it. */
export type Attempt = Pick<WireRequest, 'method' | 'url' | 'signal'> & Pick<CallOptions, 'onWait'>;

/** Adds credentials to every attempt of every request. */
export interface Authorizer {
  /** Returns the headers for one attempt. Called for each attempt, so that a proof is never used twice. */
  authorize(attempt: Attempt): Promise<Readonly<Record<string, string>>>;
  /**
   * Called if a credential was refused, with the headers of the attempt. Returns true if another credential is available, so
   * that the request is tried once more. Called once per call, and also for each nonce that the server requires.
   */
  onUnauthorized(response: WireResponse, credential: Readonly<Record<string, string>>): Promise<boolean>;
  /** Receives every response, with any status, before it is processed. An error that it throws is ignored. */
  onAnswer?(response: WireResponse): void;
}

/** An Okta API token, or a function that returns the current one. */
export type TokenSource = string | (() => string | Promise<string>);

/** `Authorization: SSWS`. The token is in a private field, so that no error, log or inspection contains it. */
export class TokenAuthorizer implements Authorizer {
  readonly #source: TokenSource;

  constructor(source: TokenSource) {
    if (typeof source === 'string') requireToken(source);
    else if (typeof source !== 'function')
      throw new OptionsError('auth.token', 'expected a string or a function');
    this.#source = source;
  }

  async authorize(): Promise<{ readonly authorization: string }> {
    const token = requireToken(typeof this.#source === 'string' ? this.#source : await this.#source());
    return { authorization: `SSWS ${token}` };
  }

  async onUnauthorized(_: WireResponse, refused: Readonly<Record<string, string>>): Promise<boolean> {
    // A fixed token stays refused; a function may return a newer one.
    if (typeof this.#source === 'string') return false;
    const { authorization } = await this.authorize();
    return authorization !== refused['authorization'];
  }
}

function requireToken(token: unknown): string {
  // The error does not contain the value: even a malformed token may be a secret.
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new OptionsError('auth.token', 'expected printable characters without white space');
  }
  return token;
}
