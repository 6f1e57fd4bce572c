import { createKeyHasher, type KeyHash } from './key-hash.js';
import { KeySet } from './key-set.js';

/** A set of keys that stores only their hashes; see {@link KeySet}. */
export class HashedKeys {
  readonly #keys = new KeySet();
  readonly #hash: (key: string, into: KeyHash) => void;
  readonly #into: KeyHash = { high: 0, low: 0 };

  constructor(fingerprintKey: string) {
    this.#hash = createKeyHasher(fingerprintKey);
  }

  add(key: string): void {
    this.#hash(key, this.#into);
    this.#keys.add(this.#into);
  }

  has(key: string): boolean {
    this.#hash(key, this.#into);
    return this.#keys.has(this.#into);
  }
}
