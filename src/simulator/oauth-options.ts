import type { KeyObject } from 'node:crypto';
import { OptionsError } from '../core/errors.js';
import { refuseUnknown, requireNumber, requireOneOf } from '../core/check-options.js';
import { NONCE_MS, TOKEN_MS } from './contract.js';
import { readPublicKey, type PublicJwk } from './jwt.js';

/** A service app of the org. */
export interface OrgOAuthClient {
  readonly clientId: string;
  /** The public keys: JWKs or PEM texts. An assertion with a `kid` is checked only with the key of this `kid`. */
  readonly publicKeys: readonly (PublicJwk | string)[];
  /** The granted scopes. @defaultValue `okta.identitySources.read` and `okta.identitySources.manage` */
  readonly scopes?: readonly string[];
  /**
   * `required`: a token request without a proof is refused, which is the default for new apps in Okta; `optional`: a proof
   * is checked if there is one; `ignored`: proofs are not checked. @defaultValue 'required'
   */
  readonly dpop?: 'required' | 'optional' | 'ignored';
}

/** OAuth 2.0 of the org: its service apps. All times use the clock of the org. */
export interface OrgOAuthOptions {
  readonly clients: readonly OrgOAuthClient[];
  /** The lifetime of an access token in milliseconds. @defaultValue 3600000 (an hour) */
  readonly tokenLifetimeMs?: number;
  /** Milliseconds after which a new nonce is issued; the previous one stays valid for the same time. @defaultValue 86400000 */
  readonly nonceLifetimeMs?: number;
  /** Whether the API also requires and issues nonces, like the token endpoint. @defaultValue false */
  readonly apiNonces?: boolean;
  /**
   * The origin of the org, which assertions and proofs must contain.
   * @defaultValue `http://` and the request's `Host`
   */
  readonly origin?: string;
}

/** A client, checked. */
export interface CheckedOAuthClient {
  readonly clientId: string;
  readonly keys: readonly { readonly kid: string | undefined; readonly key: KeyObject }[];
  readonly scopes: ReadonlySet<string>;
  readonly dpop: 'required' | 'optional' | 'ignored';
}

/** All options, checked. */
export interface CheckedOrgOAuth {
  readonly clients: ReadonlyMap<string, CheckedOAuthClient>;
  readonly tokenLifetimeMs: number;
  readonly nonceLifetimeMs: number;
  readonly apiNonces: boolean;
  readonly origin: string | undefined;
}

const SCOPES = Object.freeze(['okta.identitySources.read', 'okta.identitySources.manage']);

/** Checks the options; throws `OptionsError`. */
export function checkOrgOAuth(options: OrgOAuthOptions): CheckedOrgOAuth {
  if (typeof options !== 'object' || options === null)
    throw new OptionsError('oauth', 'expected { clients }');
  refuseUnknown('oauth', options, ['clients', 'tokenLifetimeMs', 'nonceLifetimeMs', 'apiNonces', 'origin']);
  const {
    clients,
    tokenLifetimeMs = TOKEN_MS,
    nonceLifetimeMs = NONCE_MS,
    apiNonces = false,
    origin,
  } = options;
  if (!Array.isArray(clients)) throw new OptionsError('oauth.clients', 'expected an array');
  if (typeof apiNonces !== 'boolean') throw new OptionsError('oauth.apiNonces', 'expected true or false');
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
    throw new OptionsError('oauth.origin', 'expected an origin, such as https://example.okta.com');
  }
  const checked = (clients as readonly OrgOAuthClient[]).map(checkClient);
  return {
    clients: new Map(checked.map((client) => [client.clientId, client])),
    tokenLifetimeMs: requireNumber('oauth.tokenLifetimeMs', tokenLifetimeMs, { min: 1 }),
    nonceLifetimeMs: requireNumber('oauth.nonceLifetimeMs', nonceLifetimeMs, { min: 1 }),
    apiNonces,
    origin,
  };
}

function checkClient(client: OrgOAuthClient): CheckedOAuthClient {
  refuseUnknown('oauth.clients', client, ['clientId', 'publicKeys', 'scopes', 'dpop']);
  const { clientId, publicKeys, scopes = SCOPES, dpop = 'required' } = client;
  if (typeof clientId !== 'string' || clientId === '') {
    throw new OptionsError('oauth.clients.clientId', 'expected an id');
  }
  if (!Array.isArray(publicKeys) || publicKeys.length === 0) {
    throw new OptionsError('oauth.clients.publicKeys', 'expected at least one key');
  }
  const keys = (publicKeys as readonly (PublicJwk | string)[]).map((given) => {
    const key = readPublicKey(given);
    if (key === undefined) {
      throw new OptionsError('oauth.clients.publicKeys', 'expected public keys: JWKs or PEM texts');
    }
    return { kid: typeof given === 'string' ? undefined : given.kid, key };
  });
  if (!Array.isArray(scopes)) throw new OptionsError('oauth.clients.scopes', 'expected an array');
  requireOneOf('oauth.clients.dpop', dpop, ['required', 'optional', 'ignored']);
  return { clientId, keys, scopes: new Set(scopes as readonly string[]), dpop };
}
