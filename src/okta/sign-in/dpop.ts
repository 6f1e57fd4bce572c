import { createHash, randomUUID } from 'node:crypto';
import type { CryptoKey, JWK } from 'jose';
import type { WireRequest, WireResponse } from '../wire.js';

interface ProofKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** What one proof is for. */
export interface ProofOf extends Pick<WireRequest, 'method' | 'url'> {
  /** The access token that goes with it; undefined where one is asked for. */
  readonly accessToken?: string;
  readonly nonce: string | undefined;
  /** The server's time, in milliseconds since the Unix epoch. */
  readonly now: number;
}

/**
 * Proves possession of a key (DPoP, RFC 9449). The key is made for this client, cannot be exported, and is gone with
 * the process: a token that leaks is of no use to anybody else.
 */
export class DpopProver {
  #key: Promise<ProofKey> | undefined;

  /** A proof for one attempt of one request; never to be used for another. */
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

/** The nonce that an answer hands out for the next proof, whatever else it says. */
export function nonceOf(response: WireResponse): string | undefined {
  const nonce = response.headers['dpop-nonce'];
  return nonce !== undefined && /^[\x21\x23-\x5b\x5d-\x7e]{1,512}$/.test(nonce) ? nonce : undefined;
}
