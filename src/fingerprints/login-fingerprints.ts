import { createDigester, type Digester } from './digests.js';

/** Characters of a login's fingerprint, of 8 bits each. */
export const LOGIN_WIDTH = 10;
/** Characters of one attribute's fingerprint. {@link LOGIN_WIDTH} is not a multiple of it, so the length of a text says what is in it. */
const ATTRIBUTE_WIDTH = 4;

/**
 * Keyed fingerprints of logins (`userName`), 80 bits each. Upper and lower case are the same login, as in Okta. They follow
 * the fingerprints of a user's attributes, and show that a person came back under another external id.
 */
export class LoginFingerprints {
  readonly #digester: Digester;

  constructor(fingerprintKey: string) {
    this.#digester = createDigester(fingerprintKey);
  }

  /** The fingerprint of a login. */
  of(userName: string): string {
    // No record has an empty id, so this is the digest of no record.
    const record = { externalId: '', profile: { userName: userName.toLowerCase() } };
    return this.#digester.of('users', record).slice(0, LOGIN_WIDTH);
  }
}

/** The fingerprint of the login that follows fingerprints of attributes; undefined if there is none. */
export function loginOf(attributes: string): string | undefined {
  return endsWithLogin(attributes.length) ? attributes.slice(-LOGIN_WIDTH) : undefined;
}

/** True if fingerprints of attributes with so many characters end with the fingerprint of a login. */
export function endsWithLogin(length: number): boolean {
  return length >= LOGIN_WIDTH && length % ATTRIBUTE_WIDTH === LOGIN_WIDTH % ATTRIBUTE_WIDTH;
}

/** Fingerprints of attributes without that of the login. */
export function withoutLogin(attributes: string): string {
  return loginOf(attributes) === undefined ? attributes : attributes.slice(0, -LOGIN_WIDTH);
}
