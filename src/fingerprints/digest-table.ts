/** Used slots divided by all slots. More means longer searches, less means more memory. */
const LOAD_FACTOR = 0.75;
/** Words of a digest. */
const DIGEST_WORDS = 4;
/** Words of an entry: the first three of a digest. The fourth determines the slot and is not stored. */
const ENTRY_WORDS = 3;
/** Bits of the filter that {@link DigestTable.absenceFilter} returns. */
const FILTER_BITS = 1 << 20;

/**
 * The digests of a baseline in a hash table with open addressing, 16 bytes a row. A digest is four 32-bit words. It is used as
 * its own hash: the last word determines the slot, and the other three are stored and compared. So an unchanged record is
 * found with one access to memory, which takes most of the time of a comparison. Each slot has two bits: "was compared"
 * and "is present in the source".
 *
 * Three zeros mark an empty slot, so a digest that begins with three zeros is not added, and never found.
 */
export class DigestTable {
  /** Three words for each slot; zeros if it is empty. */
  readonly #entries: Uint32Array;
  readonly slots: number;
  readonly #slotsPerHash: number;
  readonly #compared: Uint8Array;
  readonly #present: Uint8Array;
  #homes = new Int32Array(0);
  /** The words that {@link DigestTable.#prefetch} read; without storing them, the compiler could remove the reads. */
  #read = new Uint32Array(0);
  #size = 0;
  #presentCount = 0;

  /** @param rows - the most digests that will be added */
  constructor(rows: number) {
    this.slots = Math.ceil(rows / LOAD_FACTOR) + 1;
    this.#entries = new Uint32Array(this.slots * ENTRY_WORDS);
    this.#slotsPerHash = this.slots / 2 ** 32;
    this.#compared = new Uint8Array((this.slots + 7) >>> 3);
    this.#present = new Uint8Array((this.slots + 7) >>> 3);
  }

  /** True if every digest is marked as present. */
  get allPresent(): boolean {
    return this.#presentCount === this.#size;
  }

  /** Adds digests of four words each. A hot loop: it runs for every row of the baseline. */
  addBlock(digests: Uint32Array, count: number): void {
    const entries = this.#entries;
    const homes = this.#prefetch(digests, count);
    let added = 0;
    for (let i = 0, at = 0; i < count; i++, at += DIGEST_WORDS) {
      const a = digests[at] as number;
      const b = digests[at + 1] as number;
      const c = digests[at + 2] as number;
      if ((a | b | c) === 0) continue;
      let entry = homes[i] as number;
      while (
        ((entries[entry] as number) | (entries[entry + 1] as number) | (entries[entry + 2] as number)) !==
        0
      ) {
        entry += ENTRY_WORDS;
        if (entry === entries.length) entry = 0;
      }
      entries[entry] = a;
      entries[entry + 1] = b;
      entries[entry + 2] = c;
      added++;
    }
    this.#size += added;
  }

  /** The slot of a digest, or -1 if the table does not contain it. */
  find(a: number, b: number, c: number, d: number): number {
    return this.#findFrom(Math.floor(d * this.#slotsPerHash) * ENTRY_WORDS, a, b, c);
  }

  /** {@link find} for digests of four words each. */
  findEach(digests: Uint32Array, count: number, found = new Int32Array(count)): Int32Array {
    const homes = this.#prefetch(digests, count);
    for (let i = 0, at = 0; i < count; i++, at += DIGEST_WORDS) {
      found[i] = this.#findFrom(
        homes[i] as number,
        digests[at] as number,
        digests[at + 1] as number,
        digests[at + 2] as number,
      );
    }
    return found;
  }

  /**
   * Returns the entry at which the search for each digest begins, and reads it. Most of a search is the wait for memory. These
   * waits overlap if the reads come one after another without a branch between them, which saves a fifth of the time.
   */
  #prefetch(digests: Uint32Array, count: number): Int32Array {
    if (this.#homes.length < count) {
      this.#homes = new Int32Array(count);
      this.#read = new Uint32Array(count);
    }
    const entries = this.#entries;
    const homes = this.#homes;
    const read = this.#read;
    const slotsPerHash = this.#slotsPerHash;
    for (let i = 0, last = DIGEST_WORDS - 1; i < count; i++, last += DIGEST_WORDS) {
      const home = Math.floor((digests[last] as number) * slotsPerHash) * ENTRY_WORDS;
      homes[i] = home;
      read[i] = entries[home] as number;
    }
    return homes;
  }

  #findFrom(home: number, a: number, b: number, c: number): number {
    const entries = this.#entries;
    for (let entry = home; ;) {
      const first = entries[entry] as number;
      const second = entries[entry + 1] as number;
      const third = entries[entry + 2] as number;
      if ((first | second | third) === 0) return -1;
      if (first === a && second === b && third === c) return entry / ENTRY_WORDS;
      entry += ENTRY_WORDS;
      if (entry === entries.length) entry = 0;
    }
  }

  /** Marks a slot as compared and present. Returns false if it was compared before. */
  markCompared(slot: number): boolean {
    const bit = 1 << (slot & 7);
    const byte = this.#compared[slot >>> 3] as number;
    if ((byte & bit) !== 0) return false;
    this.#compared[slot >>> 3] = byte | bit;
    this.markPresent(slot);
    return true;
  }

  markPresent(slot: number): void {
    if (this.isPresent(slot)) return;
    this.#present[slot >>> 3] = (this.#present[slot >>> 3] as number) | (1 << (slot & 7));
    this.#presentCount++;
  }

  isPresent(slot: number): boolean {
    return ((this.#present[slot >>> 3] as number) & (1 << (slot & 7))) !== 0;
  }

  /**
   * Returns a filter over the first word of a digest: false means that the digest is certainly present, true that it may be
   * absent. Nearly all digests of a large table are present, and to look each of them up would take as long as the comparison.
   */
  absenceFilter(): (first: number) => boolean {
    const absent = new Uint8Array(FILTER_BITS >>> 3);
    for (let slot = 0; slot < this.slots; slot++) {
      if ((slot & 7) === 0 && this.#present[slot >>> 3] === 0xff) {
        slot += 7;
        continue;
      }
      if (this.isPresent(slot)) continue;
      const bit = (this.#entries[slot * ENTRY_WORDS] as number) & (FILTER_BITS - 1);
      absent[bit >>> 3] = (absent[bit >>> 3] as number) | (1 << (bit & 7));
    }
    return (first) => {
      const bit = first & (FILTER_BITS - 1);
      return ((absent[bit >>> 3] as number) & (1 << (bit & 7))) !== 0;
    };
  }
}
