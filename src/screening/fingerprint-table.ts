import { createKernel, KernelMemory, type KernelExports } from './kernel/kernel.js';

/** Part of the slots that is used: fuller costs more steps, emptier more memory. */
const FULLNESS = 0.75;
/** Bytes of a fingerprint. */
const LENGTH = 16;
/** Words of an entry: all of a fingerprint but its last, which the place of the entry stands for, see `assembly/table.ts`. */
const ENTRY_WORDS = 3;
/** Bits by which absent fingerprints are told apart at first. */
const FILTER_BITS = 1 << 20;
/** Fingerprints that are handed to the kernel at once. */
const STAGED = 4096;

/**
 * The fingerprints of a baseline as a table with open addressing, 16 bytes a row, in memory of the kernel. A fingerprint is
 * its own hash, so that a record that is unchanged is found with one access to memory, which is what most of a comparison
 * costs. Of its 128 bits the last 32 say where to look, and the other 96 are compared. Each has two bits: whether it was
 * compared, and whether it is present in the source.
 */
export class FingerprintTable {
  /** The table's memory, in which rows can be looked up too. */
  readonly memory: KernelMemory;
  readonly at: number;
  readonly slots: number;
  readonly #kernel: KernelExports;
  readonly #staged: Uint32Array;
  readonly #found: Int32Array;
  readonly #compared: Uint8Array;
  readonly #present: Uint8Array;
  #size = 0;
  #presentCount = 0;

  /**
   * @param rows - fingerprints that will be put in at most
   * @param key - that of the fingerprints, 32 hexadecimal characters
   */
  constructor(rows: number, key: string) {
    this.slots = Math.ceil(rows / FULLNESS) + 1;
    const bytes = this.slots * ENTRY_WORDS * 4;
    this.memory = new KernelMemory(bytes + STAGED * (LENGTH + 4) + 4096);
    this.at = this.memory.allocate(bytes);
    this.#staged = this.memory.words(this.memory.allocate(STAGED * LENGTH), STAGED * 4);
    const found = this.memory.words(this.memory.allocate(STAGED * 4), STAGED);
    this.#found = new Int32Array(found.buffer, found.byteOffset, STAGED);
    this.#kernel = createKernel(this.memory, key);
    this.#kernel.setTable(this.at, this.slots);
    this.#compared = new Uint8Array((this.slots + 7) >>> 3);
    this.#present = new Uint8Array((this.slots + 7) >>> 3);
  }

  /** True when every fingerprint was seen in the source. */
  get allPresent(): boolean {
    return this.#presentCount === this.#size;
  }

  /** Puts fingerprints in, four words each; those of free rows (zeros) and of unknown ones (ones) are left out. */
  addBlock(words: Uint32Array, count: number): void {
    for (let start = 0; start < count; start += STAGED) {
      const end = Math.min(start + STAGED, count);
      this.#staged.set(words.subarray(start * 4, end * 4));
      this.#size += this.#kernel.addEach(this.#staged.byteOffset, end - start);
    }
  }

  /** The slot of a fingerprint, or -1. */
  find(a: number, b: number, c: number, d: number): number {
    const staged = this.#staged;
    staged[0] = a;
    staged[1] = b;
    staged[2] = c;
    staged[3] = d;
    return this.#kernel.find(staged.byteOffset);
  }

  /** The slots of many fingerprints, or -1 each; they hold until the next call. At most 4,096 at once. */
  findEach(words: Uint32Array, count: number): Int32Array {
    this.#staged.set(words.subarray(0, count * 4));
    this.#kernel.findEach(this.#staged.byteOffset, count, this.#found.byteOffset);
    return this.#found;
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

  /**
   * Says quickly, by its first word, that a fingerprint is present: false means that it surely is. Of a large table hardly any
   * is absent, and looking each up would cost as much as the comparison did.
   */
  absences(): (first: number) => boolean {
    const absent = new Uint8Array(FILTER_BITS >>> 3);
    const words = this.memory.words(this.at, this.slots * ENTRY_WORDS);
    for (let slot = 0; slot < this.slots; slot++) {
      if ((slot & 7) === 0 && this.#present[slot >>> 3] === 0xff) {
        slot += 7;
        continue;
      }
      if (this.isPresent(slot)) continue;
      const bit = (words[slot * ENTRY_WORDS] as number) & (FILTER_BITS - 1);
      absent[bit >>> 3] = (absent[bit >>> 3] as number) | (1 << (bit & 7));
    }
    return (first) => {
      const bit = first & (FILTER_BITS - 1);
      return ((absent[bit >>> 3] as number) & (1 << (bit & 7))) !== 0;
    };
  }

  isPresent(slot: number): boolean {
    return ((this.#present[slot >>> 3] as number) & (1 << (slot & 7))) !== 0;
  }
}

/** Fingerprints that {@link FingerprintTable.findEach} takes at once. */
export const MOST_FOUND = STAGED;
