import { encodeChanges } from '../../core/change-codec.js';
import type { Change } from '../../core/model.js';
import type { Lane } from '../store.js';
import type { SealedBlock, SealedFile } from './sealed-file.js';

/** Where a piece is in the bytes of its bucket. */
export interface Piece {
  readonly bytes: Buffer;
  readonly at: number;
}

/** A part of the changes of a lane, in encoded pieces: in memory, or in blocks of the file. */
export class Bucket {
  readonly #lane: Lane;
  #pieces: Buffer[] = [];
  readonly #blocks: SealedBlock[] = [];

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  /** Adds a piece. Returns its bytes. */
  add(changes: readonly Change[]): number {
    const piece = encodeChanges(changes, this.#lane);
    this.#pieces.push(piece);
    return piece.length;
  }

  /** Moves the pieces from memory into the file. */
  spill(file: SealedFile): void {
    if (this.#pieces.length === 0) return;
    this.#blocks.push(file.write(Buffer.concat(this.#pieces)));
    this.#pieces = [];
  }

  /** The pieces, in the order in which they were added. */
  pieces(file: SealedFile | undefined): Piece[] {
    const pieces: Piece[] = [];
    for (const block of this.#blocks) {
      const bytes = (file as SealedFile).read(block);
      // A piece begins with its length.
      for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at)) pieces.push({ bytes, at });
    }
    for (const bytes of this.#pieces) pieces.push({ bytes, at: 0 });
    return pieces;
  }
}
