import { decodeChanges } from '../../core/change-codec.js';
import type { Change } from '../../core/model.js';
import { CHUNK_SIZE } from '../../flow/chunk.js';
import type { Lane } from '../store.js';
import { Bucket, type Piece } from './bucket.js';
import type { SealedFile } from './sealed-file.js';
import { GOLDEN, spread } from './spread.js';

/** Parts of a lane. One part at a time is in memory when the plan is read. */
const BUCKETS = 64;
/** Users or groups of a piece: neighbours in the source. A chunk is made of pieces from everywhere in it. */
const PIECE_CHANGES = 32;
/**
 * Members of a group that stay together. So many fill their share of a request's 200,000 bytes even with the shortest
 * ids; what a larger group has beyond goes to other buckets, so that no bucket grows with one group.
 */
const TOGETHER = 256;
/** Counters of members, by the hash of their group. Groups with the same counter are only cut a little earlier. */
const COUNTERS = 1 << 18;

/** Some changes of one lane, divided into buckets, which mixes them whatever the order of the source. */
export class LaneBuckets {
  readonly #lane: Lane;
  readonly #buckets = new Map<number, Bucket>();
  #pieces = 0;
  #members: Uint32Array | undefined;

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  /** Adds changes. Returns the bytes by which the lane has grown in memory. */
  add(changes: readonly Change[]): number {
    let bytes = 0;
    for (const [number, piece] of this.#divided(changes)) {
      let bucket = this.#buckets.get(number);
      if (bucket === undefined) this.#buckets.set(number, (bucket = new Bucket(this.#lane)));
      bytes += bucket.add(piece);
    }
    return bytes;
  }

  spill(file: SealedFile): void {
    for (const bucket of this.#buckets.values()) bucket.spill(file);
  }

  /** The changes, mixed; members of a group stay together. */
  *read(file: SealedFile | undefined): Generator<Change[], void, undefined> {
    let chunk: Change[] = [];
    for (let number = 0; number < BUCKETS; number++) {
      const pieces = this.#buckets.get(number)?.pieces(file) ?? [];
      const decode = ({ bytes, at }: Piece) => decodeChanges(bytes, this.#lane, at);
      if (this.#isOfMembers) {
        yield spread(byGroup(pieces.flatMap(decode))).flat();
        continue;
      }
      for (const piece of spread(pieces)) {
        for (const change of decode(piece)) chunk.push(change);
        if (chunk.length < CHUNK_SIZE) continue;
        yield spread(chunk);
        chunk = [];
      }
    }
    yield spread(chunk);
  }

  get #isOfMembers(): boolean {
    return this.#lane.entity === 'memberships';
  }

  /** The numbers of buckets, and the changes for each. */
  #divided(changes: readonly Change[]): Iterable<readonly [number, readonly Change[]]> {
    return this.#isOfMembers ? this.#byGroup(changes) : this.#inTurn(changes);
  }

  /** Pieces by multiples of the golden ratio: those of a bucket come from all over the source, at even distances. */
  *#inTurn(changes: readonly Change[]): Generator<readonly [number, readonly Change[]], void, undefined> {
    for (let at = 0; at < changes.length; at += PIECE_CHANGES)
      yield [Math.floor(((this.#pieces++ * GOLDEN) % 1) * BUCKETS), changes.slice(at, at + PIECE_CHANGES)];
  }

  #byGroup(changes: readonly Change[]): Map<number, Change[]> {
    const divided = new Map<number, Change[]>();
    for (const change of changes) {
      const number = this.#numberOf(change.group);
      const piece = divided.get(number);
      if (piece === undefined) divided.set(number, [change]);
      else piece.push(change);
    }
    return divided;
  }

  /** The bucket for one more member of a group. */
  #numberOf(group: string): number {
    const hash = hashOf(group);
    const members = (this.#members ??= new Uint32Array(COUNTERS));
    const before = members[hash % COUNTERS] as number;
    members[hash % COUNTERS] = before + 1;
    return ((hash >>> 20) + Math.floor(before / TOGETHER)) % BUCKETS;
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
