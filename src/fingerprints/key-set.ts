import type { KeyHash } from './key-hash.js';

/** The set grows if more than this share of its slots is used. */
const MOST_FULL = 0.7;

/**
 * A set of keys that stores only their 64-bit hashes, in a typed array: 12 to 24 bytes for each key, instead of about 100 in a
 * `Set` of strings.
 */
export class KeySet {
  #slots = new Uint32Array(2 * 1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has({ high, low }: KeyHash): boolean {
    return this.#slots[this.#find(this.#slots, high, low) + 1] !== 0;
  }

  /** Adds a key. Returns false if the set already contains it. */
  add({ high, low }: KeyHash): boolean {
    const at = this.#find(this.#slots, high, low);
    if (this.#slots[at + 1] !== 0) return false;
    this.#slots[at] = high;
    this.#slots[at + 1] = low;
    if (++this.#size * 2 > this.#slots.length * MOST_FULL) this.#grow();
    return true;
  }

  /** The index of a hash, or of the empty slot for it. */
  #find(slots: Uint32Array, high: number, low: number): number {
    const mask = slots.length / 2 - 1;
    let slot = (high ^ low) & mask;
    while (slots[2 * slot + 1] !== 0 && !(slots[2 * slot] === high && slots[2 * slot + 1] === low))
      slot = (slot + 1) & mask;
    return 2 * slot;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      const at = this.#find(slots, old[i] as number, old[i + 1] as number);
      slots[at] = old[i] as number;
      slots[at + 1] = old[i + 1] as number;
    }
    this.#slots = slots;
  }
}
