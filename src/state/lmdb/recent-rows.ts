/** Slots for each row: more cost memory, fewer cost steps. */
const SLOTS_PER_ROW = 1.35;
const LEAST_SLOTS = 1024;
/** Words of a slot: the row's number plus one, 0 in an empty one, and the hash. */
const WORDS = 2;

/**
 * Rows that were given to keys since the index was built, by the hash of the key: a table with open addressing in one
 * typed array, about eleven bytes a row. A row may be in it more than once, by the hashes of keys it had before.
 */
export class RecentRows {
  #slots = new Uint32Array(LEAST_SLOTS * WORDS);
  #used = 0;
  #cursor = 0;
  #wanted = 0;

  get size(): number {
    return this.#used;
  }

  /** The first row that was put in by this hash, or -1. */
  first(hash: number): number {
    this.#wanted = hash;
    this.#cursor = home(this.#slots, hash);
    return this.next();
  }

  /** The next row with the hash last asked for, or -1. */
  next(): number {
    const slots = this.#slots;
    for (;;) {
      const at = this.#cursor;
      const entry = slots[at] as number;
      if (entry === 0) return -1;
      this.#cursor = step(slots, at);
      if (slots[at + 1] === this.#wanted) return entry - 1;
    }
  }

  put(row: number, hash: number): void {
    if ((this.#used + 1) * SLOTS_PER_ROW * WORDS > this.#slots.length) this.#grow();
    occupy(this.#slots, row + 1, hash);
    this.#used++;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(Math.ceil(this.#used * 1.5 * SLOTS_PER_ROW) * WORDS);
    for (let at = 0; at < old.length; at += WORDS)
      if (old[at] !== 0) occupy(this.#slots, old[at] as number, old[at + 1] as number);
  }
}

function occupy(slots: Uint32Array, entry: number, hash: number): void {
  let at = home(slots, hash);
  while (slots[at] !== 0) at = step(slots, at);
  slots[at] = entry;
  slots[at + 1] = hash;
}

/** Spreads the whole range of hashes over the slots, whose number need not be a power of two. */
function home(slots: Uint32Array, hash: number): number {
  return Math.floor((hash / 2 ** 32) * (slots.length / WORDS)) * WORDS;
}

function step(slots: Uint32Array, at: number): number {
  return at + WORDS === slots.length ? 0 : at + WORDS;
}
