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

/** An OAuth 2.0 service app (in Okta's Admin Console: API Services) that signs in with a key. The names are Okta's own. */
export interface OAuthOptions {
  /** The client id of the app. */
  readonly clientId: string;
  /**
   * The private key of the app, a function that returns it (called for every new token), or a {@link Signer} for a key in a
   * KMS. The key determines the algorithm: RS256 or ES256.
   */
  readonly privateKey: KeySource;
  /** The id of the key (`kid`), as the app lists it. @defaultValue the `kid` of the JWK, if there is one */
  readonly keyId?: string;
  /** @defaultValue `okta.identitySources.read` and `okta.identitySources.manage` */
  readonly scopes?: readonly string[];
  /**
   * DPoP (RFC 9449), which binds each token to a key that only this process has. True: only bound tokens are accepted.
   * False: no proof is sent. @defaultValue DPoP is used if the app requires it
   */
  readonly dpop?: boolean;
}

/** Checked {@link OAuthOptions}. */
export interface CheckedOAuth {
  readonly clientId: string;
  readonly key: LocalKey | Signer | (() => PrivateKey | Promise<PrivateKey>);
  readonly keyId: string | undefined;
  readonly scopes: readonly string[];
  readonly dpop: boolean | undefined;
}

/** The scopes of the eleven operations: reading sessions, and all others. */
const SCOPES = Object.freeze(['okta.identitySources.read', 'okta.identitySources.manage']);

/** Checks the options of a service app. @throws {@link OptionsError}, which never contains a key. */
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
  // The error does not contain the value, because a key may have been set by mistake.
  if (typeof value !== 'string' || !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) {
    throw new OptionsError(option, 'expected printable characters without white space');
  }
}
