import { randomUUID } from 'node:crypto';
import { OptionsError } from '../../core/errors.js';
import { isSigner, type LocalKey, type Signer } from './private-key.js';

/** The lifetime of an assertion in seconds. Okta allows at most an hour; ours is used at once. */
const LIFETIME_S = 300;

/** The content of an assertion, and the key that signs it. */
export interface AssertionParts {
  readonly clientId: string;
  /** The URL of the token endpoint, exactly as it is called. */
  readonly audience: string;
  readonly keyId: string | undefined;
  readonly key: LocalKey | Signer;
  /** The server's time, in milliseconds since the Unix epoch. */
  readonly now: number;
}

/** Creates a `private_key_jwt` client assertion (RFC 7523), valid for one use. */
export async function makeAssertion(parts: AssertionParts, signal: AbortSignal): Promise<string> {
  const { clientId, audience, keyId, key, now } = parts;
  const iat = Math.floor(now / 1000);
  const header = { alg: key.algorithm, typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) };
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    iat,
    exp: iat + LIFETIME_S,
    jti: randomUUID(),
  };
  if (!isSigner(key)) {
    const { SignJWT } = await import('jose');
    return new SignJWT(claims).setProtectedHeader(header).sign(key.key);
  }
  const content = `${encode(header)}.${encode(claims)}`;
  const signature = await key.sign(Buffer.from(content), signal);
  return `${content}.${Buffer.from(toJws(key.algorithm, signature)).toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Converts a signature for a JWS, which contains the two numbers of an ECDSA signature as 32 bytes each. */
function toJws(algorithm: Signer['algorithm'], signature: unknown): Uint8Array {
  if (!(signature instanceof Uint8Array) || signature.length === 0) {
    throw new OptionsError(
      'auth.privateKey.sign',
      'expected a function that returns the bytes of a signature',
    );
  }
  if (algorithm === 'RS256' || signature.length === 64) return signature;
  const joined = fromDer(signature);
  if (joined === undefined) {
    throw new OptionsError('auth.privateKey.sign', 'expected an ECDSA signature of 64 bytes, or one in DER');
  }
  return joined;
}

/** `SEQUENCE { INTEGER r, INTEGER s }`, as 64 bytes; undefined for anything else. */
function fromDer(der: Uint8Array): Uint8Array | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const joined = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0;
    const number = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 0x02 || length === 0 || number.length !== length) return undefined;
    const digits = number.subarray(number.findIndex((byte) => byte !== 0));
    if (digits.length > 32) return undefined;
    joined.set(digits, end - digits.length);
    at += 2 + length;
  }
  return at === der.length ? joined : undefined;
}
