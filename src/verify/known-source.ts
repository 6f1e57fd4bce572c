import type { CallOptions } from '../okta/wire.js';
import type { VerifyOptions } from './verify-options.js';

/**
 * Okta's 404 for a user or group that it does not have is the same as its 404 for an identity source that it does not know. So before
 * the first 404 counts as a missing user or group, the sessions of the identity source are listed, once.
 */
export class KnownSource {
  readonly #okta: VerifyOptions['okta'];
  readonly #call: CallOptions;
  #known: Promise<unknown> | undefined;

  constructor(okta: VerifyOptions['okta'], call: CallOptions) {
    this.#okta = okta;
    this.#call = call;
  }

  /** @throws {@link OktaHttpError} if Okta does not know the identity source, or refuses the credentials */
  async confirm(): Promise<void> {
    await (this.#known ??= Promise.resolve(this.#okta.listSessions?.(this.#call)));
  }
}
