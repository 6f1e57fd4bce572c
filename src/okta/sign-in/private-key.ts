import { createPrivateKey, type KeyObject } from 'node:crypto';
import { OptionsError } from '../../core/errors.js';
import { requireFunction, requireOneOf } from '../../core/check-options.js';

/** The algorithms for signing a client assertion. */
export type SigningAlgorithm = 'RS256' | 'ES256';

/** A private key as a JSON Web Key. */
export interface PrivateJwk {
  readonly kty: string;
  /** The key id of the assertion, if `keyId` is not set. */
  readonly kid?: string;
  readonly [member: string]: unknown;
}

/** A private key: PEM text (PKCS#8, PKCS#1 or SEC1), a JWK, or a JWK as JSON text. RSA of 2048 bits or more, or P-256. */
export type PrivateKey = string | PrivateJwk;

/** Signs with a key that stays in a KMS or HSM. */
export interface Signer {
  readonly algorithm: SigningAlgorithm;
  /**
   * Returns the signature of the bytes: RSASSA-PKCS1-v1_5 or ECDSA on P-256, with SHA-256, which the signer computes. An
   * ECDSA signature may be DER, as from most services, or the bare 64 bytes. An error that it throws ends the call.
   */
  readonly sign: (data: Uint8Array, signal: AbortSignal) => Uint8Array | Promise<Uint8Array>;
}

/** The key of the client: the key itself, a function that returns it, or a signer. */
export type KeySource = PrivateKey | (() => PrivateKey | Promise<PrivateKey>) | Signer;

/** A private key that was read, with its algorithm. */
export interface LocalKey {
  readonly algorithm: SigningAlgorithm;
  readonly key: KeyObject;
  readonly keyId: string | undefined;
}

const OPTION = 'auth.privateKey';

/** Reads a private key. @throws {@link OptionsError}, which never contains the key. */
export function readPrivateKey(given: unknown): LocalKey {
  const jwk = toJwk(given);
  const key = jwk === undefined ? fromPem(given) : fromJwk(jwk);
  const algorithm = algorithmOf(key);
  if (jwk?.['alg'] !== undefined && jwk['alg'] !== algorithm) {
    throw new OptionsError(
      OPTION,
      `the "alg" of the JWK does not match its key; expected ${algorithm}, or no "alg"`,
    );
  }
  return { algorithm, key, keyId: typeof jwk?.['kid'] === 'string' ? jwk['kid'] : undefined };
}

/** True for a {@link Signer}. */
export function isSigner(source: unknown): source is Signer {
  return typeof source === 'object' && source !== null && 'sign' in source;
}

/** Checks a signer. @throws {@link OptionsError} */
export function checkSigner(signer: Signer): Signer {
  requireOneOf(`${OPTION}.algorithm`, signer.algorithm, ['RS256', 'ES256']);
  requireFunction(`${OPTION}.sign`, signer.sign);
  return signer;
}

function toJwk(given: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof given === 'object' && given !== null) return given as Readonly<Record<string, unknown>>;
  if (typeof given !== 'string' || !given.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(given) as Readonly<Record<string, unknown>>;
  } catch {
    throw new OptionsError(OPTION, 'expected a JWK: the JSON text is not well formed');
  }
}

function fromJwk(jwk: Readonly<Record<string, unknown>>): KeyObject {
  if (typeof jwk['d'] !== 'string') throw new OptionsError(OPTION, 'expected a private JWK: it has no "d"');
  try {
    return createPrivateKey({ key: { ...jwk } as never, format: 'jwk' });
  } catch {
    // The error has no cause, because the cause may contain a part of the key.
    throw new OptionsError(OPTION, 'expected a private JWK of RSA or P-256');
  }
}

function fromPem(given: unknown): KeyObject {
  if (typeof given !== 'string')
    throw new OptionsError(OPTION, 'expected PEM text, a JWK, a function or a signer');
  // In an environment variable or a JSON file, a PEM is often on one line.
  const pem = given.includes('\n') ? given : given.replaceAll('\\n', '\n');
  if (/ENCRYPTED/.test(pem))
    throw new OptionsError(OPTION, 'the PEM is encrypted: expected one without a passphrase');
  try {
    return createPrivateKey(pem);
  } catch {
    throw new OptionsError(OPTION, 'expected the PEM text of a private key, or a JWK');
  }
}

function algorithmOf(key: KeyObject): SigningAlgorithm {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    if (modulusLength >= 2048) return 'RS256';
    throw new OptionsError(OPTION, `expected an RSA key of at least 2048 bits, got ${modulusLength}`);
  }
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  throw new OptionsError(OPTION, 'expected an RSA key (RS256) or an EC key on P-256 (ES256)');
}
