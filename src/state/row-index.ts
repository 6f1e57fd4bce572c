/** Slots for each row: more cost memory, fewer cost steps. */
const SLOTS_PER_ROW = 1.35;
const LEAST_SLOTS = 1024;

/**
 * Finds rows by the hash of their key: 32 bits of hash for each row, and a table of row numbers with open addressing
 * in typed arrays; about ten bytes a row, where a `Map` of keys takes a hundred. Whether a row really has the key is
 * for the caller to look up: keys are on disk.
 */
export class RowIndex {
  #hashes: Uint32Array;
  /** Row number plus one; 0 is empty. */
  #slots: Uint32Array;
  #used = 0;
  /** Where the search stands. By slot and not by row: a row that was given away keeps its old slot until the table grows. */
  #cursor = 0;
  #wanted = 0;

  /** @param rows - rows that are about to be put in */
  constructor(rows: number) {
    this.#hashes = new Uint32Array(rows);
    this.#slots = new Uint32Array(slotsFor(rows));
  }

  /** The first row that may have this hash, or -1. */
  first(hash: number): number {
    this.#wanted = hash;
    this.#cursor = this.#home(hash);
    return this.next();
  }

  /** The next row with the hash last asked for, or -1. */
  next(): number {
    const slots = this.#slots;
    const hashes = this.#hashes;
    for (;;) {
      const entry = slots[this.#cursor] as number;
      if (entry === 0) return -1;
      this.#cursor = this.#step(this.#cursor);
      if (hashes[entry - 1] === this.#wanted) return entry - 1;
    }
  }

  /** Puts a row in. A row that had another hash is found by the new one only. */
  put(row: number, hash: number): void {
    if (row >= this.#hashes.length) this.#growRows(row + 1);
    this.#hashes[row] = hash;
    if ((this.#used + 1) * SLOTS_PER_ROW > this.#slots.length) this.#growSlots();
    this.#occupy(row, hash);
  }

  /** Spreads the whole range of hashes over the slots, whose number need not be a power of two. */
  #home(hash: number): number {
    return Math.floor((hash / 2 ** 32) * this.#slots.length);
  }

  #step(slot: number): number {
    return slot + 1 === this.#slots.length ? 0 : slot + 1;
  }

  #occupy(row: number, hash: number): void {
    let slot = this.#home(hash);
    while (this.#slots[slot] !== 0) slot = this.#step(slot);
    this.#slots[slot] = row + 1;
    this.#used++;
  }

  #growRows(rows: number): void {
    const hashes = new Uint32Array(Math.max(rows, Math.ceil(this.#hashes.length * 1.5), LEAST_SLOTS));
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }

  /** Builds the table anew, without the slots of rows that were given away. */
  #growSlots(): void {
    const old = this.#slots;
    const listed = new Uint8Array(this.#hashes.length);
    this.#slots = new Uint32Array(slotsFor(Math.ceil(this.#used * 1.5)));
    this.#used = 0;
    for (const entry of old) {
      if (entry === 0 || listed[entry - 1] === 1) continue;
      listed[entry - 1] = 1;
      this.#occupy(entry - 1, this.#hashes[entry - 1] as number);
    }
  }
}

function slotsFor(rows: number): number {
  return Math.max(LEAST_SLOTS, Math.ceil(rows * SLOTS_PER_ROW) + 1);
}
