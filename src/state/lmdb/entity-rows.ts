import { randomBytes } from 'node:crypto';
import type { Database, Transaction } from 'lmdb';
import { loginsAfter } from '../logins.js';
import type { AdoptedRow, EntityCounts, Held } from '../store.js';
import {
  bytesOfKey,
  checkRow,
  checkSumOf,
  decodeRow,
  encodeKey,
  encodeRow,
  isUnknown,
  loginsOf,
  LONGEST_KEY,
} from './row-codec.js';

/** Rows in one chunk of {@link EntityRows.scan}. */
export const SCANNED_ROWS = 4096;
const STAMP_BYTES = 16;

/** The bytes of a stored row, whose check sum has been compared. */
export interface StoredRow {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** The counts and check sum of the rows of one entity, which are written with every change. */
export interface EntityHead extends EntityCounts {
  /** The sum of the check sums of all rows, modulo 2^32. It shows whether rows are missing or doubled. */
  readonly sum: number;
  /** A random value that every commit of rows replaces. */
  readonly stamp: string;
}

/** The rows of one entity: an LMDB database, ordered by the bytes of the keys. */
export class EntityRows {
  readonly #table: Database<Buffer, Buffer>;

  constructor(table: Database<Buffer, Buffer>) {
    this.#table = table;
  }

  /**
   * The row of a key; undefined if there is none.
   * @throws {@link StateError} if the row is damaged
   */
  get(key: string, transaction: Transaction): Held | undefined {
    const bytes = bytesOfKey(key);
    // LMDB cannot store such a key, so there is no row. A rejected record may have it.
    if (bytes.length > LONGEST_KEY) return undefined;
    const value = this.#table.get(bytes, { transaction });
    return value && decodeRow(bytes, value);
  }

  /** The bytes of a row, compared with its check sum; undefined if there is none. */
  value(key: Buffer, transaction: Transaction): Buffer | undefined {
    const value = this.#table.get(key, { transaction });
    if (value !== undefined) checkRow(key, value);
    return value;
  }

  /**
   * A row by its place in the order of the bytes of the keys: `offset` rows after the one with the key `start`.
   * @throws {@link StateError} if the row is damaged
   */
  at(start: Buffer, offset: number, transaction: Transaction): StoredRow | undefined {
    const [row] = this.#table.getRange({ start, offset, limit: 1, transaction });
    if (row !== undefined) checkRow(row.key, row.value);
    return row;
  }

  /**
   * All rows after a key, in the order of the bytes of their keys, {@link SCANNED_ROWS} at a time. No cursor is open between
   * two chunks, so that the environment can be closed at any time.
   *
   * @throws {@link StateError} if a row is damaged
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

  /**
   * Keys that begin with these bytes, in order, {@link SCANNED_ROWS} at a time. Runs inside a write; the caller may remove the
   * rows between two chunks.
   */
  *keys(prefix: Buffer): Generator<readonly Buffer[], void, undefined> {
    for (let last: Buffer | undefined; ;) {
      const first = prefix.length === 0 ? {} : { start: prefix };
      const from = last === undefined ? first : { start: last, exclusiveStart: true };
      const keys: Buffer[] = [];
      for (const key of this.#table.getKeys({ ...from, limit: SCANNED_ROWS })) {
        if (!key.subarray(0, prefix.length).equals(prefix)) break;
        keys.push(key);
      }
      if (keys.length > 0) yield keys;
      if (keys.length < SCANNED_ROWS) return;
      last = keys.at(-1);
    }
  }

  /** Writes rows; removes those without `held`. Runs inside a write. Returns the new head of the entity. */
  apply(before: EntityHead, rows: readonly AdoptedRow[]): EntityHead {
    let { known, unknown, sum } = before;
    for (const row of inKeyOrder(rows)) {
      const { key, held } = row;
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
      const value = encodeRow(
        bytes,
        held,
        held.kind === 'unknown' ? loginsAfter(old ? loginsOf(old) : [], row) : [],
      );
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

/** A new random stamp for the rows of a commit. */
export function newStamp(): string {
  return randomBytes(STAMP_BYTES).toString('hex');
}

/**
 * Sorts rows almost in the order of LMDB (by UTF-16 code units instead of bytes), which halves the time to commit rows that are
 * scattered over a million. Several rows of one key stay in their order.
 */
function inKeyOrder(rows: readonly AdoptedRow[]): readonly AdoptedRow[] {
  return rows.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}
