import { RecentRows } from './recent-rows.js';
import type { EachHash, RowFinder } from './row-index.js';

/** Bits of a hash by which most rows are told to be none of those that are looked for. */
const SIEVE_BITS = 18;

/**
 * Finds the rows of some keys, known beforehand, in one pass over all hashes: less time than a `RowIndex` takes to build, and
 * memory for these keys only. It answers as one.
 */
export class RowScan implements RowFinder {
  readonly #found = new RecentRows();

  constructor(wanted: readonly number[], each: EachHash) {
    const sieve = new Uint8Array(2 ** (SIEVE_BITS - 3));
    const looked = new RecentRows();
    for (const hash of wanted) {
      const bits = hash >>> (32 - SIEVE_BITS);
      sieve[bits >>> 3] = (sieve[bits >>> 3] as number) | (1 << (bits & 7));
      looked.put(0, hash);
    }
    // It runs for every row of the state.
    each((rows, hashes, told) => {
      for (let i = 0; i < told; i++) {
        const hash = hashes[i] as number;
        const bits = hash >>> (32 - SIEVE_BITS);
        if (((sieve[bits >>> 3] as number) & (1 << (bits & 7))) !== 0 && looked.first(hash) >= 0)
          this.#found.put(rows[i] as number, hash);
      }
    }, false);
  }

  first(hash: number): number {
    return this.#found.first(hash);
  }

  next(): number {
    return this.#found.next();
  }

  put(row: number, hash: number): void {
    this.#found.put(row, hash);
  }
}
