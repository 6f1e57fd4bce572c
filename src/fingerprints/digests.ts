import type { Entity, MembershipRecord, Profile, RecordOf, UserRecord } from '../core/model.js';
import { sameNames } from '../core/same-list.js';
import { DIGEST_BYTES, DIGEST_WORDS, plainHasher, type Hasher } from './sip-hash.js';

/** Makes digests of records; see {@link createDigester}. */
export interface Digester {
  /** 16 characters of 8 bits each. */
  of<E extends Entity>(entity: E, record: RecordOf[E]): string;
  /** The digests of records, four words each, in memory that the next call writes again. */
  ofEach<E extends Entity>(entity: E, records: readonly RecordOf[E][]): Uint32Array;
}

/** The most bytes that UTF-8 needs for a UTF-16 code unit. */
const BYTES_PER_UNIT = 3;
const LEAST_TEXT_BYTES = 512 * 1024;
const LEAST_RECORDS = 1024;

/**
 * Makes keyed 128-bit digests of canonical content: the entity, its key, and the name and value of every attribute, each
 * after its length, sorted by name. So the order of the attributes in a record does not matter. Without the key, a digest
 * reveals nothing about the content.
 *
 * The function is SipHash-2-4 with 128 bits, which is keyed and made for short texts. SHA-256 by `node:crypto` takes four times
 * as long, because each call has a fixed cost.
 *
 * @param key - 32 hexadecimal characters
 * @param hasher - a hasher with the same key
 */
export function createDigester(key: string, hasher: Hasher = plainHasher(key)): Digester {
  const texts = new HashedTexts(hasher);
  const attributes = new AttributeOrder();
  const digester: Digester = {
    of: (entity, record) => digestText(digester.ofEach(entity, [record]), 0),
    ofEach(entity, records) {
      texts.start(records.length);
      for (const record of records) texts.add(canonical(entity, record, attributes));
      return texts.digests();
    },
  };
  return digester;
}

/** The digest at an index, as 16 characters of 8 bits each. */
export function digestText(words: Uint32Array, index: number): string {
  return Buffer.from(words.buffer, words.byteOffset + index * DIGEST_BYTES, DIGEST_BYTES).toString('latin1');
}

/** Writes a digest of 16 characters at an index, as four words. */
export function writeDigest(digest: string, words: Uint32Array, index: number): void {
  for (let word = 0; word < DIGEST_WORDS; word++) {
    const at = word * 4;
    words[index * DIGEST_WORDS + word] =
      digest.charCodeAt(at) |
      (digest.charCodeAt(at + 1) << 8) |
      (digest.charCodeAt(at + 2) << 16) |
      (digest.charCodeAt(at + 3) << 24);
  }
}

/** The content that is hashed. `screening/kernel/assembly/record.ts` makes the same from the bytes of a row. */
function canonical<E extends Entity>(entity: E, record: RecordOf[E], attributes: AttributeOrder): string {
  if (entity === 'memberships') {
    const { groupExternalId, memberExternalId } = record as MembershipRecord;
    return `m${groupExternalId.length}:${groupExternalId}${memberExternalId}`;
  }
  const { externalId, profile } = record as UserRecord;
  let text = `${entity === 'users' ? 'u' : 'g'}${externalId.length}:${externalId}`;
  for (const name of attributes.of(profile)) {
    const value = profile[name];
    // '-' in place of the length means null, which differs from ''.
    text +=
      value === null || value === undefined
        ? `${name.length}:${name}-`
        : `${name.length}:${name}${value.length}:${value}`;
  }
  return text;
}

/** The texts of one call, which are hashed together. Their memory is used again for the next call. */
class HashedTexts {
  readonly #hasher: Hasher;
  #texts: Buffer;
  #ends: Uint32Array;
  #digests: Uint32Array;
  #count = 0;
  #length = 0;

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
    this.#texts = hasher.bytes(LEAST_TEXT_BYTES);
    this.#ends = hasher.words(LEAST_RECORDS);
    this.#digests = hasher.words(LEAST_RECORDS * DIGEST_WORDS);
  }

  start(count: number): void {
    this.#count = 0;
    this.#length = 0;
    if (count <= this.#ends.length) return;
    this.#ends = this.#hasher.words(count);
    this.#digests = this.#hasher.words(count * DIGEST_WORDS);
  }

  add(text: string): void {
    const most = this.#length + text.length * BYTES_PER_UNIT;
    if (most > this.#texts.length) this.#grow(most);
    // A lone surrogate becomes U+FFFD, as it does in the request that is sent.
    this.#length += this.#texts.write(text, this.#length, 'utf8');
    this.#ends[this.#count++] = this.#length;
  }

  digests(): Uint32Array {
    this.#hasher.hashEach(this.#texts, this.#ends, this.#count, this.#digests);
    return this.#digests;
  }

  #grow(needed: number): void {
    const before = this.#texts.subarray(0, this.#length);
    this.#texts = this.#hasher.bytes(Math.max(this.#texts.length * 2, needed));
    this.#texts.set(before);
  }
}

/** Sorts the names of a profile. It keeps the last result, because nearly all records of a source have the same names. */
class AttributeOrder {
  #names: readonly string[] = [];
  #sorted: readonly string[] = [];

  of(profile: Profile): readonly string[] {
    const names = Object.keys(profile);
    if (!sameNames(names, this.#names)) {
      this.#names = names;
      this.#sorted = [...names].sort();
    }
    return this.#sorted;
  }
}
