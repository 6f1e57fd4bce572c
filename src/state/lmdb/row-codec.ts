import { StateError } from '../../core/errors.js';
import { endsWithLogin, LOGIN_WIDTH } from '../../fingerprints/login-fingerprints.js';
import { UNKNOWN, type Held } from '../store.js';
import { checkSum } from './check-sum.js';

/** The most bytes of a key. LMDB allows 1,978, of which the table of absences needs one for the entity. */
export const LONGEST_KEY = 1977;
/** A byte with which no UTF-8 text begins. */
const NOT_UTF8 = 0xff;

/** Offsets in the value of a row. */
const KIND_AT = 4;
const DIGEST_AT = 5;
/** Bytes of a digest. */
export const DIGEST_BYTES = 16;
const ATTRIBUTES_AT = DIGEST_AT + DIGEST_BYTES;
/** In the value of an unknown row: the fingerprints of the logins that the user may have, one after the other. */
const LOGINS_AT = DIGEST_AT;
const KIND_UNKNOWN = 0;
const KIND_CONFIRMED = 1;

/**
 * The bytes of a key: UTF-8, or 0xFF followed by UTF-16 for the empty key, which LMDB does not allow, and for a key that is not
 * well-formed Unicode, which UTF-8 cannot represent. So different keys have different bytes.
 */
export function bytesOfKey(key: string): Buffer {
  return key !== '' && key.isWellFormed() ? Buffer.from(key, 'utf8') : utf16(key);
}

function utf16(key: string): Buffer {
  return Buffer.concat([Buffer.of(NOT_UTF8), Buffer.from(key, 'utf16le')]);
}

/**
 * The bytes of a key that will be written.
 * @throws {@link StateError} if the key is too long for LMDB
 */
export function encodeKey(key: string): Buffer {
  const bytes = bytesOfKey(key);
  if (bytes.length > LONGEST_KEY) {
    throw new StateError(
      `a key has ${bytes.length} bytes in UTF-8, and a state holds keys of at most ${LONGEST_KEY}`,
    );
  }
  return bytes;
}

/**
 * The prefixes of the bytes of all keys that begin with a text: one for keys in UTF-8, and one for keys that are not well-formed.
 * Undefined for a text that is not well-formed, because a key that begins with it may be well-formed.
 */
export function prefixesOfKeys(start: string): readonly Buffer[] | undefined {
  if (!start.isWellFormed()) return undefined;
  return [Buffer.from(start, 'utf8'), utf16(start)];
}

/** The key from the bytes that {@link encodeKey} returned. */
export function decodeKey(bytes: Buffer): string {
  return bytes[0] === NOT_UTF8 ? bytes.toString('utf16le', 1) : bytes.toString('utf8');
}

/**
 * The value of a row: a CRC-32 of the key and the rest of the value, the kind, and for a confirmed row its digest and its
 * attribute fingerprints. The check sum is necessary because LMDB has none.
 *
 * @param logins - for an unknown row, the fingerprints of the logins that the user may have
 */
export function encodeRow(key: Buffer, held: Held, logins: readonly string[] = []): Buffer {
  let value: Buffer;
  if (held.kind === 'unknown') {
    value = Buffer.allocUnsafe(LOGINS_AT + logins.length * LOGIN_WIDTH);
    value[KIND_AT] = KIND_UNKNOWN;
    value.write(logins.join(''), LOGINS_AT, 'latin1');
  } else {
    const { digest, attributes } = held.fingerprint;
    value = Buffer.allocUnsafe(ATTRIBUTES_AT + attributes.length);
    value[KIND_AT] = KIND_CONFIRMED;
    value.write(digest, DIGEST_AT, DIGEST_BYTES, 'latin1');
    value.write(attributes, ATTRIBUTES_AT, 'latin1');
  }
  value.writeUInt32LE(checkSum(key, value, KIND_AT), 0);
  return value;
}

/**
 * Decodes the value of a row.
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` if it is not the value that was written for this key
 */
export function decodeRow(key: Buffer, value: Buffer): Held {
  checkRow(key, value);
  if (isUnknown(value)) return UNKNOWN;
  return {
    kind: 'confirmed',
    fingerprint: {
      digest: value.toString('latin1', DIGEST_AT, ATTRIBUTES_AT),
      attributes: value.toString('latin1', ATTRIBUTES_AT),
    },
  };
}

/**
 * Compares the value of a row with its check sum.
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` if it is not the value that was written for this key
 */
export function checkRow(key: Buffer, value: Buffer): void {
  if (value.length >= DIGEST_AT && checkSum(key, value, KIND_AT) === checkSumOf(value)) {
    const kind = value[KIND_AT];
    if (kind === KIND_UNKNOWN && (value.length - LOGINS_AT) % LOGIN_WIDTH === 0) return;
    if (kind === KIND_CONFIRMED && value.length >= ATTRIBUTES_AT) return;
  }
  throw new StateError('the state is damaged: a row is not what was written', {
    code: 'ERR_ROLLCALL_STATE_CORRUPT',
  });
}

/** The check sum at the start of a value. */
export function checkSumOf(value: Buffer): number {
  return value.readUInt32LE(0);
}

/** True for the value of an unknown row: Okta may have applied its last upload or not. */
export function isUnknown(value: Buffer): boolean {
  return value[KIND_AT] === KIND_UNKNOWN;
}

/** The digest in the value of a confirmed row. */
export function digestOf(value: Buffer): Buffer {
  return value.subarray(DIGEST_AT, ATTRIBUTES_AT);
}

/** The fingerprints of the logins that the user of a row may have: of a confirmed row at most one. */
export function loginsOf(value: Buffer): readonly string[] {
  const from = isUnknown(value) ? LOGINS_AT : confirmedLoginAt(value);
  const count = Math.floor((value.length - from) / LOGIN_WIDTH);
  return Array.from({ length: count }, (_, i) =>
    value.toString('latin1', from + i * LOGIN_WIDTH, from + (i + 1) * LOGIN_WIDTH),
  );
}

/** {@link wordOfLogin} of the login in the value of a confirmed row; 0 if it has none. */
export function loginWordOf(value: Buffer): number {
  const at = confirmedLoginAt(value);
  return at < value.length ? value.readUInt32LE(at) || 1 : 0;
}

/** The first 32 bits of the fingerprint of a login: a hash of it. Never 0, which stands for no login. */
export function wordOfLogin(login: string): number {
  return Buffer.from(login.padEnd(4, '\0'), 'latin1').readUInt32LE() || 1;
}

/** Where the fingerprint of the login begins in the value of a confirmed row; its length if there is none. */
function confirmedLoginAt(value: Buffer): number {
  return endsWithLogin(value.length - ATTRIBUTES_AT) ? value.length - LOGIN_WIDTH : value.length;
}
