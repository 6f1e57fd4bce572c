import { createHash, randomUUID } from 'node:crypto';
import type { CryptoKey, JWK } from 'jose';
import type { WireRequest, WireResponse } from '../wire.js';

interface ProofKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** The request for which a proof is created. */
export interface ProofOf extends Pick<WireRequest, 'method' | 'url'> {
  /** The access token of the request; undefined at the token endpoint. */
  readonly accessToken?: string;
  readonly nonce: string | undefined;
  /** The server's time, in milliseconds since the Unix epoch. */
  readonly now: number;
}

/**
 * Proves possession of a key (DPoP, RFC 9449). The key is created for this client, cannot be exported, and exists only in
 * the process, so a leaked token cannot be used elsewhere.
 */
export class DpopProver {
  #key: Promise<ProofKey> | undefined;

  /** Creates a proof for one attempt of one request; it must not be used for another. */
  async prove({ method, url, accessToken, nonce, now }: ProofOf): Promise<string> {
    const { privateKey, jwk } = await (this.#key ??= makeKey());
    const { origin, pathname } = new URL(url);
    const claims = {
      htm: method,
      htu: origin + pathname,
      iat: Math.floor(now / 1000),
      jti: randomUUID(),
      ...(accessToken !== undefined && { ath: createHash('sha256').update(accessToken).digest('base64url') }),
      ...(nonce !== undefined && { nonce }),
    };
    const { SignJWT } = await import('jose');
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).sign(privateKey);
  }
}

async function makeKey(): Promise<ProofKey> {
  const { exportJWK, generateKeyPair } = await import('jose');
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const { kty, crv, x, y } = await exportJWK(publicKey);
  return { privateKey, jwk: { kty, crv, x, y } as JWK };
}

/** The nonce in a response, for the next proof. */
export function nonceOf(response: WireResponse): string | undefined {
  const nonce = response.headers['dpop-nonce'];
  return nonce !== undefined && /^[\x21\x23-\x5b\x5d-\x7e]{1,512}$/.test(nonce) ? nonce : undefined;
}
