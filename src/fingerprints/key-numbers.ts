import { HashTable } from './hash-table.js';
import { createKeyHasher, type KeyHash } from './key-hash.js';

/** The word of a slot that contains the number, after the two of the hash. */
const NUMBER = 2;

/**
 * A number for each of many keys, of which it stores only 64-bit hashes, in a typed array: 18 to 35 bytes for each key. See
 * `KeySet`, which has no numbers.
 */
export class KeyNumbers {
  readonly #table = new HashTable(3);
  readonly #hash: (key: string, into: KeyHash) => void;
  readonly #into: KeyHash = { high: 0, low: 0 };

  constructor(fingerprintKey: string) {
    this.#hash = createKeyHasher(fingerprintKey);
  }

  /** The number of a key; undefined if it has none. */
  get(key: string): number | undefined {
    const at = this.#find(key);
    return this.#table.isUsed(at) ? this.#table.words[at + NUMBER] : undefined;
  }

  /** Sets the number of a key: a whole number below 2^32. Returns false if the key had one before. */
  set(key: string, number: number): boolean {
    const at = this.#find(key);
    const isNew = !this.#table.isUsed(at);
    this.#table.words[at + NUMBER] = number;
    if (isNew) this.#table.occupy(at, this.#into.high, this.#into.low);
    return isNew;
  }

  #find(key: string): number {
    this.#hash(key, this.#into);
    return this.#table.find(this.#into.high, this.#into.low);
  }
}
