import { randomBytes } from 'node:crypto';
import type { Database, Transaction } from 'lmdb';
import type { AdoptedRow, EntityCounts, Held } from '../store.js';
import {
  bytesOfKey,
  checkRow,
  checkSumOf,
  decodeRow,
  encodeKey,
  encodeRow,
  isUnknown,
  LONGEST_KEY,
} from './row-codec.js';

/** Rows that {@link EntityRows.scan} reads at once. */
export const SCANNED_ROWS = 4096;
const STAMP_BYTES = 16;

/** A row as it is stored; its check sum holds. */
export interface StoredRow {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** What is known of one entity's rows without reading them. */
export interface EntityHead extends EntityCounts {
  /** The sum of the rows' check sums, modulo 2^32: a row that is lost or doubled is noticed by `state verify`. */
  readonly sum: number;
  /** Changes with every commit that touches a row. */
  readonly stamp: string;
}

/** The rows of one entity: an LMDB database, ordered by the bytes of the keys. */
export class EntityRows {
  readonly #table: Database<Buffer, Buffer>;

  constructor(table: Database<Buffer, Buffer>) {
    this.#table = table;
  }

  /**
   * What is held of a key; undefined where there is no row.
   * @throws {@link StateError} when the row is damaged
   */
  get(key: string, transaction: Transaction): Held | undefined {
    const bytes = bytesOfKey(key);
    // No row has such a key; a rejected record may have it.
    if (bytes.length > LONGEST_KEY) return undefined;
    const value = this.#table.get(bytes, { transaction });
    return value && decodeRow(bytes, value);
  }

  /** The value of a row, its check sum held. */
  value(key: Buffer, transaction: Transaction): Buffer | undefined {
    const value = this.#table.get(key, { transaction });
    if (value !== undefined) checkRow(key, value);
    return value;
  }

  /**
   * Rows in the order of their keys' bytes, some thousands at a time, from behind a key on. No cursor is open while the
   * caller works, so that the environment can be closed at any time.
   *
   * @throws {@link StateError} when a row is damaged
   */
  *scan(transaction: Transaction, after?: Buffer): Generator<readonly StoredRow[], void, undefined> {
    for (let last = after; ;) {
      const from = last === undefined ? {} : { start: last, exclusiveStart: true };
      const rows: StoredRow[] = [];
      for (const { key, value } of this.#table.getRange({ ...from, limit: SCANNED_ROWS, transaction })) {
        checkRow(key, value);
        rows.push({ key, value });
        last = key;
      }
      if (rows.length > 0) yield rows;
      if (rows.length < SCANNED_ROWS) return;
    }
  }

  /** Puts rows in, or takes them out. Runs inside a write; answers the entity's head after it. */
  apply(before: EntityHead, rows: readonly AdoptedRow[]): EntityHead {
    let { known, unknown, sum } = before;
    for (const { key, held } of inKeyOrder(rows)) {
      const bytes = encodeKey(key);
      const old = this.#table.get(bytes);
      if (old !== undefined) {
        checkRow(bytes, old);
        if (isUnknown(old)) unknown--;
        else known--;
        sum = (sum - checkSumOf(old)) >>> 0;
      }
      if (held === undefined) {
        if (old !== undefined) this.#table.removeSync(bytes);
        continue;
      }
      const value = encodeRow(bytes, held);
      this.#table.putSync(bytes, value);
      if (held.kind === 'unknown') unknown++;
      else known++;
      sum = (sum + checkSumOf(value)) >>> 0;
    }
    return { known, unknown, sum, stamp: newStamp() };
  }

  /** Removes all rows. Runs inside a write. */
  clear(): void {
    this.#table.clearSync();
  }
}

/** What tells the rows of one commit from those of any other. */
export function newStamp(): string {
  return randomBytes(STAMP_BYTES).toString('hex');
}

/**
 * The rows in nearly the order in which LMDB keeps them: scattered over a million rows they are committed in half the time.
 * Rows of one key keep their order.
 */
function inKeyOrder(rows: readonly AdoptedRow[]): readonly AdoptedRow[] {
  return rows.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}
