import { createHash } from 'node:crypto';
import { SourceError } from '../../core/errors.js';
import type { Flow } from '../../flow/flow.js';
import { watchRows, type RowWatcher } from '../../sources/watch-rows.js';
import type { FlatRow } from '../../transform/to-records.js';

const IGNORE: RowWatcher<FlatRow> = {
  onRows: () => undefined,
  onUnchanged: () => undefined,
  onEnd: () => undefined,
};

/** Checks that all reads of a source in one run have the same rows, in any order. */
export class SameRows {
  readonly #name: string;
  #reads = 0;
  #first: string | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** The same rows, for one read. If there are others, they are compared. */
  watched(rows: Flow<FlatRow>): Flow<FlatRow> {
    this.#reads++;
    return watchRows(rows, () => (this.#reads > 1 ? this.#nextRead() : IGNORE));
  }

  #nextRead(): RowWatcher<FlatRow> {
    const sum = new RowSum();
    return {
      onRows: (rows) => rows.forEach((row) => sum.add(row)),
      // Such sources are not screened.
      onUnchanged: () => undefined,
      onEnd: () => {
        const digest = sum.text();
        this.#first ??= digest;
        if (this.#first === digest) return;
        throw new SourceError(
          'two reads of this run had different rows; read them from one snapshot, and run again',
          { file: this.#name },
        );
      },
    };
  }
}

/** The number of rows, and the sum of their digests. */
class RowSum {
  #count = 0;
  readonly #sum = new Uint32Array(4);

  add(row: object): void {
    this.#count++;
    const text = JSON.stringify(row, (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    const digest = createHash('sha256').update(text).digest();
    // The elements are numbers of 32 bits: a sum that does not fit wraps.
    for (let i = 0; i < 4; i++) this.#sum[i] = (this.#sum[i] as number) + digest.readUInt32LE(i * 4);
  }

  text(): string {
    return `${this.#count} ${this.#sum.join(' ')}`;
  }
}
