import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { CHUNK_SIZE } from '../chunk.js';
import { StateError } from '../errors.js';
import type { Change } from '../model.js';
import { withOutlook } from '../outlook.js';
import { decodeChanges, encodeChange } from './outbox-codec.js';
import { LANES, type Lane, type Outbox } from './store.js';

/** Bytes gathered before they are sealed into a block. */
const BLOCK_BYTES = 64 * 1024;
/** A plan smaller than this never touches the disk. */
const MEMORY_BYTES = 4 * 1024 * 1024;
/**
 * Classes of item size, in octaves and parts of them: from 64 B to 256 KB, each four to six per cent larger than the one
 * before. A class is mixed with others, not inside itself: were it wide, sizes that rise in the source would rise in the mix.
 */
const SMALLEST_OCTAVE = 6;
const CLASSES_PER_OCTAVE = 16;
const SIZE_CLASSES = 12 * CLASSES_PER_OCTAVE;
/** Records of each step of a mix: fewer than a request holds, so that every request is offered all sizes. */
const MIXED_RECORDS = 50;
/** Stretches up to this long are spread change by change. */
const SPREAD_BY_RANK = 256;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Memberships are gathered by group: a group is in one of these, and one of these fits in memory. */
const GROUP_CLASSES = 64;
/** Members up to which a group counts as small; what it has beyond is kept apart. */
const SMALL_GROUP = 120;
/** Counters of members, by the hash of their group. */
const MEMBER_COUNTERS = 1 << 18;
/** File names of outboxes, for those that clear up after a crashed process. */
export const OUTBOX_PREFIX = 'outbox-';

interface Block {
  /** Sealed bytes while in memory; undefined once they are in the file. */
  bytes: Buffer | undefined;
  readonly offset: number;
  readonly length: number;
  readonly nonce: Buffer;
  readonly count: number;
}

/** Changes of one lane that are alike: creations or updates, of about one size, or of groups that share a class. */
class Stretch {
  readonly blocks: Block[] = [];
  parts: Buffer[] = [];
  bytes = 0;
  waiting = 0;
  count = 0;
  /** Bytes of its entries in a request. */
  entryBytes = 0;
}

/** Where a mix stands inside a stretch. */
class Cursor {
  /** The next block, and the changes of the one before it. */
  block = 0;
  changes: readonly Change[] = [];
  at = 0;
  taken = 0;
  /** Where in the whole (0 to 1) each change of a short stretch is due, rising. */
  readonly #places: Float64Array | undefined;
  readonly #phase: number;

  /**
   * Multiples of the golden ratio, taken modulo 1, spread any run of ranks evenly: so the few large ones, each a class of
   * its own, stand as evenly over the whole as the many small ones. `larger` is how many come before by size.
   */
  constructor(
    readonly stretch: Stretch,
    larger: number,
  ) {
    const { count } = stretch;
    this.#phase = (larger * GOLDEN) % 1;
    if (count > SPREAD_BY_RANK) return;
    this.#places = Float64Array.from({ length: count }, (_, i) => ((larger + i + 0.5) * GOLDEN) % 1).sort();
  }

  /** How many were given once this share of the whole was. */
  due(share: number): number {
    const { count } = this.stretch;
    if (share >= 1) return count;
    if (this.#places === undefined) return Math.min(count, Math.floor(share * count + this.#phase));
    let due = this.taken;
    while (due < count && (this.#places[due] as number) <= share) due++;
    return due;
  }
}

/**
 * Opens an outbox. With a directory it moves to a file there once it outgrows a few megabytes; every block is sealed
 * with AES-256-GCM under a key that only this process holds, so that what a crash leaves behind is unreadable.
 */
export function createOutbox(directory: string | undefined): Outbox {
  return new DiskOutbox(directory);
}

class DiskOutbox implements Outbox {
  readonly #directory: string | undefined;
  readonly #key = randomBytes(32);
  readonly #lanes = new Map<Lane, Map<number, Stretch>>(
    LANES.map((lane) => [lane, new Map<number, Stretch>()]),
  );
  /** Members seen of each group, up to {@link SMALL_GROUP}. */
  readonly #members = new Map<Lane, Uint8Array>();
  readonly #inMemory: Block[] = [];
  #memoryBytes = 0;
  #file: FileHandle | undefined;
  #path: string | undefined;
  #end = 0;

  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  async add(changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      const lane = LANES.find(
        (l) => l.entity === change.entity && l.kind === change.kind && l.dependent === change.dependent,
      ) as Lane;
      const stretch = this.#stretch(lane, this.#classOf(lane, change));
      const bytes = encodeChange(change);
      stretch.parts.push(bytes);
      stretch.bytes += bytes.length;
      stretch.waiting++;
      stretch.count++;
      stretch.entryBytes += entryBytes(change);
      if (stretch.bytes >= BLOCK_BYTES) await this.#sealBlock(stretch);
    }
  }

  async seal(): Promise<void> {
    for (const stretches of this.#lanes.values()) {
      for (const stretch of stretches.values()) if (stretch.waiting > 0) await this.#sealBlock(stretch);
    }
  }

  async *read(lane: Lane): AsyncGenerator<readonly Change[], void, undefined> {
    const known = LANES.find(
      (l) => l.entity === lane.entity && l.kind === lane.kind && l.dependent === lane.dependent,
    ) as Lane;
    const stretches = Array.from(this.#lanes.get(known) ?? []).sort(([a], [b]) => a - b);
    if (lane.entity === 'memberships') {
      const small = stretches.filter(([cls]) => cls < GROUP_CLASSES).map(([, stretch]) => stretch);
      const large = stretches.filter(([cls]) => cls >= GROUP_CLASSES).map(([, stretch]) => stretch);
      yield* this.#interleaved(known, small, large);
      return;
    }
    const creations = stretches.filter(([cls]) => cls < SIZE_CLASSES).map(([, stretch]) => stretch);
    const others = stretches.filter(([cls]) => cls >= SIZE_CLASSES).map(([, stretch]) => stretch);
    yield* this.#mixed(known, creations);
    yield* this.#mixed(known, others);
  }

  async close(): Promise<void> {
    this.#lanes.clear();
    await this.#file?.close();
    if (this.#path !== undefined) await unlink(this.#path).catch(() => undefined);
    this.#file = undefined;
    this.#path = undefined;
  }

  #stretch(lane: Lane, cls: number): Stretch {
    const stretches = this.#lanes.get(lane);
    if (stretches === undefined) throw new StateError('the outbox is closed');
    let stretch = stretches.get(cls);
    if (stretch === undefined) stretches.set(cls, (stretch = new Stretch()));
    return stretch;
  }

  async #sealBlock(stretch: Stretch): Promise<void> {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const sealed = Buffer.concat([
      cipher.update(Buffer.concat(stretch.parts)),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    const block: Block = {
      bytes: sealed,
      offset: this.#end,
      length: sealed.length,
      nonce,
      count: stretch.waiting,
    };
    this.#end += sealed.length;
    stretch.blocks.push(block);
    stretch.parts = [];
    stretch.bytes = 0;
    stretch.waiting = 0;
    this.#inMemory.push(block);
    this.#memoryBytes += sealed.length;
    if (this.#directory !== undefined && this.#memoryBytes > MEMORY_BYTES) await this.#spill(this.#directory);
  }

  /** Writes what is in memory behind what is in the file; blocks keep the offsets they were given. */
  async #spill(directory: string): Promise<void> {
    try {
      if (this.#file === undefined) {
        this.#path = join(directory, `${OUTBOX_PREFIX}${randomBytes(8).toString('hex')}`);
        this.#file = await open(this.#path, 'wx+', 0o600);
      }
      const first = this.#inMemory[0];
      if (first === undefined) return;
      const bytes = Buffer.concat(this.#inMemory.map((block) => block.bytes as Buffer));
      await this.#file.write(bytes, 0, bytes.length, first.offset);
    } catch (cause) {
      throw new StateError('the outbox could not be written', { cause });
    }
    for (const block of this.#inMemory) block.bytes = undefined;
    this.#inMemory.length = 0;
    this.#memoryBytes = 0;
  }

  async #open(block: Block, lane: Lane): Promise<Change[]> {
    const sealed = block.bytes ?? (await this.#load(block));
    const decipher = createDecipheriv('aes-256-gcm', this.#key, block.nonce);
    decipher.setAuthTag(sealed.subarray(-16));
    try {
      return decodeChanges(Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]), lane);
    } catch (cause) {
      throw new StateError('the outbox was changed from outside', { cause });
    }
  }

  async #load(block: Block): Promise<Buffer> {
    if (this.#file === undefined) throw new StateError('the outbox is closed');
    const bytes = Buffer.allocUnsafe(block.length);
    const { bytesRead } = await this.#file.read(bytes, 0, block.length, block.offset);
    if (bytesRead !== block.length) throw new StateError('the outbox was truncated from outside');
    return bytes;
  }

  /** Draws from every stretch evenly, so that any part of the result is mixed like the whole. */
  async *#mixed(
    lane: Lane,
    stretches: readonly Stretch[],
  ): AsyncGenerator<readonly Change[], void, undefined> {
    const total = stretches.reduce((sum, stretch) => sum + stretch.count, 0);
    let bytes = stretches.reduce((sum, stretch) => sum + stretch.entryBytes, 0);
    let larger = 0;
    const cursors = stretches.toReversed().map((stretch) => {
      larger += stretch.count;
      return new Cursor(stretch, larger - stretch.count);
    });
    let chunk: Change[] = [];
    let yielded = 0;
    for (let given = 0; given < total;) {
      given = Math.min(given + MIXED_RECORDS, total);
      for (const cursor of cursors) {
        for (const due = cursor.due(given / total); cursor.taken < due; cursor.taken++) {
          if (cursor.at === cursor.changes.length) {
            cursor.changes = await this.#open(cursor.stretch.blocks[cursor.block++] as Block, lane);
            cursor.at = 0;
          }
          chunk.push(cursor.changes[cursor.at++] as Change);
        }
      }
      if (chunk.length === 0 || (chunk.length < CHUNK_SIZE && given < total)) continue;
      const ahead = { count: total - yielded, bytes };
      yielded += chunk.length;
      for (const change of chunk) bytes -= entryBytes(change);
      yield withOutlook(chunk, ahead);
      chunk = [];
    }
  }

  /** Members of small groups and of large ones in proportion, so that the large ones can fill every request. */
  async *#interleaved(
    lane: Lane,
    small: readonly Stretch[],
    large: readonly Stretch[],
  ): AsyncGenerator<readonly Change[], void, undefined> {
    const sides = [small, large].map((stretches) => ({
      total: stretches.reduce((sum, { count }) => sum + count, 0),
      given: 0,
      groups: this.#byGroup(lane, stretches),
    }));
    for (;;) {
      const [a, b] = sides as [(typeof sides)[0], (typeof sides)[0]];
      const side = a.given * b.total <= b.given * a.total && a.given < a.total ? a : b;
      const { value } = await side.groups.next();
      if (value === undefined) return;
      side.given += value.length;
      yield value;
    }
  }

  /** Changes gathered by group, of a large group some at a time. */
  async *#byGroup(
    lane: Lane,
    stretches: readonly Stretch[],
  ): AsyncGenerator<readonly Change[], undefined, undefined> {
    for (const stretch of stretches) {
      const groups = new Map<string, Change[]>();
      for (const block of stretch.blocks) {
        for (const change of await this.#open(block, lane)) {
          const members = groups.get(change.group);
          if (members === undefined) groups.set(change.group, [change]);
          else members.push(change);
        }
      }
      for (const members of groups.values()) {
        for (let at = 0; at < members.length; at += CHUNK_SIZE) yield members.slice(at, at + CHUNK_SIZE);
      }
    }
  }

  /**
   * The class of a change inside its lane. Users and groups: by size, creations before others. Memberships: by their
   * group, what a group has beyond its first members apart; two groups of one hash are counted as one, which does no harm.
   */
  #classOf(lane: Lane, change: Change): number {
    if (change.entity === 'memberships') {
      const hash = hashOf(change.group);
      let members = this.#members.get(lane);
      if (members === undefined) this.#members.set(lane, (members = new Uint8Array(MEMBER_COUNTERS)));
      const counter = hash % MEMBER_COUNTERS;
      const cls = (hash >>> 16) % GROUP_CLASSES;
      if ((members[counter] as number) === SMALL_GROUP) return GROUP_CLASSES + cls;
      members[counter] = (members[counter] as number) + 1;
      return cls;
    }
    const cls = sizeClass(entryBytes(change));
    return change.created || change.kind === 'delete' ? cls : SIZE_CLASSES + cls;
  }
}

/** Bytes in a request, with the comma that separates. */
function entryBytes(change: Change): number {
  return Buffer.byteLength(change.item) + 1;
}

function sizeClass(bytes: number): number {
  const octave = 31 - Math.clz32(bytes);
  const part = Math.floor((bytes / 2 ** octave - 1) * CLASSES_PER_OCTAVE);
  const cls = (octave - SMALLEST_OCTAVE) * CLASSES_PER_OCTAVE + part;
  return Math.min(SIZE_CLASSES - 1, Math.max(0, cls));
}

function hashOf(group: string): number {
  let hash = 0;
  for (let i = 0; i < group.length; i++) hash = (Math.imul(hash, 31) + group.charCodeAt(i)) | 0;
  // The last characters of ids differ most: the multiplication carries them into all bits.
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
}
