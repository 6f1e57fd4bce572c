/** Part of the slots that is used: fuller costs more steps, emptier more memory. */
const FULLNESS = 0.75;
/** Words of a fingerprint. */
const WORDS = 4;

/**
 * The fingerprints of a baseline as a table with open addressing, 21 bytes a row. A fingerprint is its own hash, so that
 * a record that is unchanged is found with one access to memory, which is what most of a comparison costs. Each has
 * two bits: whether it was compared, and whether it is present in the source.
 */
export class FingerprintTable {
  readonly #words: Uint32Array;
  readonly #slots: number;
  readonly #compared: Uint8Array;
  readonly #present: Uint8Array;
  #size = 0;
  #presentCount = 0;

  /** @param rows - fingerprints that will be put in at most */
  constructor(rows: number) {
    this.#slots = Math.ceil(rows / FULLNESS) + 1;
    this.#words = new Uint32Array(this.#slots * WORDS);
    this.#compared = new Uint8Array((this.#slots + 7) >>> 3);
    this.#present = new Uint8Array((this.#slots + 7) >>> 3);
  }

  /** True when every fingerprint was seen in the source. */
  get allPresent(): boolean {
    return this.#presentCount === this.#size;
  }

  add(a: number, b: number, c: number, d: number): void {
    const words = this.#words;
    let at = this.#home(a) * WORDS;
    while (!isEmpty(words, at)) at = at + WORDS === words.length ? 0 : at + WORDS;
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
    words[at + 3] = d;
    this.#size++;
  }

  /** Puts a block of fingerprints in. Those of free and of unknown rows, all zeros and all ones, are passed over. */
  addBlock(block: Uint32Array, count: number): void {
    for (let at = 0; at < count * WORDS; at += WORDS) {
      const a = block[at] as number;
      const b = block[at + 1] as number;
      const c = block[at + 2] as number;
      const d = block[at + 3] as number;
      if ((a === 0 && b === 0 && c === 0 && d === 0) || (a & b & c & d) === -1) continue;
      this.add(a, b, c, d);
    }
  }

  /** The slot of a fingerprint, or -1. */
  find(a: number, b: number, c: number, d: number): number {
    const words = this.#words;
    let at = this.#home(a) * WORDS;
    for (;;) {
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d)
        return at / WORDS;
      if (isEmpty(words, at)) return -1;
      at = at + WORDS === words.length ? 0 : at + WORDS;
    }
  }

  /** Marks a slot as compared and present. False when it was compared before. */
  compare(slot: number): boolean {
    const bit = 1 << (slot & 7);
    const byte = this.#compared[slot >>> 3] as number;
    if ((byte & bit) !== 0) return false;
    this.#compared[slot >>> 3] = byte | bit;
    this.keep(slot);
    return true;
  }

  /** Marks a slot as present. */
  keep(slot: number): void {
    if (this.isPresent(slot)) return;
    this.#present[slot >>> 3] = (this.#present[slot >>> 3] as number) | (1 << (slot & 7));
    this.#presentCount++;
  }

  isPresent(slot: number): boolean {
    return ((this.#present[slot >>> 3] as number) & (1 << (slot & 7))) !== 0;
  }

  /** Spreads the whole range of first words over the slots, whose number need not be a power of two. */
  #home(first: number): number {
    return Math.floor((first / 2 ** 32) * this.#slots);
  }
}

function isEmpty(words: Uint32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0;
}
