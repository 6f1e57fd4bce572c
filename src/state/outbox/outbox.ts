import { CHUNK_SIZE } from '../../flow/chunk.js';
import { entryBytes, withEntrySizes } from './entry-sizes.js';
import { StateError } from '../../core/errors.js';
import type { Change } from '../../core/model.js';
import { withOutlook } from './remaining-changes.js';
import { readFrame, type Frame } from './outbox-codec.js';
import { SIZE_CLASSES, GROUP_CLASSES, LaneStretches, type Stretch } from './outbox-lanes.js';
import { Pace } from './outbox-mix.js';
import { SealedBlocks, type SealedBlock } from './sealed-blocks.js';
import { LANES, type Lane, type Outbox } from '../store.js';

export { OUTBOX_PREFIX } from './sealed-blocks.js';

/** Bytes gathered before they are sealed into a block. */
const BLOCK_BYTES = 64 * 1024;
/** Records of each step of a mix: fewer than a request holds, so that every request is offered all sizes. */
const MIXED_RECORDS = 50;

/** Reads a stretch frame by frame. */
class StretchReader {
  readonly #blocks: SealedBlocks;
  readonly #lane: Lane;
  readonly #stretch: Stretch;
  #next = 0;
  /** The block that is read, and how far it was. One buffer serves all blocks of the stretch. */
  #block: Buffer | undefined;
  #length = 0;
  #at = 0;

  constructor(blocks: SealedBlocks, lane: Lane, stretch: Stretch) {
    this.#blocks = blocks;
    this.#lane = lane;
    this.#stretch = stretch;
  }

  get done(): boolean {
    return this.#at === this.#length && this.#next === this.#stretch.blocks.length;
  }

  /** The changes of the next frame. There must be one. */
  next(): Frame {
    if (this.#at === this.#length) this.#openNext();
    const frame = readFrame(this.#block as Buffer, this.#at, this.#lane);
    this.#at = frame.end;
    return frame;
  }

  #openNext(): void {
    const { blocks } = this.#stretch;
    const opened = this.#blocks.open(blocks[this.#next++] as SealedBlock);
    this.#block ??= Buffer.allocUnsafeSlow(blocks.reduce((most, { length }) => Math.max(most, length), 0));
    this.#block.set(opened);
    this.#length = opened.length;
    this.#at = 0;
  }
}

/** A stretch in a mix, and where it stands. */
class Cursor {
  readonly pace: Pace;
  readonly reader: StretchReader;
  frame: Frame = { changes: [], sizes: [] };
  at = 0;

  constructor(reader: StretchReader, pace: Pace) {
    this.reader = reader;
    this.pace = pace;
  }
}

/**
 * Opens an outbox. With a directory it moves to a file there once it outgrows a few megabytes, encrypted under a key
 * that only this process holds.
 */
export function createOutbox(directory: string | undefined): Outbox {
  return new DiskOutbox(directory);
}

class DiskOutbox implements Outbox {
  readonly #blocks: SealedBlocks;
  #lanes: readonly LaneStretches[] = LANES.map((lane) => new LaneStretches(lane));

  constructor(directory: string | undefined) {
    this.#blocks = new SealedBlocks(directory);
  }

  async add(changes: readonly Change[]): Promise<void> {
    let lane: LaneStretches | undefined;
    for (const change of changes) {
      // Nearly all changes of a chunk are of one lane.
      if (lane === undefined || !lane.holds(change)) lane = this.#lane(change);
      const size = entryBytes(change);
      const stretch = lane.of(change, size);
      stretch.writer.add(change, size);
      stretch.count++;
      stretch.entryBytes += size;
      if (stretch.writer.bytes < BLOCK_BYTES) continue;
      stretch.blocks.push(this.#blocks.seal(stretch.writer.take()));
      await this.#blocks.spill();
    }
  }

  async seal(): Promise<void> {
    for (const { byClass } of this.#lanes)
      for (const { writer, blocks } of byClass.values()) {
        const last = writer.finish();
        if (last.length > 0) blocks.push(this.#blocks.seal(last));
      }
    await this.#blocks.spill();
    await this.#blocks.flushed();
  }

  async *read(lane: Lane): AsyncGenerator<readonly Change[], void, undefined> {
    const stretches = this.#lane(lane);
    if (lane.entity === 'memberships') {
      yield* this.#interleaved(lane, stretches.split(GROUP_CLASSES));
      return;
    }
    const [creations, others] = stretches.split(SIZE_CLASSES);
    yield* this.#mixed(lane, creations);
    yield* this.#mixed(lane, others);
  }

  async close(): Promise<void> {
    this.#lanes = [];
    await this.#blocks.close();
  }

  #lane(lane: Change | Lane): LaneStretches {
    const found = this.#lanes.find((stretches) => stretches.holds(lane));
    if (found === undefined) throw new StateError('the outbox is closed');
    return found;
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
      const pace = new Pace(stretch.count, larger);
      larger += stretch.count;
      return new Cursor(new StretchReader(this.#blocks, lane, stretch), pace);
    });
    let chunk: Change[] = [];
    let sizes: number[] = [];
    let yielded = 0;
    for (let given = 0; given < total;) {
      given = Math.min(given + MIXED_RECORDS, total);
      for (const cursor of cursors) {
        const { pace } = cursor;
        for (const due = pace.due(given / total); pace.taken < due; pace.taken++) {
          if (cursor.at === cursor.frame.changes.length) {
            cursor.frame = cursor.reader.next();
            cursor.at = 0;
          }
          chunk.push(cursor.frame.changes[cursor.at] as Change);
          sizes.push(cursor.frame.sizes[cursor.at++] as number);
        }
      }
      if (chunk.length === 0 || (chunk.length < CHUNK_SIZE && given < total)) continue;
      const ahead = { count: total - yielded, bytes };
      yielded += chunk.length;
      for (const size of sizes) bytes -= size;
      yield withOutlook(withEntrySizes(chunk, sizes), ahead);
      chunk = [];
      sizes = [];
    }
  }

  /** Members of small groups and of large ones in proportion, so that the large ones can fill every request. */
  async *#interleaved(
    lane: Lane,
    sides: readonly [small: readonly Stretch[], large: readonly Stretch[]],
  ): AsyncGenerator<readonly Change[], void, undefined> {
    const [a, b] = sides.map((stretches) => ({
      total: stretches.reduce((sum, { count }) => sum + count, 0),
      given: 0,
      groups: this.#byGroup(lane, stretches),
    })) as [Side, Side];
    for (;;) {
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
      const reader = new StretchReader(this.#blocks, lane, stretch);
      const groups = new Map<string, { readonly changes: Change[]; readonly sizes: number[] }>();
      while (!reader.done) {
        const { changes, sizes } = reader.next();
        for (const [i, change] of changes.entries()) {
          let members = groups.get(change.group);
          if (members === undefined) groups.set(change.group, (members = { changes: [], sizes: [] }));
          members.changes.push(change);
          members.sizes.push(sizes[i] as number);
        }
      }
      for (const { changes, sizes } of groups.values()) {
        for (let at = 0; at < changes.length; at += CHUNK_SIZE)
          yield withEntrySizes(changes.slice(at, at + CHUNK_SIZE), sizes.slice(at, at + CHUNK_SIZE));
      }
    }
  }
}

/** Small or large groups as they are given. */
interface Side {
  readonly total: number;
  given: number;
  readonly groups: AsyncGenerator<readonly Change[], undefined, undefined>;
}
