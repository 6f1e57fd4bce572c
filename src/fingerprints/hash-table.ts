/** The table grows if more than this share of its slots is used. */
const MOST_FULL = 0.7;
const FIRST_SLOTS = 1024;

/**
 * 64-bit hashes of keys in a typed array, by open addressing. Each has a slot of the same number of words: two for the hash, and what the
 * owner adds to them. The second half of a hash is never 0, so that 0 marks a slot as empty.
 */
export class HashTable {
  /** The words of all slots. Another array after the table has grown. */
  words: Uint32Array;
  readonly #width: number;
  #size = 0;

  /** @param width - the words of a slot, at least two */
  constructor(width: number) {
    this.#width = width;
    this.words = new Uint32Array(width * FIRST_SLOTS);
  }

  get size(): number {
    return this.#size;
  }

  /** The index of the first word of the slot of a hash, or of an empty slot for it. */
  find(high: number, low: number): number {
    const { words } = this;
    const width = this.#width;
    const mask = words.length / width - 1;
    let slot = (high ^ low) & mask;
    while (
      words[width * slot + 1] !== 0 &&
      !(words[width * slot] === high && words[width * slot + 1] === low)
    )
      slot = (slot + 1) & mask;
    return width * slot;
  }

  /** True if there is a hash in the slot at an index from {@link find}. */
  isUsed(at: number): boolean {
    return this.words[at + 1] !== 0;
  }

  /** Writes a hash into an empty slot, at an index from {@link find}. The other words of the slot must be written before. */
  occupy(at: number, high: number, low: number): void {
    this.words[at] = high;
    this.words[at + 1] = low;
    if (++this.#size * this.#width > this.words.length * MOST_FULL) this.#grow();
  }

  #grow(): void {
    const old = this.words;
    this.words = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += this.#width)
      if (old[at + 1] !== 0)
        this.words.set(
          old.subarray(at, at + this.#width),
          this.find(old[at] as number, old[at + 1] as number),
        );
  }
}
