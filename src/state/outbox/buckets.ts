import type { Change } from '../../core/model.js';
import type { Lane } from '../store.js';
import { Bucket } from './bucket.js';
import type { SealedFile } from './sealed-file.js';
import { spread } from './spread.js';

/** Buckets of creations, and of other changes, of each lane. One bucket at a time is in memory when the plan is read. */
const BUCKETS = 64;
/**
 * Members of a group that stay together. So many fill their share of a request's 200,000 bytes even with the shortest
 * ids; what a larger group has beyond goes to other buckets, so that no bucket grows with one group.
 */
const TOGETHER = 256;
/** Counters of members, by the hash of their group. Groups with the same counter are only cut a little earlier. */
const COUNTERS = 1 << 18;

/** The changes of one lane, divided by the hash of their keys, which mixes them whatever the order of the source. */
export class LaneBuckets {
  readonly lane: Lane;
  readonly #creations = new Map<number, Bucket>();
  readonly #others = new Map<number, Bucket>();
  #members: Uint32Array | undefined;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  holds({ entity, kind, dependent }: Change | Lane): boolean {
    const { lane } = this;
    return lane.kind === kind && lane.entity === entity && lane.dependent === dependent;
  }

  /** Adds a change. Returns the bytes by which the lane has grown in memory. */
  add(change: Change): number {
    const buckets = change.created ? this.#creations : this.#others;
    const number = this.#hash(change) % BUCKETS;
    let bucket = buckets.get(number);
    if (bucket === undefined) buckets.set(number, (bucket = new Bucket(this.lane)));
    return bucket.add(change);
  }

  /** All buckets: those of creations first. */
  *all(): Generator<Bucket, void, undefined> {
    for (const buckets of [this.#creations, this.#others])
      for (let number = 0; number < BUCKETS; number++) {
        const bucket = buckets.get(number);
        if (bucket !== undefined) yield bucket;
      }
  }

  /** The changes of each bucket, mixed; members of a group stay together. */
  *read(file: SealedFile | undefined): Generator<Change[], void, undefined> {
    for (const bucket of this.all()) {
      const changes = bucket.read(file);
      yield this.lane.entity === 'memberships' ? spread(byGroup(changes)).flat() : spread(changes);
    }
  }

  #hash({ entity, key, group }: Change): number {
    if (entity !== 'memberships') return hashOf(key);
    const hash = hashOf(group);
    const members = (this.#members ??= new Uint32Array(COUNTERS));
    const before = members[hash % COUNTERS] as number;
    members[hash % COUNTERS] = before + 1;
    return (hash >>> 20) + Math.floor(before / TOGETHER);
  }
}

/** The changes of each group, at most {@link TOGETHER} at a time. */
function byGroup(changes: readonly Change[]): Change[][] {
  const all: Change[][] = [];
  const open = new Map<string, Change[]>();
  for (const change of changes) {
    let members = open.get(change.group);
    if (members === undefined || members.length === TOGETHER) {
      all.push((members = []));
      open.set(change.group, members);
    }
    members.push(change);
  }
  return all;
}

/** FNV-1a, with its upper bits mixed into the lower ones. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
