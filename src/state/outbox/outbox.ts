import { StateError } from '../../core/errors.js';
import type { Change } from '../../core/model.js';
import { CHUNK_SIZE } from '../../flow/chunk.js';
import { LANES, type Lane, type Outbox } from '../store.js';
import { LaneBuckets } from './buckets.js';
import { SealedFile, type SealedFileOptions } from './sealed-file.js';

/** Encoded changes in memory. When there are more, all of them move to the file; a small plan touches no disk. */
const BYTES_IN_MEMORY = 4_000_000;

/**
 * Opens an outbox. With a directory, a plan that outgrows four megabytes is kept in an encrypted file there.
 * @param options - how the file is created
 */
export function createOutbox(directory: string | undefined, options: SealedFileOptions = {}): Outbox {
  return new BucketOutbox(directory, options);
}

/** The changes of one lane: creations are read before the others. */
interface LaneContent {
  readonly lane: Lane;
  readonly creations: LaneBuckets;
  readonly others: LaneBuckets;
}

class BucketOutbox implements Outbox {
  readonly #directory: string | undefined;
  readonly #options: SealedFileOptions;
  #lanes: readonly LaneContent[] = LANES.map((lane) => ({
    lane,
    creations: new LaneBuckets(lane),
    others: new LaneBuckets(lane),
  }));
  #bytes = 0;
  #file: SealedFile | undefined;

  constructor(directory: string | undefined, options: SealedFileOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  async add(changes: readonly Change[]): Promise<void> {
    for (let at = 0; at < changes.length;) {
      // Nearly all changes of a chunk are of one lane, and either creations or not.
      const first = changes[at] as Change;
      let end = at + 1;
      while (end < changes.length && isAlike(first, changes[end] as Change)) end++;
      const { creations, others } = this.#contentOf(first);
      this.#bytes += (first.created ? creations : others).add(changes.slice(at, end));
      at = end;
    }
    if (this.#bytes > BYTES_IN_MEMORY) this.#spill();
  }

  async seal(): Promise<void> {
    // Every change is encoded when it is added, and the file needs no end.
  }

  async *read(lane: Lane): AsyncGenerator<readonly Change[], void, undefined> {
    const { creations, others } = this.#contentOf(lane);
    for (const buckets of [creations, others])
      for (const changes of buckets.read(this.#file))
        for (let at = 0; at < changes.length; at += CHUNK_SIZE) yield changes.slice(at, at + CHUNK_SIZE);
  }

  async close(): Promise<void> {
    this.#lanes = [];
    this.#file?.close();
  }

  #spill(): void {
    if (this.#directory === undefined) return;
    const file = (this.#file ??= new SealedFile(this.#directory, this.#options));
    for (const { creations, others } of this.#lanes) {
      creations.spill(file);
      others.spill(file);
    }
    this.#bytes = 0;
  }

  #contentOf(lane: Change | Lane): LaneContent {
    const found = this.#lanes.find((content) => isOf(lane, content.lane));
    if (found === undefined) throw new StateError('the outbox is closed');
    return found;
  }
}

function isAlike(a: Change, b: Change): boolean {
  return a.created === b.created && isOf(a, b);
}

function isOf(change: Change | Lane, { entity, kind, dependent }: Change | Lane): boolean {
  return change.kind === kind && change.entity === entity && change.dependent === dependent;
}
