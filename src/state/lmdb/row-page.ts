import { crc32 } from 'node:zlib';
import { StateError } from '../../core/errors.js';

/** Rows of a page: with ids of ten characters it takes three kilobytes, which one look at a row must read. */
export const ROWS_PER_PAGE = 96;
/** Bytes of a fingerprint, and its words of 32 bits. */
export const FINGERPRINT_BYTES = 16;
export const WORDS = FINGERPRINT_BYTES / 4;

const FINGERPRINTS = 4;
const HASHES = FINGERPRINTS + ROWS_PER_PAGE * FINGERPRINT_BYTES;
const LENGTHS = HASHES + ROWS_PER_PAGE * 4;
const KEYS = LENGTHS + ROWS_PER_PAGE * 2;

/** A fingerprint of zeros: the row is free. Of ones: it is not known what Okta holds. No digest is either. */
const FREE = Buffer.alloc(FINGERPRINT_BYTES, 0);
const UNKNOWN = Buffer.alloc(FINGERPRINT_BYTES, 0xff);

/** The words of a page's fingerprints, then of its key hashes, as {@link copyWords} gives them. */
export const PAGE_WORDS = ROWS_PER_PAGE * (WORDS + 1);
/** Where the key hashes begin among the words. */
export const HASH_WORDS_AT = ROWS_PER_PAGE * WORDS;
const ONES = 0xffffffff;

/**
 * Copies the fingerprints of a page: what loading the whole baseline needs, without an object for each row.
 * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` when the page is not what was written
 */
export function copyFingerprints(page: Uint8Array, into: Uint8Array, at: number): void {
  requireIntact(page);
  into.set(page.subarray(FINGERPRINTS, HASHES), at);
}

/**
 * Copies the fingerprints and, behind them, the key hashes: {@link PAGE_WORDS} in all.
 * @param known - that the page was checked before
 */
export function copyWords(page: Uint8Array, into: Uint8Array, known: boolean): void {
  if (!known) requireIntact(page);
  into.set(page.subarray(FINGERPRINTS, LENGTHS));
}

/** Writes a fingerprint among the words: of 16 characters, `''` for unknown, undefined for a free row. */
export function writeFingerprint(words: Uint32Array, at: number, fingerprint: string | undefined): void {
  for (let word = 0; word < WORDS; word++) {
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

/** The fingerprint that stands at a place: `''` for unknown, undefined for a free row. */
export function fingerprintIn(bytes: Buffer, at: number): string | undefined {
  const end = at + FINGERPRINT_BYTES;
  if (bytes.compare(FREE, 0, FINGERPRINT_BYTES, at, end) === 0) return undefined;
  if (bytes.compare(UNKNOWN, 0, FINGERPRINT_BYTES, at, end) === 0) return '';
  return bytes.toString('latin1', at, end);
}

function requireIntact(page: Uint8Array): void {
  const sum = page[0]! | (page[1]! << 8) | (page[2]! << 16) | (page[3]! << 24);
  if (page.length >= KEYS && crc32(page.subarray(FINGERPRINTS)) === sum >>> 0) return;
  throw new StateError('the state is damaged: a page of rows is not what was written', {
    code: 'ERR_ROLLCALL_STATE_CORRUPT',
  });
}

/**
 * Some rows of the baseline as one stretch of a file: a check sum, then fingerprints, key hashes and key lengths
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
   * Takes a page as it was read, without copying it; undefined for one that is not there yet.
   * @throws {@link StateError} `ERR_ROLLCALL_STATE_CORRUPT` when it is not what was written
   */
  static over(bytes: Buffer | undefined): RowPage {
    if (bytes === undefined) return RowPage.empty();
    requireIntact(bytes);
    return new RowPage(bytes);
  }

  /** Copies the four words of a fingerprint. */
  words(slot: number, into: Uint32Array): void {
    const start = FINGERPRINTS + slot * FINGERPRINT_BYTES;
    for (let word = 0; word < WORDS; word++) into[word] = this.#bytes.readUInt32LE(start + word * 4);
  }

  /** `''` when it is not known what Okta holds; undefined for a free row. */
  fingerprint(slot: number): string | undefined {
    return fingerprintIn(this.#bytes, FINGERPRINTS + slot * FINGERPRINT_BYTES);
  }

  key(slot: number): string {
    const changed = this.#newKeys.get(slot);
    if (changed !== undefined) return changed;
    let start = KEYS;
    for (let i = 0; i < slot; i++) start += this.#bytes.readUInt16LE(LENGTHS + i * 2);
    return this.#bytes.toString('utf8', start, start + this.#bytes.readUInt16LE(LENGTHS + slot * 2));
  }

  setFingerprint(slot: number, fingerprint: string): void {
    const start = FINGERPRINTS + slot * FINGERPRINT_BYTES;
    // Byte by byte: a call into Node for sixteen of them costs more.
    for (let i = 0; i < FINGERPRINT_BYTES; i++)
      this.#bytes[start + i] = fingerprint === '' ? 0xff : fingerprint.charCodeAt(i);
  }

  setKey(slot: number, key: string, hash: number): void {
    this.#newKeys.set(slot, key);
    this.#bytes.writeUInt32LE(hash, HASHES + slot * 4);
  }

  /** Its key goes too: a person who is gone leaves no id behind. */
  free(slot: number): void {
    this.setKey(slot, '', 0);
    this.#bytes.set(FREE, FINGERPRINTS + slot * FINGERPRINT_BYTES);
  }

  /** The bytes to write. */
  toBytes(): Buffer {
    if (this.#newKeys.size > 0) this.#writeKeys();
    this.#bytes.writeUInt32LE(crc32(this.#bytes.subarray(FINGERPRINTS)), 0);
    return this.#bytes;
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
