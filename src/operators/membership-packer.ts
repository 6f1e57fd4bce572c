import { entryFrame } from '../batch-body.js';
import type { Change } from '../model.js';
import type { Capacity, Packer } from './packer.js';

/** Members are small, so a request holds many: more of them must be seen to gather a group's. */
const MEMBERS_PER_LOOKAHEAD = 20;

/**
 * Packs memberships: a group's members become one entry of a request, large groups go on in the next. Members are so
 * small that taking them in order wastes no more than one of them a request; what counts is that a group's come together,
 * which the look-ahead sees to where the plan is not ordered by group already.
 */
export class MembershipPacker implements Packer {
  readonly #capacity: Capacity;
  readonly #lookahead: number;
  /** Changes by group, groups in order of arrival. */
  readonly #groups = new Map<string, Change[]>();
  #size = 0;

  constructor(capacity: Capacity, lookahead: number) {
    this.#capacity = capacity;
    this.#lookahead = lookahead * MEMBERS_PER_LOOKAHEAD;
  }

  get size(): number {
    return this.#size;
  }

  get ready(): boolean {
    return this.#size > this.#lookahead;
  }

  add(change: Change): void {
    const members = this.#groups.get(change.group);
    if (members === undefined) this.#groups.set(change.group, [change]);
    else members.push(change);
    this.#size++;
  }

  expect(): void {
    // Members are taken in order: what is to come makes no difference.
  }

  take(): Change[] {
    const changes: Change[] = [];
    let room = this.#capacity.bytes + 1;
    let slots = this.#capacity.items;
    for (const [group, members] of this.#groups) {
      if (slots-- === 0) break;
      const [open, close] = entryFrame(group);
      // Every member counts a comma after it, and the entry one: the last has none.
      room -= Buffer.byteLength(open) + close.length;
      const count = fitting(members, room);
      if (count === 0) break;
      for (let i = 0; i < count; i++) {
        const change = members[i] as Change;
        room -= Buffer.byteLength(change.item) + 1;
        changes.push(change);
      }
      this.#size -= count;
      if (count < members.length) {
        this.#groups.set(group, members.slice(count));
        break;
      }
      this.#groups.delete(group);
    }
    return changes;
  }
}

/** How many of the members fit, in order. */
function fitting(members: readonly Change[], room: number): number {
  let left = room;
  for (let i = 0; i < members.length; i++) {
    left -= Buffer.byteLength((members[i] as Change).item) + 1;
    if (left < 0) return i;
  }
  return members.length;
}
