import { OptionsError } from '../errors.js';
import type { WireRequest, WireResponse } from './wire.js';

/** Puts a credential on every attempt of every request. */
export interface Authorizer {
  /** The headers of one attempt. Called anew for each, so that a proof is never used twice. */
  authorize(request: Pick<WireRequest, 'method' | 'url'>): Promise<Readonly<Record<string, string>>>;
  /** Called after a 401; true when another credential is at hand, and the request is worth one more attempt. */
  onUnauthorized(response: WireResponse): Promise<boolean>;
}

/** An Okta API token, or a function that returns the current one. */
export type TokenSource = string | (() => string | Promise<string>);

/** `Authorization: SSWS`. The token stays in a private field: it is in no error, log or inspection. */
export class TokenAuthorizer implements Authorizer {
  readonly #source: TokenSource;
  #last: string | undefined;

  constructor(source: TokenSource) {
    if (typeof source === 'string') requireToken(source);
    else if (typeof source !== 'function')
      throw new OptionsError('auth.token', 'expected a string or a function');
    this.#source = source;
  }

  async authorize(): Promise<Readonly<Record<string, string>>> {
    const token = requireToken(typeof this.#source === 'string' ? this.#source : await this.#source());
    this.#last = token;
    return { authorization: `SSWS ${token}` };
  }

  async onUnauthorized(): Promise<boolean> {
    // A fixed token that was refused stays refused; a function may hold a newer one.
    if (typeof this.#source === 'string') return false;
    const before = this.#last;
    return requireToken(await this.#source()) !== before;
  }
}

function requireToken(token: unknown): string {
  // The value is not shown: it is a secret even when it is malformed.
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new OptionsError('auth.token', 'expected printable characters without white space');
  }
  return token;
}
