import type { Change } from '../core/model.js';
import type { Outlook } from '../state/outbox/remaining-changes.js';
import { RequestFit } from './exchange-entries.js';

/** What one request may hold. */
export interface Capacity {
  readonly items: number;
  /** Bytes left for entries, the frame of the body taken off. */
  readonly bytes: number;
}

/** Gathers the changes of one lane and hands them out request by request. */
export interface Packer {
  readonly size: number;
  /** `bytes` is what the change takes in a request, with the comma that separates it. */
  add(change: Change, bytes: number): void;
  /** Tells what is to come, where it is known. What comes otherwise is taken to be like what waits. */
  expect(outlook: Outlook): void;
  /** True when enough is known to fill a request well. */
  readonly ready: boolean;
  /** The next request's changes. Call it only while `size` is above zero. */
  take(): Change[];
}

/** A class, and not a literal, for the reason that the changes of the outbox are: what waits here outlives the young. */
class Entry {
  chosen = false;

  constructor(
    readonly change: Change,
    /** With the comma that separates it. */
    readonly bytes: number,
  ) {}
}

/** While those that wait take no more than this share of what their slots may hold, bytes need no care. */
const PLENTY = 0.9;
/** An entry that takes more than this share of a request is sent as soon as it is seen, while there is choice around it. */
const LARGE = 1 / 16;
/** Both limits count where requests of mean entries fill them alike, within this. */
const CRITICAL = 0.05;

/**
 * Packs items that are one entry each (users, groups) with a look-ahead. Two limits bind, items and bytes, and a
 * request is full when either is.
 *
 * Of a request's entries the oldest are taken, as many as keep the mean size of those that wait: so small entries
 * are not used up early, and every request sees a choice of sizes until the end. Then entries are exchanged with those that
 * wait until the bytes are filled as well ({@link RequestFit}). Where entries are small the limit of items alone
 * binds, and the order of arrival stays.
 */
export class ProfilePacker implements Packer {
  readonly #capacity: Capacity;
  /** Bytes of entries with a comma each: the last has none after it. */
  readonly #room: number;
  readonly #lookahead: number;
  /** In order of arrival, from `#first` on: most requests take the oldest, and leave the rest where it is. */
  #queue: Entry[] = [];
  #first = 0;
  /** By size, rising; without those that came since it was last needed. */
  #sorted: Entry[] = [];
  /** How many came since: they stand at the end of the queue. */
  #fresh = 0;
  /** Of all that waits. */
  #bytes = 0;
  /** Of what is yet to come, as far as it is known. */
  #aheadCount = 0;
  #aheadBytes = 0;
  /** Entries by which the requests so far fell short of the balance. */
  #owed = 0;

  constructor(capacity: Capacity, lookahead: number) {
    this.#capacity = capacity;
    this.#room = capacity.bytes + 1;
    this.#lookahead = lookahead;
  }

  get size(): number {
    return this.#queue.length - this.#first;
  }

  get ready(): boolean {
    return this.size > this.#lookahead && !this.#fitsInOne;
  }

  add(change: Change, bytes: number): void {
    this.#queue.push(new Entry(change, bytes));
    this.#fresh++;
    this.#bytes += bytes;
    if (this.#aheadCount > 0) {
      this.#aheadCount--;
      this.#aheadBytes = Math.max(0, this.#aheadBytes - bytes);
    }
  }

  expect({ count, bytes }: Outlook): void {
    this.#aheadCount = count;
    this.#aheadBytes = bytes;
  }

  take(): Change[] {
    const balanced = this.#room / this.#mean;
    const wanted = this.#wantedCount(balanced);
    const count = this.#fitsInOne ? this.size : wanted;
    let bytes = 0;
    for (let i = this.#first; i < this.#first + count; i++) {
      const entry = this.#queue[i] as Entry;
      entry.chosen = true;
      bytes += entry.bytes;
    }
    let changes: Change[];
    if (this.#fitsInOne || this.#isPlenty(count, bytes)) {
      changes = this.#takeOldest(count, bytes);
    } else {
      this.#improve(wanted);
      changes = this.#takeChosen();
    }
    const { items } = this.#capacity;
    this.#owed = Math.max(-items, Math.min(items, this.#owed + Math.min(items, balanced) - changes.length));
    return changes;
  }

  get #fitsInOne(): boolean {
    return this.size <= this.#capacity.items && this.#bytes <= this.#room;
  }

  /** Mean size of what waits and what is to come. */
  get #mean(): number {
    return (this.#bytes + this.#aheadBytes) / (this.size + this.#aheadCount);
  }

  /** As many entries as fill a request when they are of the mean size, and what is owed of them. */
  #wantedCount(balanced: number): number {
    const count = Math.round(Math.min(this.#capacity.items, balanced) + this.#owed);
    return Math.max(1, Math.min(this.#capacity.items, this.size, count));
  }

  /** True when the request is full by its items, and what it leaves behind is far from the limit of bytes. */
  #isPlenty(count: number, bytes: number): boolean {
    if (count < this.#capacity.items || bytes > this.#room) return false;
    const left = this.size + this.#aheadCount - count;
    return this.#bytes + this.#aheadBytes - bytes <= left * (this.#room / this.#capacity.items) * PLENTY;
  }

  /** Exchanges what is chosen until it fits, and is as full as it can be. */
  #improve(wanted: number): void {
    this.#sort();
    const fixed = this.#anchors(wanted);
    const inside: Entry[] = [];
    const outside: Entry[] = [];
    for (const entry of this.#sorted) (entry.chosen ? inside : outside).push(entry);
    const fit = new RequestFit(this.#room, this.#capacity.items, this.#byteWeight(), wanted, inside, outside);
    for (const entry of fixed) fit.fix(entry);
    const chosen = fit.solve();
    for (const entry of this.#sorted) entry.chosen = false;
    for (const entry of chosen) entry.chosen = true;
  }

  /** What is sent now in any case: the oldest, so that nothing waits for ever, and the largest while there is choice. */
  #anchors(wanted: number): Entry[] {
    const oldest = this.#queue[this.#first] as Entry;
    const largest = this.#sorted[this.#sorted.length - 1] as Entry;
    if (this.#capacity.items === 1 || largest.bytes <= this.#room * LARGE || largest === oldest)
      return [oldest];
    if (!largest.chosen) {
      largest.chosen = true;
      const youngest = this.#queue[this.#first + wanted - 1] as Entry;
      if (youngest !== oldest) youngest.chosen = false;
    }
    if (largest.bytes + oldest.bytes <= this.#room) return [oldest, largest];
    oldest.chosen = false;
    return [largest];
  }

  #byteWeight(): number {
    const filled = this.#mean * (this.#capacity.items / this.#room);
    return Math.min(1, Math.max(0, (filled - 1) / (2 * CRITICAL) + 0.5));
  }

  #sort(): void {
    const fresh = this.#queue.slice(this.#queue.length - this.#fresh).sort((a, b) => a.bytes - b.bytes);
    const old = this.#sorted;
    const merged = new Array<Entry>(old.length + fresh.length);
    let [i, j] = [0, 0];
    for (let at = 0; at < merged.length; at++) {
      const [a, b] = [old[i], fresh[j]];
      if (b === undefined || (a !== undefined && a.bytes <= b.bytes)) {
        merged[at] = a as Entry;
        i++;
      } else {
        merged[at] = b;
        j++;
      }
    }
    this.#sorted = merged;
    this.#fresh = 0;
  }

  /** Takes the first of the queue, which are all that is chosen. */
  #takeOldest(count: number, bytes: number): Change[] {
    const end = this.#first + count;
    const changes = new Array<Change>(count);
    for (let i = 0; i < count; i++) changes[i] = (this.#queue[this.#first + i] as Entry).change;
    this.#bytes -= bytes;
    this.#first = end;
    this.#fresh = Math.min(this.#fresh, this.size);
    // What was taken is let go of once it is as much as what waits.
    if (end * 2 >= this.#queue.length) this.#compact(this.#queue.slice(end));
    if (this.#sorted.length > 0) this.#sorted = this.#sorted.filter(waits);
    return changes;
  }

  /** Takes what is chosen, wherever it stands. Everything is sorted by now. */
  #takeChosen(): Change[] {
    const changes: Change[] = [];
    const rest: Entry[] = [];
    for (let i = this.#first; i < this.#queue.length; i++) {
      const entry = this.#queue[i] as Entry;
      if (!entry.chosen) {
        rest.push(entry);
        continue;
      }
      changes.push(entry.change);
      this.#bytes -= entry.bytes;
    }
    this.#compact(rest);
    this.#sorted = this.#sorted.filter(waits);
    return changes;
  }

  #compact(queue: Entry[]): void {
    this.#queue = queue;
    this.#first = 0;
  }
}

function waits(entry: Entry): boolean {
  return !entry.chosen;
}
