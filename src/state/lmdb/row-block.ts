import { crc32 } from 'node:zlib';
import { decodeKey, DIGEST_BYTES, digestOf, isUnknown, loginWordOf, LONGEST_KEY } from './row-codec.js';

/** Rows of a full block. */
export const BLOCK_ROWS = 4096;
const WORDS = DIGEST_BYTES / 4;
/** Set in the length of a key if its row is unknown. */
const UNKNOWN_BIT = 0x8000;
/** Bytes of the header of an encoded block: the number of rows, the number of bytes of the keys, and a check sum. */
export const HEADER_BYTES = 12;
const KEY_BYTES_AT = 4;
const CHECK_SUM_AT = 8;

const LENGTH_BYTES = 2;
/** Bytes of one word of {@link RowBlock.loginWords}. */
const LOGIN_BYTES = 4;

/**
 * Digests and keys of rows, and hashes of their logins, in the order of the bytes of the keys. They are in typed arrays, which are
 * used again for the next block.
 */
export class RowBlock {
  /** Four words for each row; zeros for an unknown row. */
  readonly digests = new Uint32Array(BLOCK_ROWS * WORDS);
  readonly #digestBytes = Buffer.from(this.digests.buffer);
  /** For each row of users 32 bits of its login, see `wordOfLogin`; 0 if it has none, or is unknown. Empty for other entities. */
  readonly loginWords: Uint32Array;
  readonly #lengths = new Uint16Array(BLOCK_ROWS);
  #keys = Buffer.allocUnsafeSlow(BLOCK_ROWS * 16);
  #keyBytes = 0;
  #count = 0;
  /** The start of each key; computed when it is needed. */
  readonly #starts = new Uint32Array(BLOCK_ROWS + 1);
  #startsCount = -1;
  #encoded = Buffer.alloc(0);

  /** @param hasLogins - true for rows of users */
  constructor(hasLogins: boolean) {
    this.loginWords = new Uint32Array(hasLogins ? BLOCK_ROWS : 0);
  }

  get count(): number {
    return this.#count;
  }

  get #hasLogins(): boolean {
    return this.loginWords.length > 0;
  }

  get isFull(): boolean {
    return this.#count === BLOCK_ROWS;
  }

  clear(): void {
    this.#count = 0;
    this.#keyBytes = 0;
    this.#startsCount = -1;
  }

  /** Adds a row, by its key and the value that `encodeRow` returned. */
  add(key: Buffer, value: Buffer): void {
    const row = this.#count++;
    this.#startsCount = -1;
    const unknown = isUnknown(value);
    this.#lengths[row] = unknown ? key.length | UNKNOWN_BIT : key.length;
    if (unknown) this.digests.fill(0, row * WORDS, (row + 1) * WORDS);
    else digestOf(value).copy(this.#digestBytes, row * DIGEST_BYTES);
    if (this.#hasLogins) this.loginWords[row] = unknown ? 0 : loginWordOf(value);
    this.#reserve(key.length);
    key.copy(this.#keys, this.#keyBytes);
    this.#keyBytes += key.length;
  }

  /** Adds the rows of another block from `start` to before `end`, until this block is full. Returns how many were added. */
  addRows(from: RowBlock, start: number, end: number): number {
    const count = Math.min(end - start, BLOCK_ROWS - this.#count);
    this.digests.set(from.digests.subarray(start * WORDS, (start + count) * WORDS), this.#count * WORDS);
    if (this.#hasLogins) this.loginWords.set(from.loginWords.subarray(start, start + count), this.#count);
    this.#lengths.set(from.#lengths.subarray(start, start + count), this.#count);
    const keyStart = from.#start(start);
    const keyEnd = from.#start(start + count);
    this.#reserve(keyEnd - keyStart);
    from.#keys.copy(this.#keys, this.#keyBytes, keyStart, keyEnd);
    this.#keyBytes += keyEnd - keyStart;
    this.#count += count;
    this.#startsCount = -1;
    return count;
  }

  isUnknown(row: number): boolean {
    return ((this.#lengths[row] as number) & UNKNOWN_BIT) !== 0;
  }

  key(row: number): string {
    return decodeKey(this.keyBytes(row));
  }

  /** The bytes of a key, valid until the block changes. */
  keyBytes(row: number): Buffer {
    return this.#keys.subarray(this.#start(row), this.#start(row + 1));
  }

  /** Compares a key with that of a row: negative if it is before. For short keys a loop is faster than `Buffer.compare`. */
  compareKey(key: Buffer, row: number): number {
    const keys = this.#keys;
    const start = this.#start(row);
    const end = this.#start(row + 1);
    const length = Math.min(key.length, end - start);
    for (let i = 0; i < length; i++) {
      const difference = (key[i] as number) - (keys[start + i] as number);
      if (difference !== 0) return difference;
    }
    return key.length - (end - start);
  }

  /**
   * Encodes the block. The result is valid until the next call.
   * @param seed - of the file; the check sum covers it
   * @param number - of the block; the check sum covers it, so that a block at another place of the file is not accepted
   */
  encode(seed: number, number: number): Buffer {
    const keysAt = HEADER_BYTES + this.#count * bytesPerRow(this.#hasLogins);
    const length = keysAt + this.#keyBytes;
    if (this.#encoded.length < length) this.#encoded = Buffer.allocUnsafeSlow(2 * length);
    const bytes = this.#encoded.subarray(0, length);
    bytes.writeUInt32LE(this.#count, 0);
    bytes.writeUInt32LE(this.#keyBytes, KEY_BYTES_AT);
    let at = HEADER_BYTES;
    for (const column of this.#columns()) at += column.copy(bytes, at);
    this.#keys.copy(bytes, keysAt, 0, this.#keyBytes);
    bytes.writeUInt32LE(checkSum(bytes, bytes.subarray(HEADER_BYTES), seed, number), CHECK_SUM_AT);
    return bytes;
  }

  /** Decodes a block. Returns false if its check sum is wrong. */
  decode(header: Buffer, content: Buffer, seed: number, number: number): boolean {
    if (checkSum(header, content, seed, number) !== header.readUInt32LE(CHECK_SUM_AT)) return false;
    this.clear();
    this.#count = header.readUInt32LE(0);
    let at = 0;
    for (const column of this.#columns()) at += content.copy(column, 0, at);
    this.#reserve(content.length - at);
    this.#keyBytes = content.copy(this.#keys, 0, at);
    return true;
  }

  /** The bytes of the rows' digests, lengths of keys, and logins. */
  #columns(): readonly Buffer[] {
    const { buffer } = this.#lengths;
    return [
      this.#digestBytes.subarray(0, this.#count * DIGEST_BYTES),
      Buffer.from(buffer, 0, this.#count * LENGTH_BYTES),
      Buffer.from(this.loginWords.buffer, 0, this.#hasLogins ? this.#count * LOGIN_BYTES : 0),
    ];
  }

  #reserve(bytes: number): void {
    if (this.#keyBytes + bytes <= this.#keys.length) return;
    const keys = Buffer.allocUnsafeSlow(2 * (this.#keyBytes + bytes));
    this.#keys.copy(keys, 0, 0, this.#keyBytes);
    this.#keys = keys;
  }

  #start(row: number): number {
    if (this.#startsCount !== this.#count) {
      let start = 0;
      for (let i = 0; i < this.#count; i++) {
        this.#starts[i] = start;
        start += (this.#lengths[i] as number) & ~UNKNOWN_BIT;
      }
      this.#starts[this.#count] = start;
      this.#startsCount = this.#count;
    }
    return this.#starts[row] as number;
  }
}

/** The number of bytes after the header of an encoded block; undefined if the header is not valid. */
export function contentBytesOf(header: Buffer, hasLogins: boolean): number | undefined {
  const count = header.readUInt32LE(0);
  const keyBytes = header.readUInt32LE(KEY_BYTES_AT);
  if (count > BLOCK_ROWS || keyBytes > count * LONGEST_KEY) return undefined;
  return count * bytesPerRow(hasLogins) + keyBytes;
}

/** Bytes of a row without its key. */
function bytesPerRow(hasLogins: boolean): number {
  return DIGEST_BYTES + LENGTH_BYTES + (hasLogins ? LOGIN_BYTES : 0);
}

function checkSum(header: Buffer, content: Buffer, seed: number, number: number): number {
  const place = Buffer.alloc(4);
  place.writeUInt32LE(number);
  const sum = crc32(header.subarray(0, CHECK_SUM_AT), crc32(place, seed));
  // In Node 20, `crc32` of no bytes returns 0 instead of its second argument.
  return content.length === 0 ? sum : crc32(content, sum);
}
