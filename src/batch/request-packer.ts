import { bodyFrame, entryFrame } from '../okta/bulk-body.js';
import type { Change } from '../core/model.js';
import type { Lane } from '../state/store.js';
import { chooseEntries, type Room } from './choose-entries.js';

/** Members of a group in one entry at most. More would leave too little choice when a request is filled. */
const MAX_MEMBERS = 256;
/** The share of a request that the members of one entry may take. */
const ENTRY_SHARE = 1 / 16;
/** Requests whose content waits at most, whatever the number of changes: records may be as large as a request. */
const MAX_REQUESTS_WAITING = 32;
/** While the mean entry takes no more than this share of a slot's bytes, only the number of entries limits a request. */
const SMALL = 0.9;

/** The limits of one request. */
export interface RequestLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

/** An entry of a request's array: one user, one group, or members of one group. */
interface Entry {
  readonly changes: Change[];
  /** Bytes in the body, with the comma that separates it from the next. */
  bytes: number;
}

/** Collects the changes of one lane, and returns those of the next request. */
export class RequestPacker {
  readonly #room: Room;
  readonly #lookahead: number;
  /** In order of arrival. */
  #waiting: Entry[] = [];
  #changes = 0;
  #bytes = 0;

  constructor({ entity, kind }: Lane, { maxItems, maxBytes }: RequestLimits, lookahead: number) {
    const [head, tail] = bodyFrame(entity, kind);
    // The last entry has no comma after it.
    this.#room = { items: maxItems, bytes: maxBytes - head.length - tail.length + 1 };
    this.#lookahead = lookahead;
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** True when there is enough to choose from. */
  get ready(): boolean {
    const { items, bytes } = this.#room;
    if (this.#waiting.length <= 2 * items && this.#bytes <= 2 * bytes) return false;
    return this.#changes > this.#lookahead || this.#bytes > MAX_REQUESTS_WAITING * bytes;
  }

  add(change: Change): void {
    this.#changes++;
    const bytes = Buffer.byteLength(change.item) + 1;
    const last = this.#waiting.at(-1);
    if (last !== undefined && this.#isOfSameEntry(last, change, bytes)) {
      last.changes.push(change);
      last.bytes += bytes;
      this.#bytes += bytes;
      return;
    }
    const entry = { changes: [change], bytes: bytes + frameBytes(change) };
    this.#waiting.push(entry);
    this.#bytes += entry.bytes;
  }

  /** The changes of the next request. Call it only while there are some. */
  take(): Change[] {
    const chosen = this.#choose();
    const isChosen = new Set(chosen);
    this.#waiting = this.#waiting.filter((entry) => !isChosen.has(entry));
    const changes: Change[] = [];
    for (const entry of chosen) {
      this.#bytes -= entry.bytes;
      for (const change of entry.changes) changes.push(change);
    }
    this.#changes -= changes.length;
    return changes;
  }

  #choose(): readonly Entry[] {
    const { items, bytes } = this.#room;
    const mean = this.#bytes / this.#waiting.length;
    if (this.#waiting.length <= items && this.#bytes <= bytes) return this.#waiting;
    if (mean * items <= bytes * SMALL) {
      const oldest = this.#waiting.slice(0, items);
      if (oldest.reduce((sum, entry) => sum + entry.bytes, 0) <= bytes) return oldest;
    }
    return chooseEntries(this.#waiting, this.#room);
  }

  /** True where the change is a member of the group that came last, and its entry has room for it. */
  #isOfSameEntry({ changes, bytes }: Entry, { entity, group }: Change, more: number): boolean {
    return (
      entity === 'memberships' &&
      changes[0]?.group === group &&
      changes.length < MAX_MEMBERS &&
      bytes + more <= this.#room.bytes * ENTRY_SHARE
    );
  }
}

/** Bytes around the members of an entry. The comma after its last member stands for the one after the entry. */
function frameBytes({ entity, group }: Change): number {
  if (entity !== 'memberships') return 0;
  const [head, tail] = entryFrame(group);
  return Buffer.byteLength(head) + tail.length;
}
