import { OptionsError } from '../../core/errors.js';
import { refuseUnknown } from '../../core/check-options.js';
import {
  checkSigner,
  isSigner,
  readPrivateKey,
  type KeySource,
  type LocalKey,
  type PrivateKey,
  type Signer,
} from './private-key.js';

/** An OAuth 2.0 service app (in Okta's console: API Services) that signs in with a key. The names are Okta's own. */
export interface OAuthOptions {
  /** The app's client id. */
  readonly clientId: string;
  /**
   * The app's private key, a function that returns it (called for every new token), or a {@link Signer} for a key in a
   * KMS. The algorithm is the key's: RS256 or ES256.
   */
  readonly privateKey: KeySource;
  /** The key's id (`kid`), as the app lists it. @defaultValue the JWK's own, else none */
  readonly keyId?: string;
  /** @defaultValue `okta.identitySources.read` and `okta.identitySources.manage` */
  readonly scopes?: readonly string[];
  /**
   * DPoP (RFC 9449), which binds each token to a key that only this process has. True: a token without it is refused.
   * False: no proof is sent. @defaultValue as the app asks for it
   */
  readonly dpop?: boolean;
}

/** The same, checked. */
export interface CheckedOAuth {
  readonly clientId: string;
  readonly key: LocalKey | Signer | (() => PrivateKey | Promise<PrivateKey>);
  readonly keyId: string | undefined;
  readonly scopes: readonly string[];
  readonly dpop: boolean | undefined;
}

/** What the eleven operations need: reading sessions, and all the rest. */
const SCOPES = Object.freeze(['okta.identitySources.read', 'okta.identitySources.manage']);

/** Checks the options of a service app; throws {@link OptionsError}, which never quotes a key. */
export function checkOAuth(options: OAuthOptions): CheckedOAuth {
  refuseUnknown('auth', options, ['clientId', 'privateKey', 'keyId', 'scopes', 'dpop']);
  const { clientId, privateKey, keyId, scopes = SCOPES, dpop } = options;
  requireWord('auth.clientId', clientId);
  if (keyId !== undefined) requireWord('auth.keyId', keyId);
  if (dpop !== undefined && typeof dpop !== 'boolean') {
    throw new OptionsError('auth.dpop', 'expected true, false or undefined');
  }
  if (!Array.isArray(scopes) || scopes.length === 0) {
    throw new OptionsError('auth.scopes', 'expected an array of at least one scope');
  }
  for (const scope of scopes) requireWord('auth.scopes', scope);
  return { clientId, key: checkKey(privateKey), keyId, scopes: [...(scopes as readonly string[])], dpop };
}

function checkKey(source: KeySource): CheckedOAuth['key'] {
  if (typeof source === 'function') return source;
  return isSigner(source) ? checkSigner(source) : readPrivateKey(source);
}

function requireWord(option: string, value: unknown): void {
  // The value is not shown: a key may stand where a name was meant.
  if (typeof value !== 'string' || !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) {
    throw new OptionsError(option, 'expected printable characters without white space');
  }
}
