import { crc32 } from 'node:zlib';
import { StateError } from '../errors.js';

/** Rows of a page: with ids of ten characters it fills one page of the database. */
export const ROWS_PER_PAGE = 96;
/** Bytes of a fingerprint. */
export const FINGERPRINT_BYTES = 16;

const FINGERPRINTS = 4;
const HASHES = FINGERPRINTS + ROWS_PER_PAGE * FINGERPRINT_BYTES;
const LENGTHS = HASHES + ROWS_PER_PAGE * 4;
const KEYS = LENGTHS + ROWS_PER_PAGE * 2;

/** A fingerprint of zeros: the row is free. Of ones: it is not known what Okta holds. No digest is either. */
const FREE = Buffer.alloc(FINGERPRINT_BYTES, 0);
const UNKNOWN = Buffer.alloc(FINGERPRINT_BYTES, 0xff);

/** The words of a page's fingerprints, then of its key hashes, as {@link readWords} gives them. */
export const PAGE_WORDS = ROWS_PER_PAGE * (FINGERPRINT_BYTES / 4 + 1);
/** Where the key hashes begin among the words. */
export const HASH_WORDS_AT = ROWS_PER_PAGE * (FINGERPRINT_BYTES / 4);
const ONES = 0xffffffff;

/**
 * Reads the fixed part of a page into words: what loading the whole baseline needs, without an object for each row.
 * @param size - bytes of the page, which may stand in a larger buffer
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` when it is not what was written
 */
export function readWords(bytes: Uint8Array, size: number, words: Uint32Array): void {
  requireIntact(bytes, size);
  new Uint8Array(words.buffer).set(bytes.subarray(FINGERPRINTS, LENGTHS));
}

/** Writes a fingerprint among the words: of 16 characters, `''` for unknown, undefined for a free row. */
export function writeFingerprint(words: Uint32Array, at: number, fingerprint: string | undefined): void {
  for (let word = 0; word < 4; word++) {
    words[at + word] =
      fingerprint === undefined ? 0 : fingerprint === '' ? ONES : wordOf(fingerprint, word * 4);
  }
}

/** Four characters of eight bits, as the word they are on disk. */
export function wordOf(text: string, at: number): number {
  return (
    (text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24)) >>>
    0
  );
}

/** Whether the fingerprint at a place among the words says that its row is free. */
export function isFreeAt(words: Uint32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
}

/** Whether it says that it is not known what Okta holds. */
export function isUnknownAt(words: Uint32Array, at: number): boolean {
  return words[at] === ONES && words[at + 1] === ONES && words[at + 2] === ONES && words[at + 3] === ONES;
}

function requireIntact(bytes: Uint8Array, size: number): void {
  const sum = bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24);
  if (size >= KEYS && crc32(bytes.subarray(FINGERPRINTS, size)) === sum >>> 0) return;
  throw new StateError('the state is damaged: a page of rows is not what was written', {
    code: 'ERR_ROLLCALL_STATE_CORRUPT',
  });
}

/**
 * Some rows of the baseline as one value of the database: a check sum, then fingerprints, key hashes and key lengths
 * at fixed places, so that they load as blocks, then the keys.
 */
export class RowPage {
  #bytes: Buffer;
  /** Keys set since the bytes were made, by slot. */
  readonly #newKeys = new Map<number, string>();

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  static empty(): RowPage {
    return new RowPage(Buffer.alloc(KEYS));
  }

  /**
   * Takes a value of the database, without copying it.
   * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` when it is not what was written
   */
  static from(bytes: Buffer): RowPage {
    requireIntact(bytes, bytes.length);
    return new RowPage(bytes);
  }

  /** The same for a value that was checked when the state was loaded. */
  static over(bytes: Buffer): RowPage {
    return new RowPage(bytes);
  }

  /** Copies the four words of a fingerprint. */
  words(slot: number, into: Uint32Array): void {
    const start = FINGERPRINTS + slot * FINGERPRINT_BYTES;
    for (let word = 0; word < 4; word++) into[word] = this.#bytes.readUInt32LE(start + word * 4);
  }

  isFree(slot: number): boolean {
    return this.#fingerprintBytes(slot).equals(FREE);
  }

  /** `''` when it is not known what Okta holds. */
  fingerprint(slot: number): string {
    const bytes = this.#fingerprintBytes(slot);
    return bytes.equals(UNKNOWN) ? '' : bytes.toString('latin1');
  }

  key(slot: number): string {
    const changed = this.#newKeys.get(slot);
    if (changed !== undefined) return changed;
    let start = KEYS;
    for (let i = 0; i < slot; i++) start += this.#bytes.readUInt16LE(LENGTHS + i * 2);
    return this.#bytes.toString('utf8', start, start + this.#bytes.readUInt16LE(LENGTHS + slot * 2));
  }

  setFingerprint(slot: number, fingerprint: string): void {
    const bytes = this.#fingerprintBytes(slot);
    if (fingerprint === '') bytes.set(UNKNOWN);
    else bytes.write(fingerprint, 0, FINGERPRINT_BYTES, 'latin1');
  }

  setKey(slot: number, key: string, hash: number): void {
    this.#newKeys.set(slot, key);
    this.#bytes.writeUInt32LE(hash, HASHES + slot * 4);
  }

  /** Its key goes too: a person who is gone leaves no id behind. */
  free(slot: number): void {
    this.setKey(slot, '', 0);
    this.#fingerprintBytes(slot).set(FREE);
  }

  /** The value to write. */
  toBytes(): Buffer {
    if (this.#newKeys.size > 0) this.#writeKeys();
    this.#bytes.writeUInt32LE(crc32(this.#bytes.subarray(FINGERPRINTS)), 0);
    return this.#bytes;
  }

  #fingerprintBytes(slot: number): Buffer {
    const start = FINGERPRINTS + slot * FINGERPRINT_BYTES;
    return this.#bytes.subarray(start, start + FINGERPRINT_BYTES);
  }

  #writeKeys(): void {
    const parts: Buffer[] = [this.#bytes.subarray(0, KEYS)];
    let start = KEYS;
    for (let slot = 0; slot < ROWS_PER_PAGE; slot++) {
      const length = this.#bytes.readUInt16LE(LENGTHS + slot * 2);
      const changed = this.#newKeys.get(slot);
      const key =
        changed === undefined ? this.#bytes.subarray(start, start + length) : Buffer.from(changed, 'utf8');
      start += length;
      parts.push(key);
    }
    const bytes = Buffer.concat(parts);
    for (let slot = 0; slot < ROWS_PER_PAGE; slot++)
      bytes.writeUInt16LE((parts[slot + 1] as Buffer).length, LENGTHS + slot * 2);
    this.#bytes = bytes;
    this.#newKeys.clear();
  }
}
