import type { Change } from '../model.js';
import type { Outlook } from '../outlook.js';
import { RequestFit } from './packer-fit.js';

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
  /** Tells what is to come, where it is known. What comes otherwise is taken to be like what waits. */
  expect(outlook: Outlook): void;
  /** True when enough is known to fill a request well. */
  readonly ready: boolean;
  /** The next request's changes. Call it only while `size` is above zero. */
  take(): Change[];
}

interface Entry {
  readonly change: Change;
  /** With the comma that separates it. */
  readonly bytes: number;
  chosen: boolean;
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
  /** In order of arrival. */
  #queue: Entry[] = [];
  /** By size, rising; without those that came since it was last needed. */
  #sorted: Entry[] = [];
  /** What came since. */
  #fresh: Entry[] = [];
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
    return this.#queue.length;
  }

  get ready(): boolean {
    return this.#queue.length > this.#lookahead && !this.#fitsInOne;
  }

  add(change: Change): void {
    const entry: Entry = { change, bytes: Buffer.byteLength(change.item) + 1, chosen: false };
    this.#queue.push(entry);
    this.#fresh.push(entry);
    this.#bytes += entry.bytes;
    if (this.#aheadCount > 0) {
      this.#aheadCount--;
      this.#aheadBytes = Math.max(0, this.#aheadBytes - entry.bytes);
    }
  }

  expect({ count, bytes }: Outlook): void {
    this.#aheadCount = count;
    this.#aheadBytes = bytes;
  }

  take(): Change[] {
    const balanced = this.#room / this.#mean;
    const wanted = this.#wantedCount(balanced);
    const count = this.#fitsInOne ? this.#queue.length : wanted;
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const entry = this.#queue[i] as Entry;
      entry.chosen = true;
      bytes += entry.bytes;
    }
    if (!this.#fitsInOne && !this.#isPlenty(count, bytes)) this.#improve(wanted);
    const changes = this.#remove();
    const { items } = this.#capacity;
    this.#owed = Math.max(-items, Math.min(items, this.#owed + Math.min(items, balanced) - changes.length));
    return changes;
  }

  get #fitsInOne(): boolean {
    return this.#queue.length <= this.#capacity.items && this.#bytes <= this.#room;
  }

  /** Mean size of what waits and what is to come. */
  get #mean(): number {
    return (this.#bytes + this.#aheadBytes) / (this.#queue.length + this.#aheadCount);
  }

  /** As many entries as fill a request when they are of the mean size, and what is owed of them. */
  #wantedCount(balanced: number): number {
    const count = Math.round(Math.min(this.#capacity.items, balanced) + this.#owed);
    return Math.max(1, Math.min(this.#capacity.items, this.#queue.length, count));
  }

  /** True when the request is full by its items, and what it leaves behind is far from the limit of bytes. */
  #isPlenty(count: number, bytes: number): boolean {
    if (count < this.#capacity.items || bytes > this.#room) return false;
    const left = this.#queue.length + this.#aheadCount - count;
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
    const oldest = this.#queue[0] as Entry;
    const largest = this.#sorted[this.#sorted.length - 1] as Entry;
    if (this.#capacity.items === 1 || largest.bytes <= this.#room * LARGE || largest === oldest)
      return [oldest];
    if (!largest.chosen) {
      largest.chosen = true;
      const youngest = this.#queue[wanted - 1] as Entry;
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
    const fresh = this.#fresh.sort((a, b) => a.bytes - b.bytes);
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
    this.#fresh = [];
  }

  #remove(): Change[] {
    const changes: Change[] = [];
    for (const entry of this.#queue) {
      if (!entry.chosen) continue;
      changes.push(entry.change);
      this.#bytes -= entry.bytes;
    }
    this.#queue = this.#queue.filter(waits);
    this.#sorted = this.#sorted.filter(waits);
    this.#fresh = this.#fresh.filter(waits);
    return changes;
  }
}

function waits(entry: Entry): boolean {
  return !entry.chosen;
}
