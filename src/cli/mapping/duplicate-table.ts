import { createHash } from 'node:crypto';

/** Words of a slot: two of the hash, the number of the row that counts, and flags. */
const WORDS = 4;
/** The table grows if more than this share of its slots is used. */
const MOST_FULL = 0.7;
/** Several rows have the key. */
const SEVERAL = 1;
/** One of them has no value that can be compared. */
const NO_VALUE = 2;
/** Two of them have the greatest value. */
const TIE = 4;

/** What is decided about one of several rows with the same key. */
export type Verdict = 'kept' | 'superseded' | 'undecided';

/**
 * Decides which row of each key counts: the one with the greatest value. It stores hashes of 64 bits in typed arrays, 35 to 70 bytes for
 * each key, because a source may have a million of them.
 */
export class DuplicateTable {
  #slots = new Uint32Array(WORDS * 1024);
  #values = new Float64Array(1024);
  #size = 0;

  /**
   * Adds a row. Returns false if the key was there before.
   *
   * @param value - undefined if it cannot be compared: then no row of this key counts, unless it is the only one
   */
  add(key: string, row: number, value: number | undefined): boolean {
    const [high, low] = hashOf(key);
    const slot = find(this.#slots, high, low);
    const at = slot * WORDS;
    const slots = this.#slots;
    const isNew = slots[at + 1] === 0;
    const flags = slots[at + 3] as number;
    if (isNew || (value !== undefined && value > (this.#values[slot] as number))) {
      slots.set([high, low, row, isNew ? 0 : (flags & ~TIE) | SEVERAL], at);
      this.#values[slot] = value ?? 0;
    } else slots[at + 3] = flags | SEVERAL | (value === this.#values[slot] ? TIE : 0);
    if (value === undefined) slots[at + 3] = (slots[at + 3] as number) | NO_VALUE;
    if (isNew && ++this.#size > this.#values.length * MOST_FULL) this.#grow();
    return isNew;
  }

  /** The verdict on a row that was added; `undecided` for a key that was not. */
  verdict(key: string, row: number): Verdict {
    const at = find(this.#slots, ...hashOf(key)) * WORDS;
    if (this.#slots[at + 1] === 0) return 'undecided';
    const flags = this.#slots[at + 3] as number;
    if ((flags & SEVERAL) !== 0 && (flags & (NO_VALUE | TIE)) !== 0) return 'undecided';
    return this.#slots[at + 2] === row ? 'kept' : 'superseded';
  }

  #grow(): void {
    const [slots, values] = [this.#slots, this.#values];
    this.#slots = new Uint32Array(slots.length * 2);
    this.#values = new Float64Array(values.length * 2);
    for (const [slot, value] of values.entries()) {
      const at = slot * WORDS;
      if (slots[at + 1] === 0) continue;
      const to = find(this.#slots, slots[at] as number, slots[at + 1] as number);
      this.#slots.set(slots.subarray(at, at + WORDS), to * WORDS);
      this.#values[to] = value;
    }
  }
}

/** 63 bits of a hash. The second word is never 0, because 0 marks an empty slot. */
function hashOf(key: string): [high: number, low: number] {
  const digest = createHash('sha256').update(key).digest();
  return [digest.readUInt32LE(0), (digest.readUInt32LE(4) | 1) >>> 0];
}

/** The slot of a hash, or the empty one for it. */
function find(slots: Uint32Array, high: number, low: number): number {
  const mask = slots.length / WORDS - 1;
  let slot = (high ^ low) & mask;
  while (slots[WORDS * slot + 1] !== 0 && !(slots[WORDS * slot] === high && slots[WORDS * slot + 1] === low))
    slot = (slot + 1) & mask;
  return slot;
}
