import type { Change } from '../../core/model.js';
import { deserialize, serialize } from 'node:v8';
import type { Lane } from '../store.js';
import { decodeChanges, encodeChanges } from '../../core/change-codec.js';
import type { SealedBlock, SealedFile } from './sealed-file.js';

/** Changes that are encoded at once. Few, so that most of them are encoded before the garbage collector moves them. */
const PIECE_CHANGES = 32;

/** Some of the changes of a lane: waiting, encoded in memory, or in the file. */
export class Bucket {
  readonly #lane: Lane;
  #waiting: Change[] = [];
  #pieces: Buffer[] = [];
  readonly #blocks: SealedBlock[] = [];

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  /** Adds a change. Returns the bytes by which the pieces in memory have grown. */
  add(change: Change): number {
    return this.#waiting.push(change) < PIECE_CHANGES ? 0 : this.encode();
  }

  /** Encodes the changes that wait. Returns their bytes. */
  encode(): number {
    if (this.#waiting.length === 0) return 0;
    const piece = encodeChanges(this.#waiting, this.#lane);
    this.#waiting = [];
    this.#pieces.push(piece);
    return piece.length;
  }

  /** Moves the pieces into the file. */
  spill(file: SealedFile): void {
    if (this.#pieces.length === 0) return;
    this.#blocks.push(file.write(serialize(this.#pieces)));
    this.#pieces = [];
  }

  /** All changes, in the order in which they were added. */
  read(file: SealedFile | undefined): Change[] {
    const changes: Change[] = [];
    const decode = (pieces: readonly Uint8Array[]) => {
      for (const piece of pieces) for (const change of decodeChanges(piece, this.#lane)) changes.push(change);
    };
    for (const block of this.#blocks) decode(deserialize((file as SealedFile).read(block)) as Uint8Array[]);
    decode(this.#pieces);
    return changes;
  }
}
