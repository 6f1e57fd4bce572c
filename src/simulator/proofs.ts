import { MAX_AHEAD_S, MAX_PROOF_AGE_S } from './contract.js';
import { isSignedBy, readJwt, readPublicKey, sha256, thumbprint } from './jwt.js';
import { OAuthFault } from './oauth-fault.js';
import { ReplayLog } from './replay.js';

/** The request for which a proof must be valid. */
export interface Proven {
  readonly method: string;
  /** The URL of the request; its query is ignored. */
  readonly url: string;
  /** The access token of the request; undefined at the token endpoint. */
  readonly accessToken?: string;
  /** The valid nonces; undefined if none is required. */
  readonly nonces: readonly string[] | undefined;
  readonly now: number;
}

/** Checks DPoP proofs (RFC 9449, section 4.3); each proof is valid for one request. */
export class Proofs {
  readonly #replay = new ReplayLog();

  /** Returns the thumbprint of the key in the proof. @throws {@link OAuthFault} for an invalid proof. */
  verify(proof: string, { method, url, accessToken, nonces, now }: Proven): string {
    const jwt = readJwt(proof);
    if (jwt === undefined) throw refused('it is not a JWT');
    const { typ, alg, jwk } = jwt.header;
    if (typ !== 'dpop+jwt') throw refused('typ is not dpop+jwt');
    if (alg !== 'RS256' && alg !== 'ES256') throw refused('alg is not supported');
    const key = readPublicKey(typeof jwk === 'object' ? jwk : undefined);
    if (key === undefined) throw refused('jwk is not a public key');
    if (!isSignedBy(jwt, key)) throw refused('the signature is not of its jwk');
    const { htm, htu, iat, jti, ath, nonce } = jwt.claims;
    if (htm !== method) throw refused('htm is not the method of the request');
    if (typeof htu !== 'string' || htu !== withoutQuery(url))
      throw refused('htu is not the URL of the request');
    if (typeof jti !== 'string' || jti === '') throw refused('jti is missing');
    const seconds = now / 1000;
    if (typeof iat !== 'number' || iat < seconds - MAX_PROOF_AGE_S || iat > seconds + MAX_AHEAD_S) {
      throw refused('iat is not of now');
    }
    if (accessToken !== undefined && ath !== sha256(accessToken))
      throw refused('ath is not of the access token');
    const jkt = thumbprint(key);
    if (!this.#replay.use(`${jkt} ${jti}`, (iat + MAX_PROOF_AGE_S) * 1000, now)) {
      throw new OAuthFault(400, 'invalid_dpop_proof', 'the proof was used before', 'replayed-proof');
    }
    if (nonces !== undefined && !nonces.includes(nonce as string)) {
      const status = accessToken === undefined ? 400 : 401;
      throw new OAuthFault(status, 'use_dpop_nonce', 'a nonce of this server is required');
    }
    return jkt;
  }
}

function withoutQuery(url: string): string {
  return url.split('?', 1)[0] as string;
}

function refused(why: string): OAuthFault {
  return new OAuthFault(400, 'invalid_dpop_proof', `the DPoP proof is invalid: ${why}`, 'invalid-proof');
}
