import { createKeyHasher, type KeyHash } from './key-hash.js';

const WORDS = 3;
/** The table grows if more than this share of its slots is used. */
const MOST_FULL = 0.7;

/**
 * A number for each of many keys, of which it stores only 64-bit hashes, in a typed array: 18 to 35 bytes for each key. See
 * `KeySet`, which has no numbers.
 */
export class KeyNumbers {
  #slots = new Uint32Array(WORDS * 1024);
  #size = 0;
  readonly #hash: (key: string, into: KeyHash) => void;
  readonly #into: KeyHash = { high: 0, low: 0 };

  constructor(fingerprintKey: string) {
    this.#hash = createKeyHasher(fingerprintKey);
  }

  /** The number of a key; undefined if it has none. */
  get(key: string): number | undefined {
    const at = this.#find(key);
    return this.#slots[at + 1] === 0 ? undefined : this.#slots[at + 2];
  }

  /** Sets the number of a key: a whole number below 2^32. Returns false if the key had one before. */
  set(key: string, number: number): boolean {
    const at = this.#find(key);
    const isNew = this.#slots[at + 1] === 0;
    this.#slots[at] = this.#into.high;
    this.#slots[at + 1] = this.#into.low;
    this.#slots[at + 2] = number;
    if (isNew && ++this.#size * WORDS > this.#slots.length * MOST_FULL) this.#grow();
    return isNew;
  }

  #find(key: string): number {
    this.#hash(key, this.#into);
    return slotOf(this.#slots, this.#into.high, this.#into.low);
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    for (let i = 0; i < old.length; i += WORDS)
      if (old[i + 1] !== 0)
        slots.set(old.subarray(i, i + WORDS), slotOf(slots, old[i] as number, old[i + 1] as number));
    this.#slots = slots;
  }
}

/** The index of a hash, or of the empty slot for it. The second half of a hash is never 0. */
function slotOf(slots: Uint32Array, high: number, low: number): number {
  const count = slots.length / WORDS;
  let slot = ((high ^ low) >>> 0) & (count - 1);
  while (slots[WORDS * slot + 1] !== 0 && !(slots[WORDS * slot] === high && slots[WORDS * slot + 1] === low))
    slot = (slot + 1) & (count - 1);
  return WORDS * slot;
}
