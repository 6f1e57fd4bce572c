import { RecentRows } from './recent-rows.js';

/** Rows of a bucket on average: a search looks at all their tags; fewer rows, more buckets, cost the building. */
const ROWS_PER_BUCKET = 128;
/** So many rows may be added in any case. */
const MOST_RECENT = 50_000;
const TAG_BITS = 16;
const MOST_BITS = 32 - TAG_BITS;

/** Takes some rows and the hashes of their keys: the first `count` of each array, which hold until it returns. */
export type TakeHashes = (rows: Uint32Array, hashes: Uint32Array, count: number) => void;

/** Tells every row and the hash of its key, some at a time; and is told whether it was asked before. */
export type EachHash = (tell: TakeHashes, isRepeated: boolean) => void;

/** Finds the rows that may have a key, by its hash. */
export interface RowFinder {
  /** The first row that may have this hash, or -1. */
  first(hash: number): number;
  /** The next row that may have the hash last asked for, or -1. */
  next(): number;
  /** Puts a row in that was given to a key. It may be found by the hash of the key it had before, too. */
  put(row: number, hash: number): void;
}

/**
 * Finds rows by the hash of their key: rows in the order of their buckets, which are the first bits of the hash, and of
 * each row the sixteen bits that follow. That is six bytes a row, where a `Map` of keys takes a hundred. Whether
 * a row really has the key is for the caller to look up: keys are on disk.
 */
export class RowIndex implements RowFinder {
  readonly #bits: number;
  /** Where each bucket starts; one more than there are buckets. */
  readonly #starts: Uint32Array;
  readonly #rows: Uint32Array;
  readonly #tags: Uint16Array;
  readonly #recent = new RecentRows();
  #wanted = 0;
  /** Where the search stands in the bucket, and where that ends; beyond its end it goes on among the recent rows. */
  #at = 0;
  #end = 0;

  /**
   * Two passes over the hashes, one to count and one to place, need no memory beside the index.
   * @param count - rows that will be told of at most
   */
  constructor(count: number, each: EachHash) {
    this.#bits = Math.min(MOST_BITS, Math.max(1, Math.ceil(Math.log2(count / ROWS_PER_BUCKET))));
    const starts = new Uint32Array(2 ** this.#bits + 1);
    const shift = 32 - this.#bits;
    each((_rows, hashes, told) => {
      for (let i = 0; i < told; i++) {
        const bucket = (hashes[i] as number) >>> shift;
        starts[bucket] = (starts[bucket] as number) + 1;
      }
    }, false);
    let sum = 0;
    for (let bucket = 0; bucket < starts.length; bucket++) starts[bucket] = sum += starts[bucket] as number;
    this.#starts = starts;
    const placed = new Uint32Array(sum);
    const tags = new Uint16Array(sum);
    // Each bucket is filled from its end, which thereby becomes its start.
    each((rows, hashes, told) => {
      for (let i = 0; i < told; i++) {
        const hash = hashes[i] as number;
        const bucket = hash >>> shift;
        const at = (starts[bucket] as number) - 1;
        starts[bucket] = at;
        placed[at] = rows[i] as number;
        tags[at] = this.#tag(hash);
      }
    }, true);
    this.#rows = placed;
    this.#tags = tags;
  }

  /** True when it would take less memory if it were built anew. */
  get isTopHeavy(): boolean {
    return this.#recent.size > Math.max(MOST_RECENT, this.#rows.length);
  }

  first(hash: number): number {
    const bucket = hash >>> (32 - this.#bits);
    this.#wanted = hash;
    this.#at = this.#starts[bucket] as number;
    this.#end = this.#starts[bucket + 1] as number;
    return this.next();
  }

  next(): number {
    const tag = this.#tag(this.#wanted);
    while (this.#at < this.#end)
      if (this.#tags[this.#at++] === tag) return this.#rows[this.#at - 1] as number;
    if (this.#at > this.#end) return this.#recent.next();
    this.#at = this.#end + 1;
    return this.#recent.first(this.#wanted);
  }

  put(row: number, hash: number): void {
    this.#recent.put(row, hash);
  }

  /** The sixteen bits behind those of the bucket. */
  #tag(hash: number): number {
    return (hash >>> (MOST_BITS - this.#bits)) & 0xffff;
  }
}
