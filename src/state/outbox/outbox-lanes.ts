import type { Change } from '../../core/model.js';
import { BlockWriter } from './outbox-codec.js';
import type { SealedBlock } from './sealed-blocks.js';
import type { Lane } from '../store.js';

/**
 * Classes of item size, in octaves and parts of them: from 64 B to 256 KB, each four to six per cent larger than the one
 * before. A class is mixed with others, not inside itself: were it wide, sizes that rise in the source would rise in the mix.
 */
const SMALLEST_OCTAVE = 6;
const PARTS_BITS = 4;
export const SIZE_CLASSES = 12 << PARTS_BITS;
/** Memberships are gathered by group: a group is in one of these, and one of these fits in memory. */
export const GROUP_CLASSES = 64;
/** Members up to which a group counts as small; what it has beyond is kept apart. */
const SMALL_GROUP = 120;
/** Counters of members, by the hash of their group. */
const MEMBER_COUNTERS = 1 << 18;

/** Changes of one lane that are alike: creations or updates, of about one size, or of groups that share a class. */
export class Stretch {
  readonly blocks: SealedBlock[] = [];
  readonly writer = new BlockWriter();
  count = 0;
  /** Bytes of its entries in a request. */
  entryBytes = 0;
}

/** The stretches of one lane, by their class. */
export class LaneStretches {
  readonly byClass = new Map<number, Stretch>();
  /** Members seen of each group, up to {@link SMALL_GROUP}. */
  #members: Uint8Array | undefined;

  constructor(readonly lane: Lane) {}

  holds({ entity, kind, dependent }: Change | Lane): boolean {
    const { lane } = this;
    return lane.kind === kind && lane.entity === entity && lane.dependent === dependent;
  }

  of(change: Change, size: number): Stretch {
    const cls = this.#classOf(change, size);
    let stretch = this.byClass.get(cls);
    if (stretch === undefined) this.byClass.set(cls, (stretch = new Stretch()));
    return stretch;
  }

  /** The stretches of classes below this one, and the others; each by class. */
  split(first: number): readonly [below: Stretch[], others: Stretch[]] {
    const [below, others]: [Stretch[], Stretch[]] = [[], []];
    for (const [cls, stretch] of Array.from(this.byClass).sort(([a], [b]) => a - b))
      (cls < first ? below : others).push(stretch);
    return [below, others];
  }

  /**
   * The class of a change inside its lane. Users and groups: by size, creations before others. Memberships: by their
   * group, what a group has beyond its first members apart; two groups of one hash are counted as one, which does no harm.
   */
  #classOf(change: Change, size: number): number {
    if (change.entity !== 'memberships') {
      const cls = sizeClass(size);
      return change.created ? cls : SIZE_CLASSES + cls;
    }
    const hash = hashOf(change.group);
    const members = (this.#members ??= new Uint8Array(MEMBER_COUNTERS));
    const counter = hash % MEMBER_COUNTERS;
    const cls = (hash >>> 16) % GROUP_CLASSES;
    if ((members[counter] as number) === SMALL_GROUP) return GROUP_CLASSES + cls;
    members[counter] = (members[counter] as number) + 1;
    return cls;
  }
}

function sizeClass(size: number): number {
  // More than a request can hold is refused later; here it must only not overflow.
  const bytes = Math.min(size, 1 << 24);
  const octave = 31 - Math.clz32(bytes);
  const part = ((bytes << PARTS_BITS) >>> octave) - (1 << PARTS_BITS);
  const cls = ((octave - SMALLEST_OCTAVE) << PARTS_BITS) + part;
  return Math.min(SIZE_CLASSES - 1, Math.max(0, cls));
}

function hashOf(group: string): number {
  let hash = 0;
  for (let i = 0; i < group.length; i++) hash = (Math.imul(hash, 31) + group.charCodeAt(i)) | 0;
  // The last characters of ids differ most: the multiplication carries them into all bits.
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
}
