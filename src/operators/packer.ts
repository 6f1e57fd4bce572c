import type { Change } from '../model.js';

/** What one request may hold. */
export interface Capacity {
  readonly items: number;
  /** Bytes left for entries, the frame of the body taken off. */
  readonly bytes: number;
}

/** Gathers the changes of one lane and hands them out request by request. */
export interface Packer {
  readonly size: number;
  add(change: Change): void;
  /** True when enough is known to fill a request well. */
  readonly ready: boolean;
  /** The next request's changes. Call it only while `size` is above zero. */
  take(): Change[];
}

interface Entry {
  readonly change: Change;
  /** With the comma that separates it. */
  readonly bytes: number;
  taken: boolean;
}

/**
 * Packs items that are one entry each (users, groups) with a look-ahead. Two limits bind, items and bytes, and a
 * request is full when either is. While bytes are plentiful for the slots that are left, a large item is taken; otherwise
 * the oldest; and the last bytes are filled with the largest item that fits. So small items are not used up early, and
 * mixed sizes fill both limits.
 */
export class ProfilePacker implements Packer {
  readonly #capacity: Capacity;
  readonly #lookahead: number;
  /** In order of arrival; taken entries are skipped, and dropped from the front. */
  readonly #queue: Entry[] = [];
  #head = 0;
  /** By size, rising. */
  readonly #bySize: Entry[] = [];
  /** Of all that was ever added: the mean that requests must keep to, lest one kind of size is left over at the end. */
  #addedBytes = 0;
  #added = 0;

  constructor(capacity: Capacity, lookahead: number) {
    this.#capacity = capacity;
    this.#lookahead = lookahead;
  }

  get size(): number {
    return this.#bySize.length;
  }

  get ready(): boolean {
    return this.#bySize.length > this.#lookahead;
  }

  add(change: Change): void {
    const entry: Entry = { change, bytes: Buffer.byteLength(change.item) + 1, taken: false };
    this.#queue.push(entry);
    this.#bySize.splice(this.#position(entry.bytes + 1), 0, entry);
    this.#addedBytes += entry.bytes;
    this.#added++;
  }

  take(): Change[] {
    const changes: Change[] = [];
    // The last entry has no comma after it.
    let room = this.#capacity.bytes + 1;
    for (let slots = this.#capacity.items; slots > 0 && this.#bySize.length > 0; slots--) {
      const entry = this.#choose(room, slots);
      if (entry === undefined) break;
      this.#remove(entry);
      room -= entry.bytes;
      changes.push(entry.change);
    }
    return changes;
  }

  #choose(room: number, slots: number): Entry | undefined {
    const largestThatFits = this.#bySize[this.#position(room + 1) - 1];
    if (largestThatFits === undefined) return undefined;
    const perSlot = room / slots;
    if (perSlot > this.#addedBytes / this.#added) {
      const large = this.#bySize[this.#position(perSlot)];
      return large !== undefined && large.bytes <= room ? large : largestThatFits;
    }
    const oldest = this.#oldest();
    return oldest.bytes <= room ? oldest : largestThatFits;
  }

  #oldest(): Entry {
    while (this.#queue[this.#head]?.taken === true) this.#head++;
    if (this.#head > 4096) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return this.#queue[this.#head] as Entry;
  }

  #remove(entry: Entry): void {
    entry.taken = true;
    let at = this.#position(entry.bytes);
    while (this.#bySize[at] !== entry) at++;
    this.#bySize.splice(at, 1);
  }

  /** Where the first entry of at least this size stands. */
  #position(bytes: number): number {
    let low = 0;
    let high = this.#bySize.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bySize[middle] as Entry).bytes < bytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
