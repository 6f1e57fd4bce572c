import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';

/** A public key as a JSON Web Key. */
export interface PublicJwk {
  readonly kty: string;
  readonly kid?: string;
  readonly [member: string]: unknown;
}

type Members = Readonly<Record<string, unknown>>;

/** A parsed compact JWS; it is not verified yet. */
export interface Jwt {
  readonly header: Members;
  readonly claims: Members;
  readonly signed: string;
  readonly signature: Buffer;
}

/** Parses a compact JWS with JSON claims; undefined for anything else. */
export function readJwt(text: string): Jwt | undefined {
  const [header = '', claims = '', signature = '', ...rest] = text.split('.');
  if (rest.length > 0 || ![header, claims, signature].every((part) => /^[\w-]+$/.test(part)))
    return undefined;
  const [readHeader, readClaims] = [header, claims].map(decode);
  if (readHeader === undefined || readClaims === undefined) return undefined;
  return {
    header: readHeader,
    claims: readClaims,
    signed: `${header}.${claims}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

/** Whether the JWT was signed with the private part of this key, with the algorithm of its header (RS256 or ES256). */
export function isSignedBy({ header, signed, signature }: Jwt, key: KeyObject): boolean {
  const data = Buffer.from(signed);
  if (header['alg'] === 'RS256' && key.asymmetricKeyType === 'rsa') {
    return verify('sha256', data, key, signature);
  }
  const p256 = key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (header['alg'] !== 'ES256' || !p256) return false;
  return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Reads a public key from a JWK or PEM text; undefined for anything else, including a private key. */
export function readPublicKey(key: unknown): KeyObject | undefined {
  const pem = typeof key === 'string';
  if (pem ? key.includes('PRIVATE KEY') : !isObject(key) || 'd' in key || 'k' in key) return undefined;
  try {
    return createPublicKey(pem ? key : { key: { ...(key as object) } as never, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** The SHA-256 thumbprint of a public key (RFC 7638). */
export function thumbprint(key: KeyObject): string {
  const { kty, crv, x, y, e, n } = key.export({ format: 'jwk' });
  // Only the required members, in alphabetical order.
  return sha256(JSON.stringify(kty === 'EC' ? { crv, kty, x, y } : { e, kty, n }));
}

/** SHA-256 of text, in base64url. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function decode(part: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
