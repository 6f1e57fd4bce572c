/** The table grows if more than this share of its slots is used. More means longer searches, less means more memory. */
const MOST_FULL = 0.75;

/**
 * The numbers of rows by hashes of 32 bits, in a hash table with open addressing: 11 bytes a row. Several rows may have the same
 * hash, and a row may have several.
 */
export class LoginTable {
  #words: Uint32Array;
  /** The number of the row plus one; 0 if the slot is empty. */
  #rows: Uint32Array;
  #size = 0;

  /** @param size - about how many hashes will be added; with more the table grows */
  constructor(size: number) {
    const slots = Math.ceil(size / MOST_FULL) + 1;
    this.#words = new Uint32Array(slots);
    this.#rows = new Uint32Array(slots);
  }

  add(word: number, row: number): void {
    if (this.#size + 1 > this.#words.length * MOST_FULL) this.#grow();
    this.#put(word, row);
    this.#size++;
  }

  /** The rows that were added with a hash, each once. */
  rowsOf(word: number): ReadonlySet<number> {
    const rows = new Set<number>();
    for (let slot = this.#homeOf(word); this.#rows[slot] !== 0; slot = this.#next(slot))
      if (this.#words[slot] === word) rows.add((this.#rows[slot] as number) - 1);
    return rows;
  }

  #put(word: number, row: number): void {
    let slot = this.#homeOf(word);
    while (this.#rows[slot] !== 0) slot = this.#next(slot);
    this.#words[slot] = word;
    this.#rows[slot] = row + 1;
  }

  #homeOf(word: number): number {
    return Math.floor((word / 2 ** 32) * this.#words.length);
  }

  #next(slot: number): number {
    return slot + 1 === this.#words.length ? 0 : slot + 1;
  }

  #grow(): void {
    const [words, rows] = [this.#words, this.#rows];
    this.#words = new Uint32Array(2 * words.length);
    this.#rows = new Uint32Array(2 * rows.length);
    for (const [slot, row] of rows.entries()) if (row !== 0) this.#put(words[slot] as number, row - 1);
  }
}
