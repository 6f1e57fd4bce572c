import { StateError } from '../../core/errors.js';
import { UNKNOWN, type Held } from '../store.js';
import { checkSum } from './check-sum.js';

/** Bytes of the longest key. LMDB takes 1,978, one of which the table of absences needs to name the entity. */
export const LONGEST_KEY = 1977;
/** Begins no UTF-8 text. */
const NOT_UTF8 = 0xff;

/** Where the parts of a row's value are. */
const KIND_AT = 4;
const DIGEST_AT = 5;
/** Bytes of a digest. */
export const DIGEST_BYTES = 16;
const ATTRIBUTES_AT = DIGEST_AT + DIGEST_BYTES;
const KIND_UNKNOWN = 0;
const KIND_CONFIRMED = 1;

/**
 * The bytes of a key: UTF-8. The empty key, which LMDB does not take, and a key that is not well-formed Unicode, which UTF-8
 * cannot say, are 0xFF and UTF-16: no two keys have the same bytes.
 */
export function bytesOfKey(key: string): Buffer {
  return key !== '' && key.isWellFormed()
    ? Buffer.from(key, 'utf8')
    : Buffer.concat([Buffer.of(NOT_UTF8), Buffer.from(key, 'utf16le')]);
}

/**
 * The bytes of a key that is to be written.
 * @throws {@link StateError} when the key is too long for LMDB
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

/** The key that {@link encodeKey} made bytes of. */
export function decodeKey(bytes: Buffer): string {
  return bytes[0] === NOT_UTF8 ? bytes.toString('utf16le', 1) : bytes.toString('utf8');
}

/**
 * The value of a row: a CRC-32 of the key and of all that follows, the kind, and for a confirmed row the digest and the
 * attribute fingerprints. LMDB has no check sums of its own.
 */
export function encodeRow(key: Buffer, held: Held): Buffer {
  let value: Buffer;
  if (held.kind === 'unknown') {
    value = Buffer.alloc(DIGEST_AT);
    value[KIND_AT] = KIND_UNKNOWN;
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
 * What a row's value says.
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` when it is not what was written for this key
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
 * Compares a row's value with its check sum.
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` when it is not what was written for this key
 */
export function checkRow(key: Buffer, value: Buffer): void {
  if (value.length >= DIGEST_AT && checkSum(key, value, KIND_AT) === checkSumOf(value)) {
    const kind = value[KIND_AT];
    if (kind === KIND_UNKNOWN && value.length === DIGEST_AT) return;
    if (kind === KIND_CONFIRMED && value.length >= ATTRIBUTES_AT) return;
  }
  throw new StateError('the state is damaged: a row is not what was written', {
    code: 'ERR_ROLLCALL_STATE_CORRUPT',
  });
}

/** The check sum that a row's value begins with. */
export function checkSumOf(value: Buffer): number {
  return value.readUInt32LE(0);
}

/** True for a row of which it is not known what Okta holds. */
export function isUnknown(value: Buffer): boolean {
  return value[KIND_AT] === KIND_UNKNOWN;
}

/** The bytes of a confirmed row's digest. */
export function digestOf(value: Buffer): Buffer {
  return value.subarray(DIGEST_AT, ATTRIBUTES_AT);
}
