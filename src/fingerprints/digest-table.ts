/** Part of the slots that is used: fuller costs more steps, emptier more memory. */
const FULLNESS = 0.75;
/** Words of a digest. */
const DIGEST_WORDS = 4;
/** Words of an entry: all of a digest but its last, which the place of the entry stands for. */
const ENTRY_WORDS = 3;
/** Bits by which absent digests are told apart at first. */
const FILTER_BITS = 1 << 20;

/**
 * The digests of a baseline as a table with open addressing, 16 bytes a row. A digest is its own hash, so that an unchanged
 * record is found with one access to memory, which is most of what a comparison costs. The last of its four words says where to
 * look, and the other three are compared. Each digest has two bits: whether it was compared, and whether it is present in
 * the source.
 *
 * A digest is four 32-bit words. One whose first three are zeros looks like an empty entry: the table does not take it, and
 * never finds it.
 */
export class DigestTable {
  /** Three words for each slot, zeros where it is empty. */
  readonly #entries: Uint32Array;
  readonly slots: number;
  readonly #slotsPerHash: number;
  readonly #compared: Uint8Array;
  readonly #present: Uint8Array;
  #homes = new Int32Array(0);
  /** What was read by {@link DigestTable.#prefetch}: kept, so that the compiler does not leave the reads out. */
  #read = new Uint32Array(0);
  #size = 0;
  #presentCount = 0;

  /** @param rows - digests that will be put in at most */
  constructor(rows: number) {
    this.slots = Math.ceil(rows / FULLNESS) + 1;
    this.#entries = new Uint32Array(this.slots * ENTRY_WORDS);
    this.#slotsPerHash = this.slots / 2 ** 32;
    this.#compared = new Uint8Array((this.slots + 7) >>> 3);
    this.#present = new Uint8Array((this.slots + 7) >>> 3);
  }

  /** True when every digest was seen in the source. */
  get allPresent(): boolean {
    return this.#presentCount === this.#size;
  }

  /** Puts digests in, four words each. A hot loop: it runs for every row of the baseline. */
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

  /** The slot of a digest, or -1. */
  find(a: number, b: number, c: number, d: number): number {
    return this.#findFrom(Math.floor(d * this.#slotsPerHash) * ENTRY_WORDS, a, b, c);
  }

  /** The slots of many digests of four words each, or -1. */
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
   * Answers where the search for each digest begins, and reads the entry there. Most of a search is the wait for memory, and
   * these waits overlap when nothing is decided between them: it saves a fifth of the time.
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

  /**
   * Answers a function that says quickly, by its first word, that a digest is present: false means that it surely is. Of a large
   * table hardly any is absent, and looking each up would cost as much as the comparison did.
   */
  absences(): (first: number) => boolean {
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
