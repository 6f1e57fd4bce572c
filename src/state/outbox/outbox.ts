import { StateError } from '../../core/errors.js';
import type { Change } from '../../core/model.js';
import { CHUNK_SIZE } from '../../flow/chunk.js';
import { LANES, type Lane, type Outbox } from '../store.js';
import { LaneBuckets } from './buckets.js';
import { SealedFile } from './sealed-file.js';

/** Encoded changes in memory. When there are more, all of them move to the file; a small plan touches no disk. */
const BYTES_IN_MEMORY = 4_000_000;

/** Opens an outbox. With a directory, a plan that outgrows four megabytes is kept in an encrypted file there. */
export function createOutbox(directory: string | undefined): Outbox {
  return new BucketOutbox(directory);
}

class BucketOutbox implements Outbox {
  readonly #directory: string | undefined;
  #lanes: readonly LaneBuckets[] = LANES.map((lane) => new LaneBuckets(lane));
  #bytes = 0;
  #file: SealedFile | undefined;

  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  async add(changes: readonly Change[]): Promise<void> {
    let lane: LaneBuckets | undefined;
    for (const change of changes) {
      // Nearly all changes of a chunk are of one lane.
      if (lane === undefined || !lane.holds(change)) lane = this.#lane(change);
      this.#bytes += lane.add(change);
    }
    if (this.#bytes > BYTES_IN_MEMORY) this.#spill();
  }

  async seal(): Promise<void> {
    for (const lane of this.#lanes) for (const bucket of lane.all()) this.#bytes += bucket.encode();
    if (this.#bytes > BYTES_IN_MEMORY) this.#spill();
  }

  async *read(lane: Lane): AsyncGenerator<readonly Change[], void, undefined> {
    for (const changes of this.#lane(lane).read(this.#file))
      for (let at = 0; at < changes.length; at += CHUNK_SIZE) yield changes.slice(at, at + CHUNK_SIZE);
  }

  async close(): Promise<void> {
    this.#lanes = [];
    this.#file?.close();
  }

  #spill(): void {
    if (this.#directory === undefined) return;
    const file = (this.#file ??= new SealedFile(this.#directory));
    for (const lane of this.#lanes) for (const bucket of lane.all()) bucket.spill(file);
    this.#bytes = 0;
  }

  #lane(lane: Change | Lane): LaneBuckets {
    const found = this.#lanes.find((buckets) => buckets.holds(lane));
    if (found === undefined) throw new StateError('the outbox is closed');
    return found;
  }
}
