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
  /** The group of the members, as JSON; undefined for users and groups. */
  readonly group: string | undefined;
  readonly changes: Change[];
  /** Bytes around the changes. */
  readonly frame: number;
  /** Bytes in the body, with the frame and the comma that separates it from the next. */
  bytes: number;
}

/** Collects the changes of one lane, and returns those of the next request. */
export class RequestPacker {
  readonly #room: Room;
  readonly #lookahead: number;
  /** In order of arrival. */
  #waiting: Entry[] = [];
  /** The entry of each group to which members can be added. */
  readonly #open = new Map<string, Entry>();
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
    const bytes = Buffer.byteLength(change.item) + 1;
    const entry = this.#entryOf(change, bytes);
    entry.changes.push(change);
    entry.bytes += bytes;
    this.#bytes += bytes;
    this.#changes++;
  }

  /** The changes of the next request. Call it only while there are some. */
  take(): Change[] {
    const chosen = this.#choose();
    const changes: Change[] = [];
    for (const entry of chosen) {
      const { group, bytes } = entry;
      // A later entry of the group may still wait, and take more members.
      if (group !== undefined && this.#open.get(group) === entry) this.#open.delete(group);
      this.#bytes -= bytes;
      for (const change of entry.changes) changes.push(change);
    }
    this.#changes -= changes.length;
    return changes;
  }

  /** Takes the entries of the next request out of those that wait. */
  #choose(): readonly Entry[] {
    const { items, bytes } = this.#room;
    const mean = this.#bytes / this.#waiting.length;
    if (this.#fitsInOne()) return this.#waiting.splice(0);
    if (mean * items <= bytes * SMALL) {
      const oldest = this.#waiting.slice(0, items);
      if (oldest.reduce((sum, entry) => sum + entry.bytes, 0) <= bytes) return this.#waiting.splice(0, items);
    }
    const chosen = chooseEntries(this.#waiting, this.#room);
    const isChosen = new Set(chosen);
    this.#waiting = this.#waiting.filter((entry) => !isChosen.has(entry));
    return chosen;
  }

  /** The entry for a change of so many bytes: that of its group while it has room, or a new one. */
  #entryOf({ entity, group }: Change, bytes: number): Entry {
    const isMember = entity === 'memberships';
    const open = isMember ? this.#open.get(group) : undefined;
    if (open !== undefined && open.changes.length < MAX_MEMBERS) {
      if (open.bytes + bytes <= this.#room.bytes * ENTRY_SHARE) return open;
    }
    const frame = isMember ? frameBytes(group) : 0;
    const entry: Entry = { group: isMember ? group : undefined, changes: [], frame, bytes: frame };
    if (isMember) this.#open.set(group, entry);
    this.#waiting.push(entry);
    this.#bytes += frame;
    return entry;
  }

  /** True if all that waits fits in one request, in which the entries of a group become one. */
  #fitsInOne(): boolean {
    const groups = new Set<string>();
    let items = 0;
    let bytes = this.#bytes;
    for (const { group, frame } of this.#waiting) {
      if (group !== undefined && groups.has(group)) bytes -= frame;
      else if (++items > this.#room.items) return false;
      if (group !== undefined) groups.add(group);
    }
    return bytes <= this.#room.bytes;
  }
}

/** Bytes around the members of an entry. The comma after its last member stands for the one after the entry. */
function frameBytes(group: string): number {
  const [head, tail] = entryFrame(group);
  return Buffer.byteLength(head) + tail.length;
}
