import { OptionsError } from '../../core/errors.js';
import type { CallOptions, WireRequest, WireResponse } from '../wire.js';

/** The attempt that a credential is for; who waits for one is told by `onWait`. */
export type Attempt = Pick<WireRequest, 'method' | 'url' | 'signal'> & Pick<CallOptions, 'onWait'>;

/** Puts a credential on every attempt of every request. */
export interface Authorizer {
  /** The headers of one attempt. Called anew for each, so that a proof is never used twice. */
  authorize(attempt: Attempt): Promise<Readonly<Record<string, string>>>;
  /**
   * Called when a credential was refused, with the headers it had; true when another is at hand, and the request is
   * worth one more attempt. Called once a call, and besides for each nonce that the server asks for.
   */
  onUnauthorized(response: WireResponse, credential: Readonly<Record<string, string>>): Promise<boolean>;
  /** Sees every answer, whatever its status, before anything is done about it. What it throws is ignored. */
  onAnswer?(response: WireResponse): void;
}

/** An Okta API token, or a function that returns the current one. */
export type TokenSource = string | (() => string | Promise<string>);

/** `Authorization: SSWS`. The token stays in a private field: it is in no error, log or inspection. */
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
    // A fixed token that was refused stays refused; a function may hold a newer one.
    if (typeof this.#source === 'string') return false;
    const { authorization } = await this.authorize();
    return authorization !== refused['authorization'];
  }
}

function requireToken(token: unknown): string {
  // The value is not shown: it is a secret even when it is malformed.
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new OptionsError('auth.token', 'expected printable characters without white space');
  }
  return token;
}
