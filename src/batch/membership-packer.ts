import { entryFrame } from '../okta/bulk-body.js';
import type { Change } from '../core/model.js';
import type { Capacity, Packer } from './profile-packer.js';

/** Members are small, so a request holds many: more of them must be seen to gather a group's. */
const MEMBERS_PER_LOOKAHEAD = 60;

/** From this many members on a group is a filler: it can be cut anywhere, and what the cut costs does not count. */
const HEAVY_MEMBERS = 100;

/**
 * Packs memberships: a group's members become one entry of a request, large groups go on in the next. Members are so
 * small that taking them in order wastes no more than one of them a request; what counts is that a group's come together,
 * which the look-ahead sees to where the plan is not ordered by group already.
 *
 * Small groups use up the entries of a request, large ones its bytes. So a request takes of the small groups its share
 * of those that wait, and fills its bytes with large ones.
 */
export class MembershipPacker implements Packer {
  readonly #capacity: Capacity;
  readonly #lookahead: number;
  /** Changes of small groups by group, in order of arrival. */
  readonly #light = new Map<string, Members>();
  /** Changes of large groups by group, in the order in which they became large; what is left of one stays here. */
  readonly #heavy = new Map<string, Members>();
  #size = 0;
  /** Bytes of all members that wait, and of their groups' frames. */
  #bytes = 0;

  constructor(capacity: Capacity, lookahead: number) {
    this.#capacity = capacity;
    this.#lookahead = lookahead * MEMBERS_PER_LOOKAHEAD;
  }

  get size(): number {
    return this.#size;
  }

  get ready(): boolean {
    return this.#size > this.#lookahead && !this.#fitsInOne;
  }

  get #fitsInOne(): boolean {
    const { items, bytes } = this.#capacity;
    return this.#light.size + this.#heavy.size <= items && this.#bytes <= bytes + 1;
  }

  add(change: Change, bytes: number): void {
    const { group } = change;
    this.#bytes += bytes;
    this.#size++;
    let members = this.#heavy.get(group) ?? this.#light.get(group);
    if (members === undefined) {
      members = { changes: [], sizes: [] };
      this.#light.set(group, members);
      this.#bytes += frameBytes(group);
    }
    members.changes.push(change);
    members.sizes.push(bytes);
    if (members.changes.length !== HEAVY_MEMBERS || this.#heavy.has(group)) return;
    this.#light.delete(group);
    this.#heavy.set(group, members);
  }

  expect(): void {
    // Groups are told apart by what waits of them: what is to come makes no difference.
  }

  take(): Change[] {
    const request = { changes: [] as Change[], room: this.#capacity.bytes + 1, slots: this.#capacity.items };
    const share = this.#heavy.size === 0 ? Infinity : this.#share(this.#light.size);
    if (!this.#takeFrom(this.#light, share, request)) return request.changes;
    if (!this.#takeFrom(this.#heavy, Infinity, request)) return request.changes;
    this.#takeFrom(this.#light, Infinity, request);
    return request.changes;
  }

  /** Takes so many groups, in order; false when the request is full before. */
  #takeFrom(groups: Map<string, Members>, count: number, request: Request): boolean {
    let left = count;
    for (const [group, members] of groups) {
      if (left-- <= 0) return true;
      if (!this.#takeGroup(groups, group, members, request)) return false;
    }
    return true;
  }

  /** Of so many small groups, as many as belong into one of the requests that what waits will fill. */
  #share(light: number): number {
    return Math.max(
      1,
      Math.min(this.#capacity.items - 1, Math.round((light * this.#capacity.bytes) / this.#bytes)),
    );
  }

  /** Takes what fits of a group; false when the request is full. */
  #takeGroup(
    groups: Map<string, Members>,
    group: string,
    { changes, sizes }: Members,
    request: Request,
  ): boolean {
    if (request.slots === 0) return false;
    // Every member counts a comma after it, and the entry one: the last has none.
    const room = request.room - frameBytes(group);
    const count = fitting(sizes, room);
    if (count === 0) return false;
    request.slots--;
    request.room = room;
    for (let i = 0; i < count; i++) {
      const bytes = sizes[i] as number;
      request.room -= bytes;
      this.#bytes -= bytes;
      request.changes.push(changes[i] as Change);
    }
    this.#size -= count;
    if (count < changes.length) {
      groups.set(group, { changes: changes.slice(count), sizes: sizes.slice(count) });
      return false;
    }
    groups.delete(group);
    this.#bytes -= frameBytes(group);
    return true;
  }
}

/** Members of one group that wait, and what each takes with the comma that separates it. */
interface Members {
  readonly changes: Change[];
  readonly sizes: number[];
}

/** A request as it fills. */
interface Request {
  readonly changes: Change[];
  room: number;
  slots: number;
}

/** Bytes of a group's entry without its members; the comma after its last member stands for the one after the entry. */
function frameBytes(group: string): number {
  const [open, close] = entryFrame(group);
  return Buffer.byteLength(open) + close.length;
}

/** How many of the members fit, in order. */
function fitting(sizes: readonly number[], room: number): number {
  let left = room;
  for (let i = 0; i < sizes.length; i++) {
    left -= sizes[i] as number;
    if (left < 0) return i;
  }
  return sizes.length;
}
