import { MAX_AHEAD_S, MAX_ASSERTION_S } from './contract.js';
import { isSignedBy, readJwt, type Jwt } from './jwt.js';
import { OAuthFault } from './oauth-fault.js';
import type { CheckedOAuthClient } from './oauth-options.js';
import { ReplayLog } from './replay.js';

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Identifies the client of a token request by its `private_key_jwt` assertion. Each assertion is valid for one request. */
export class ClientAssertions {
  readonly #clients: ReadonlyMap<string, CheckedOAuthClient>;
  readonly #replay = new ReplayLog();

  constructor(clients: ReadonlyMap<string, CheckedOAuthClient>) {
    this.#clients = clients;
  }

  /** `audience` is the URL of the token endpoint. @throws {@link OAuthFault} for an invalid assertion. */
  verify(form: URLSearchParams, audience: string, now: number): CheckedOAuthClient {
    if (form.get('client_assertion_type') !== TYPE)
      throw refused('the client_assertion_type is not jwt-bearer');
    const jwt = readJwt(form.get('client_assertion') ?? '');
    if (jwt === undefined) throw refused('the client_assertion is not a JWT');
    const { iss, sub, aud, exp, iat, jti } = jwt.claims;
    const client = typeof iss === 'string' ? this.#clients.get(iss) : undefined;
    if (client === undefined || sub !== iss) throw refused('iss and sub are not one known client');
    if (!isOfClient(jwt, client)) throw refused('the signature is not of a key of the client');
    if (aud !== audience) throw refused('aud is not the URL of this endpoint');
    const seconds = now / 1000;
    if (typeof exp !== 'number' || exp <= seconds) throw refused('it is expired');
    if (exp > seconds + MAX_ASSERTION_S) throw refused('it expires more than an hour from now');
    if (iat !== undefined && (typeof iat !== 'number' || iat > seconds + MAX_AHEAD_S)) {
      throw refused('it was issued in the future');
    }
    if (typeof jti !== 'string') return client;
    if (this.#replay.use(`${iss as string} ${jti}`, exp * 1000, now)) return client;
    throw new OAuthFault(401, 'invalid_client', 'the client_assertion was used before', 'replayed-assertion');
  }
}

function isOfClient(jwt: Jwt, { keys }: CheckedOAuthClient): boolean {
  const { kid } = jwt.header;
  // A key that was registered as PEM has no id.
  const candidates = keys.filter((key) => kid === undefined || key.kid === undefined || key.kid === kid);
  return candidates.some(({ key }) => isSignedBy(jwt, key));
}

function refused(description: string): OAuthFault {
  return new OAuthFault(401, 'invalid_client', description, 'invalid-assertion');
}
